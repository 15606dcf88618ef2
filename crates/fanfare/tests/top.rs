//! `fanfare top`: one frame as text. What it looks like on a terminal is drawn by the same code.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use support::command::{fanfare, run};
use support::http::{Held, publish};
use support::server::{FANFARE, Server, until, wait};

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
    assert_eq!(line("1 to 3 of 3"), "1 to 3 of 3 channels", "nobody can press keys");
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

/// A command on a terminal of 40 by 10, and all that it has drawn there.
struct Terminal {
    child: Child,
    drawn: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    fn start(typed: &str) -> Terminal {
        // `script` gives what it runs a terminal.
        let mut script = Command::new("script");
        let typed = format!("stty cols 40 rows 10; exec {typed}");
        script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]).env("TERM", "xterm");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (drawn, mut stdout) = (Arc::new(Mutex::new(Vec::new())), child.stdout.take().unwrap());
        let drawing = drawn.clone();
        thread::spawn(move || {
            let mut part = [0; 4096];
            while let Ok(read @ 1..) = stdout.read(&mut part) {
                drawing.lock().unwrap().extend_from_slice(&part[..read]);
            }
        });
        Terminal { child, drawn }
    }

    /// What one sees now: only what has changed is drawn, at its place (ECMA-48, CUP).
    fn shown(&self) -> String {
        let drawn = String::from_utf8_lossy(&self.drawn.lock().unwrap()).into_owned();
        let (mut rows, mut x, mut y, mut chars) = (vec![[' '; 40]; 10], 0, 0, drawn.chars());
        while let Some(char) = chars.next() {
            if char != '\x1b' {
                if let Some(cell) = rows.get_mut(y).and_then(|row| row.get_mut(x)) {
                    *cell = char;
                }
                x += 1;
            } else if chars.next() == Some('[') {
                let mut parameters = String::new();
                let end = loop {
                    match chars.next() {
                        Some(char) if !char.is_ascii_alphabetic() => parameters.push(char),
                        end => break end,
                    }
                };
                if let (Some('H'), Some((row, column))) = (end, parameters.split_once(';')) {
                    (y, x) = (row.parse::<usize>().unwrap() - 1, column.parse::<usize>().unwrap() - 1);
                }
            }
        }
        rows.iter().map(|row| row.iter().collect::<String>() + "\n").collect()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn numbers_of_a_server_that_answers_no_more_are_shown_as_old() {
    let server = Server::start();
    publish(server.address, "some/channel", "hello");
    let typed = format!("'{FANFARE}' top --every 200ms --server {}", server.url(""));
    let mut terminal = Terminal::start(&typed);
    until("the first frame", || {
        terminal.shown().contains("some/channel") && terminal.shown().contains("ready")
    });
    assert!(!terminal.shown().contains("no answer"));
    drop(server);
    until("a warning", || terminal.shown().starts_with(" no answer for "));
    assert!(terminal.shown().contains("some/channel"));
    terminal.child.stdin.take().unwrap().write_all(b"q").unwrap();
    assert!(wait(&mut terminal.child).success());
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
