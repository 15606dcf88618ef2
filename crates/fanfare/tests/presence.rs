//! Who is present, with real sockets and real ends of them, on a server of two workers; and docs/presence.md, executed as
//! it is written.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::time::Instant;
use support::command::{Job, fanfare};
use support::guide::{blocks, compare, type_in};
use support::http::{Held, Kept, get};
use support::server::{PATIENCE, Server};
use support::socket::Socket;
use tempfile::TempDir;

const DOCUMENT: &str = include_str!("../../../docs/presence.md");

/// A server on which a member is gone after so long.
fn server(grace: &str) -> Server {
    Server::with_config(&format!("presence_grace = '{grace}'\n"), &["--workers", "2"])
}

/// Somebody who watches a channel.
struct Watcher(Held);

impl Watcher {
    fn of(server: &Server, channel: &str) -> Watcher {
        let mut watcher =
            Watcher(Held::open(server.address, &format!("GET /c/$presence/{channel}?via=stream HTTP/1.1")));
        let (event, _) = watcher.next();
        assert_eq!(event, "snapshot");
        watcher
    }

    /// What is told next: the event, and what it says.
    fn next(&mut self) -> (String, Value) {
        loop {
            let line: Value = serde_json::from_str(&self.0.line().unwrap()).unwrap();
            if let Some(event) = line["event"].as_str() {
                return (event.to_owned(), line["body"].clone());
            }
        }
    }

    #[track_caller]
    fn hears(&mut self, event: &str, member: &str) -> Value {
        let (heard, said) = loop {
            let (heard, said) = self.next();
            if heard != "certain" {
                break (heard, said);
            }
        };
        assert_eq!((&*heard, said["member"].as_str()), (event, Some(member)), "{said}");
        said
    }
}

fn here(server: &Server, channel: &str) -> Value {
    let answer = get(server.address, &format!("/c/{channel}/$presence"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[track_caller]
fn until(server: &Server, channel: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let found = here(server, channel);
        if wanted(&found) {
            return found;
        }
        assert!(Instant::now() < end, "{found}");
        std::thread::yield_now();
    }
}

fn hold(server: &Server, target: &str) -> Held {
    let held = Held::open(server.address, &format!("GET {target} HTTP/1.1"));
    assert_eq!(held.status, 200, "{target}");
    held
}

#[test]
fn who_comes_and_goes_is_told_whatever_the_transport() {
    let server = server("1s");
    let mut watcher = Watcher::of(&server, "chat");
    for via in ["sse", "stream", "raw"] {
        let held = hold(&server, &format!("/c/chat?via={via}&presence={via}&presence_info=%7B%22n%22:1%7D"));
        let joined = watcher.hears("join", via);
        assert_eq!((&joined["info"], &joined["count"]), (&json!({"n": 1}), &json!(1)));
        drop(held);
        let left = watcher.hears("leave", via);
        assert_eq!((&left["reason"], &left["count"]), (&json!("lost"), &json!(0)));
    }
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":"chat","presence":{"member":"ws","info":{"n":1}}}"#);
    watcher.hears("join", "ws");
    socket.say(r#"{"id":2,"subscribe":"chat","presence":{"member":"ws","info":{"n":2}}}"#);
    assert_eq!(watcher.hears("info", "ws")["info"], json!({"n": 2}));
    socket.say(r#"{"id":3,"unsubscribe":"chat"}"#);
    assert_eq!(watcher.hears("leave", "ws")["reason"], "left");
    let mut poll = Kept::open(server.address);
    poll.write(b"GET /c/chat?via=poll&wait=60&presence=poll HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    watcher.hears("join", "poll");
    drop(poll);
    assert_eq!(watcher.hears("leave", "poll")["reason"], "lost");
}

#[test]
fn a_goodbye_is_told_as_one() {
    let server = server("1s");
    let mut watcher = Watcher::of(&server, "chat");
    let mut kept = Kept::open(server.address);
    let head = "GET /c/chat?presence=alice HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    kept.write(head.as_bytes()).unwrap();
    assert_eq!(kept.answer().status, 101);
    watcher.hears("join", "alice");
    kept.write(&[0x88, 0x80, 0, 0, 0, 0]).unwrap();
    assert_eq!(watcher.hears("leave", "alice")["reason"], "closed");
}

#[test]
fn coming_back_within_the_grace_is_neither_a_leave_nor_a_join() {
    let server = server("5m");
    let mut watcher = Watcher::of(&server, "chat");
    let alice = "/c/chat?via=sse&presence=alice";
    let first = hold(&server, alice);
    watcher.hears("join", "alice");
    for _ in 0..5 {
        drop(hold(&server, alice));
    }
    drop(first);
    let ended = "fanfare_sessions{transport=\"http1\",protocol=\"sse\"} 0\n";
    support::server::until("the session to end", || {
        String::from_utf8_lossy(&get(server.address, "/metrics").body).contains(ended)
    });
    let _back = hold(&server, alice);
    // Nothing was told before this.
    let _bob = hold(&server, "/c/chat?via=sse&presence=bob");
    assert_eq!(watcher.hears("join", "bob")["count"], 2);
}

#[test]
fn sessions_of_all_workers_are_members_of_one_channel() {
    let server = server("1s");
    let mut all: Vec<Held> =
        (0..20).map(|number| hold(&server, &format!("/c/chat?via=sse&presence=m{}", number % 10))).collect();
    let found = here(&server, "chat");
    let names: Vec<_> = found["members"].as_array().unwrap().iter().map(|member| &member["member"]).collect();
    assert_eq!((found["count"].as_u64(), names.len()), (Some(10), 10), "{found}");
    let mut watcher = Watcher::of(&server, "chat");
    // Each has another session still.
    all.truncate(10);
    let _one = hold(&server, "/c/chat?via=sse&presence=last");
    loop {
        let (event, said) = watcher.next();
        assert_eq!(event, "join", "{said}");
        if said["member"] == "last" {
            break;
        }
    }
    assert_eq!(here(&server, "chat")["count"], 11);
    let metrics = String::from_utf8(get(server.address, "/metrics").body).unwrap();
    assert!(metrics.contains("\nfanfare_present_members 11\n"), "{metrics}");
    drop(all);
    until(&server, "chat", |found| found["count"] == 1);
}

#[test]
fn clients_that_are_killed_have_gone_after_the_grace() {
    let server = server("1s");
    let member = |number| format!("m{number}");
    let start = |number| {
        let args = ["subscribe", "chat", "--presence", &member(number)];
        Job::start(&mut fanfare(&server.url(""), &args))
    };
    let mut jobs: Vec<Job> = (0..8).map(start).collect();
    until(&server, "chat", |found| found["count"] == 8);
    let mut watcher = Watcher::of(&server, "chat");
    // SIGKILL.
    jobs.iter_mut().for_each(Job::kill);
    let mut gone = std::collections::BTreeSet::new();
    while gone.len() < 8 {
        let (event, said) = watcher.next();
        if event == "leave" {
            assert_eq!(said["reason"], "lost");
            assert!(gone.insert(said["member"].as_str().unwrap().to_owned()), "{said}");
        }
    }
    let found = here(&server, "chat");
    assert_eq!((&found["count"], &found["members"]), (&json!(0), &json!([])));
}

#[test]
fn after_a_restart_numbers_are_uncertain_and_then_exact() {
    let mut server = server("3s");
    let alice = hold(&server, "/c/chat?via=sse&presence=alice");
    until(&server, "chat", |found| found["certain"] == true && found["count"] == 1);
    server.restart();
    drop(alice);
    let found = here(&server, "chat");
    assert_eq!((&found["count"], &found["certain"]), (&json!(0), &json!(false)));
    let mut watcher = Watcher::of(&server, "chat");
    let _alice = hold(&server, "/c/chat?via=sse&presence=alice");
    assert_eq!(watcher.hears("join", "alice")["certain"], false);
    let (event, said) = watcher.next();
    assert_eq!((&*event, said), ("certain", json!({"count": 1, "certain": true})));
}

#[test]
fn what_cannot_be_is_refused_with_the_reason() {
    let server = server("1s");
    for (target, part) in [
        ("/c/chat?via=sse&presence=", "not empty"),
        ("/c/chat/*?via=sse&presence=a", "is a pattern"),
        ("/c/$presence/chat?via=sse&presence=a", "no channel is named"),
        ("/c/chat?via=sse&presence_info=%7B%7D", "without `presence`"),
        ("/c/chat?via=sse&presence=a&presence_info=1", "JSON object"),
    ] {
        let answer = get(server.address, target);
        assert_eq!(answer.status, 400, "{target}");
        assert!(answer.json()["detail"].as_str().unwrap().contains(part), "{target}: {answer:?}");
    }
    let mut socket = Socket::open(server.address, "/subscribe");
    for (number, request) in [
        r#""subscribe":"a","presence":7"#,
        r#""subscribe":"a/*","presence":"b""#,
        r#""subscribe":"a","presence":{"name":"b"}"#,
    ]
    .iter()
    .enumerate()
    {
        socket.say(&format!("{{\"id\":{number},{request}}}"));
        let answer = loop {
            let heard = socket.hear();
            if heard["reply"] == number {
                break heard;
            }
        };
        assert!(answer["error"].is_object(), "{answer}");
    }
    let system = support::http::ask(server.address, "POST /c/$presence/chat HTTP/1.1", b"x");
    assert_eq!(system.status, 403);
}

#[test]
fn what_is_typed_prints_what_is_said() {
    let (server, folder) = (Server::start(), TempDir::new().unwrap());
    let blocks = blocks(DOCUMENT);
    assert!(blocks.len() >= 2);
    for (typed, expected) in blocks {
        compare(&type_in(typed, folder.path(), &server), expected, typed);
    }
}
