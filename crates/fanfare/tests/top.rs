//! `fanfare top`: one frame as text. What it looks like on a terminal is drawn by the same code.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::command::{fanfare, run};
use support::http::{Held, publish};
use support::server::Server;

const ONCE: &[&str] = &["top", "--once", "--every", "200ms"];

#[test]
fn one_frame_fits_a_small_terminal_and_has_the_numbers() {
    let server = Server::start();
    let _held = Held::open(server.address, "GET /c/ops/deploys?via=sse HTTP/1.1");
    let long = format!("long/{}", "x".repeat(100));
    for channel in ["ops/deploys", "ops/deploys", "a", &long] {
        publish(server.address, channel, "hello");
    }
    let frame = run(fanfare(&server.url(""), ONCE)).with(0).stdout;
    assert!(frame.lines().count() <= 24 && frame.lines().all(|line| line.chars().count() <= 80), "{frame}");
    assert!(!frame.contains('\x1b'), "{frame}");
    let line =
        |start: &str| frame.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{frame}"));
    assert!(
        line("http://").contains(env!("CARGO_PKG_VERSION")) && line("http://").ends_with("ready"),
        "{frame}"
    );
    assert!(line("sessions").contains("1 of ") && line("sessions").ends_with(": 1 sse"), "{frame}");
    assert!(line("behind").ends_with("nobody"), "{frame}");
    assert!(line("store").contains("4 kept in 20 B"), "{frame}");
    let words: Vec<&str> = line("ops/deploys").split_whitespace().collect();
    assert_eq!(words, ["ops/deploys", "0", "2", "10", "B", "2", "kept"], "{frame}");
    assert!(line("1 to 3 of 3 channels").contains("q quit"), "{frame}");
}

#[test]
fn channels_are_chosen_and_sorted() {
    let server = Server::start();
    for (channel, body) in [("b/small", "1"), ("b/large", "12345"), ("c", "x")] {
        publish(server.address, channel, body);
    }
    let sorted = |by: &str| {
        let args = [ONCE, &["b/**", "--sort", by]].concat();
        let frame = run(fanfare(&server.url(""), &args)).with(0).stdout;
        let rows = frame
            .lines()
            .filter_map(|line| line.split_whitespace().next().filter(|name| name.contains("b/")));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(sorted("name"), ["b/large", "b/small"]);
    assert_eq!(sorted("size"), ["b/large", "b/small"]);
    assert_eq!(sorted("newest"), ["b/large", "b/small"]);
    assert_eq!(sorted("messages").len(), 2);
}

#[test]
fn what_is_wrong_is_said_before_anything_is_drawn() {
    let server = Server::start();
    let ended = run(fanfare(&server.url(""), &["top"])).with(2);
    assert!(ended.stdout.is_empty() && ended.stderr.contains("--once"), "{ended:?}");
    let ended = run(fanfare(&server.url(""), &["top", "--once", "--every", "1ms"])).with(2);
    assert!(ended.stderr.contains("200ms to 1m"), "{ended:?}");
    run(fanfare(&server.url(""), &["top", "--once", "//"])).with(4);
    let url = server.url("");
    drop(server);
    run(fanfare(&url, ONCE)).with(3);
}
