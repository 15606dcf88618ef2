//! `fanfare history`, `fanfare channels`, `fanfare protocols`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::Value;
use support::command::{fanfare, run, run_with_input};
use support::http::publish;
use support::server::Server;

fn numbers(range: std::ops::RangeInclusive<usize>) -> String {
    range.map(|number| format!("{number}\n")).collect()
}

#[test]
fn history_reads_as_far_as_it_is_asked_to() {
    let server = Server::start();
    let url = server.url("");
    run_with_input(fanfare(&url, &["publish", "a", "--lines"]), numbers(1..=2500).as_bytes()).with(0);
    let read = |args: &[&str]| {
        let mut command = fanfare(&url, &["history", "a"]);
        command.args(args);
        run(command).with(0).stdout
    };
    assert_eq!(read(&[]), numbers(2481..=2500));
    assert_eq!(read(&["--last", "3"]), numbers(2498..=2500));
    assert_eq!(read(&["--last", "2100"]), numbers(401..=2500));
    assert_eq!(read(&["--since", "1h"]), numbers(1..=2500));
    assert_eq!(read(&["--since", "1h", "--limit", "1700"]), numbers(1..=1700));
    let line = read(&["--last", "1000", "--limit", "1", "--json"]);
    let message: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(message["body"], "1501");
    let cursor = message["cursor"].as_str().unwrap();
    assert_eq!(read(&["--after", cursor]), numbers(1502..=2500));
    assert_eq!(read(&["--before", cursor]), numbers(1482..=1501));
    assert_eq!(read(&["--before", cursor, "--limit", "1000"]), numbers(502..=1501));
    let ended = run(fanfare(&url, &["history", "a", "--before", cursor, "--limit", "1001"])).with(2);
    assert!(ended.stderr.contains("at most 1000"), "{ended:?}");
}

#[test]
fn history_and_channels_have_their_exit_codes() {
    let server = Server::start();
    for command in ["history", "channels"] {
        let ended = run(fanfare(&server.url(""), &[command, "a//b"])).with(4);
        assert!(ended.stderr.contains("segment 2 is empty"), "{ended:?}");
        run(fanfare("http://127.0.0.1:9", &[command, "a"])).with(3);
    }
    assert_eq!(run(fanfare(&server.url(""), &["history", "nothing"])).with(0).stdout, "");
}

#[test]
fn channels_are_listed_with_what_they_hold() {
    let server = Server::with_config("[[namespace]]\npattern = 'live/**'\nkeeping = 'live'\n", &[]);
    for (channel, body) in [("b", "12345"), ("a/long/name", "1"), ("live/x", "1"), ("b", "123")] {
        publish(server.address, channel, body);
    }
    let ended = run(fanfare(&server.url(""), &["channels"])).with(0);
    let expected = "CHANNEL      MESSAGES  SIZE  NEWEST  KEEPING\n\
                    a/long/name  1         1 B   2       kept\n\
                    b            2         8 B   3       kept\n\
                    live/x       1         1 B   1       live\n";
    assert_eq!(ended.stdout, expected);
    let ended = run(fanfare(&server.url(""), &["channels", "a/**", "--json"])).with(0);
    let info: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(info["channel"], "a/long/name");
}

#[test]
fn all_channels_are_listed_however_many() {
    let server = Server::start();
    let envelopes: String =
        (0..2300).map(|number| format!("{{\"channel\":\"c/{number:04}\",\"body\":\"\"}}\n")).collect();
    for part in envelopes.as_bytes().chunks(envelopes.len() / 23 * 5) {
        let answer = support::http::ask(
            server.address,
            "POST /publish HTTP/1.1\nContent-Type: application/x-ndjson",
            part,
        );
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let ended = run(fanfare(&server.url(""), &["channels"])).with(0);
    assert_eq!(ended.lines().len(), 2301);
    assert!(ended.stdout.contains("\nc/2299 "));
}

#[test]
fn protocols_are_those_of_the_list() {
    let ended = run(fanfare("", &["protocols"])).with(0);
    let names: Vec<&str> = ended.lines()[1..].iter().filter_map(|line| line.split(' ').next()).collect();
    let expected: Vec<&str> = fanfare_proto::protocol::ALL.iter().map(|protocol| protocol.name()).collect();
    assert_eq!(names, expected);
}

#[test]
fn what_others_published_does_not_steer_the_output_of_tables() {
    let server = Server::start();
    publish(server.address, "caf%C3%A9", "x");
    let ended = run(fanfare(&server.url(""), &["channels"])).with(0);
    assert!(ended.stdout.contains("café"), "{ended:?}");
    assert!(!ended.stdout.contains('\u{1b}'), "{ended:?}");
}
