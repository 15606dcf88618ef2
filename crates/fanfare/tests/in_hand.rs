//! What a session of an acked reader has in hand: `fanfare subscribe --reader` has one message at a time, so that whatever ends
//! it costs no other message an attempt.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use support::command::{Ended, Job, fanfare};
use support::http::{ask, get, publish};
use support::server::{Server, until};
use support::socket::Socket;

/// A reader that is given each message twice at the most, and so many messages for it.
fn server(messages: usize) -> Server {
    let server = Server::with(&["--workers", "2"]);
    let wish = r#"{"patterns":["jobs"],"ack_wait":1,"attempts":2}"#;
    let head = "PUT /readers/r HTTP/1.1\nContent-Type: application/json";
    assert_eq!(ask(server.address, head, wish.as_bytes()).status, 201);
    (0..messages).for_each(|number| drop(publish(server.address, "jobs", &number.to_string())));
    server
}

fn start(server: &Server, args: &[&str]) -> Job {
    Job::start(&mut fanfare(&server.url(""), &[&["subscribe", "--reader", "r"], args].concat()))
}

fn hear(server: &Server, args: &[&str]) -> Ended {
    start(server, args).end()
}

/// What a program says of each message: its body, and which time this is.
const SAYS: &str = "read body; echo $body $FANFARE_ATTEMPT";

fn first_time(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|number| format!("{number} 1")).collect()
}

fn dead(server: &Server) -> Vec<String> {
    get(server.address, "/c/$dead/r?last=100").bodies()
}

/// A program that says that it has begun, and ends once a file is there.
fn waits_for(file: &Path) -> String {
    format!("read body; echo $body; until test -e '{}'; do sleep 0.02; done", file.display())
}

#[test]
fn a_program_that_fails_costs_no_other_message_an_attempt() {
    let server = server(30);
    let fails = format!("{SAYS}; test $body != 0");
    for attempt in 1..=2 {
        let failed = hear(&server, &["--exec", &fails]).with(6);
        assert_eq!(failed.lines(), [format!("0 {attempt}")], "it is given again at once");
    }
    assert_eq!(hear(&server, &["--exec", SAYS, "--count", "29"]).with(0).lines(), first_time(1..30));
    until("it is given up", || dead(&server) == ["0"]);
}

#[test]
fn an_end_after_a_number_of_messages_costs_no_other_an_attempt() {
    let server = server(12);
    for number in 0..6 {
        let heard = hear(&server, &["--exec", SAYS, "--count", "1"]).with(0);
        assert_eq!(heard.lines(), first_time(number..number + 1));
    }
    // Nor where messages are printed.
    for number in 6..12 {
        let heard = hear(&server, &["--json", "--count", "1"]).with(0);
        let message: Value = serde_json::from_str(&heard.stdout).unwrap();
        assert_eq!((&message["body"], &message["attempt"]), (&json!(number.to_string()), &json!(1)));
    }
    assert!(dead(&server).is_empty());
}

#[test]
fn who_is_killed_costs_the_message_in_hand_an_attempt_and_no_other() {
    let server = server(8);
    let go = server.folder().join("go");
    let mut job = start(&server, &["--exec", &waits_for(&go)]);
    assert_eq!(job.line(), "0");
    job.kill();
    fs::write(&go, "").unwrap();
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < 8 {
        let said = hear(&server, &["--exec", SAYS, "--count", "1"]).with(0);
        heard.extend(said.lines().into_iter().map(str::to_owned));
    }
    heard.sort();
    assert_eq!(heard[0], "0 2");
    assert_eq!(heard[1..], first_time(1..8));
}

#[test]
fn an_interrupt_lets_the_program_end_begins_no_other_and_costs_none_an_attempt() {
    let server = server(8);
    let go = server.folder().join("go");
    let mut job = start(&server, &["--exec", &waits_for(&go)]);
    assert_eq!(job.line(), "0");
    job.interrupt();
    job.told("ends with the message that is being handled");
    fs::write(&go, "").unwrap();
    assert_eq!(job.end().with(130).lines(), ["0"]);
    assert_eq!(hear(&server, &["--exec", SAYS, "--count", "7"]).with(0).lines(), first_time(1..8));
}

#[test]
fn a_session_has_no_more_in_hand_than_it_says() {
    let server = server(5);
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":[],"reader":"r","hand":2}"#);
    let mut message = || loop {
        let heard = socket.hear();
        if heard["body"].is_string() {
            return heard;
        }
    };
    let heard = [message(), message()];
    assert_eq!([&heard[0]["body"], &heard[1]["body"]], ["0", "1"]);
    // Another one is given the next, and the first only once it has done something.
    let poll = get(server.address, "/subscribe?reader=r&hand=1&wait=5");
    assert_eq!(poll.bodies(), ["2"]);
    let ack = |messages: &Value| {
        let head = "POST /readers/r/ack HTTP/1.1\nContent-Type: application/json";
        assert_eq!(ask(server.address, head, json!({ "ack": messages }).to_string().as_bytes()).status, 200);
    };
    ack(&json!([heard[1]["cursor"], poll.json()["messages"][0]["cursor"]]));
    assert_eq!(message()["body"], "3");
    for (query, says) in [
        ("reader=r&hand=0", "1 to 256"),
        ("reader=r&hand=257", "1 to 256"),
        ("reader=r&hand=-1", "1 to 256"),
        ("reader=r&hand=many", "1 to 256"),
        ("channel=a&hand=1", "reader=<name>"),
    ] {
        let refused = get(server.address, &format!("/subscribe?{query}&wait=0"));
        assert_eq!((refused.status, &refused.json()["name"]), (400, &json!("bad-field")), "{query}");
        assert!(refused.text().contains(says), "{query}: {}", refused.text());
    }
}
