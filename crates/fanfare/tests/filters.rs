//! Filters, over every transport and in every place that takes one.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use support::command::{fanfare, run};
use support::http::{Held, ask, get};
use support::server::Server;
use support::socket::Socket;

/// `temp > 20`, as an address has it.
const WARM: &str = "filter=temp%20%3E%2020";

/// Says how warm a room is.
fn say(server: &Server, room: &str, temp: u32) {
    let head = format!("POST /c/rooms/{room} HTTP/1.1\nTags: temp={temp}");
    assert_eq!(ask(server.address, &head, room.as_bytes()).status, 201);
}

/// Two cold rooms and two warm ones.
fn rooms() -> Server {
    let server = Server::start();
    for (room, temp) in [("cellar", 12), ("kitchen", 22), ("hall", 18), ("attic", 31)] {
        say(&server, room, temp);
    }
    server
}

#[test]
fn every_transport_hears_what_the_filter_accepts_and_nothing_else() {
    let server = rooms();
    let expected = ["kitchen", "attic", "spa"];
    for via in ["sse", "stream"] {
        let target = format!("/c/rooms/*?via={via}&as=body&last=10&{WARM}");
        let target = if via == "stream" { target.replace("&as=body", "") } else { target };
        let mut reader = Held::open(server.address, &format!("GET {target} HTTP/1.1"));
        let mut heard: Vec<&str> = Vec::new();
        while heard.len() < 2 {
            let line = reader.line().unwrap();
            heard.extend(expected.iter().copied().filter(|body| line.contains(body)));
            assert!(!line.contains("cellar") && !line.contains("hall"), "{via}: {line}");
        }
        assert_eq!(heard, expected[..2], "{via}");
    }
    let poll = get(server.address, &format!("/c/rooms/*?wait=0&last=10&{WARM}"));
    assert_eq!(poll.bodies(), expected[..2]);
    let mut socket = Socket::open(server.address, "/c/rooms/none");
    socket.say(r#"{"id":1,"subscribe":"rooms/*","last":10,"filter":"temp > 20"}"#);
    let mut heard: Vec<String> = Vec::new();
    while heard.len() < 2 {
        let value = socket.hear();
        heard.extend(value["body"].as_str().map(str::to_owned));
    }
    assert_eq!(heard, ["kitchen", "attic"]);
    // And what is said now.
    say(&server, "cellar", 13);
    say(&server, "spa", 35);
    while heard.len() < 3 {
        heard.extend(socket.hear()["body"].as_str().map(str::to_owned));
    }
    assert_eq!(heard[2], "spa");
}

#[test]
fn history_has_what_the_filter_accepts_and_counts_that() {
    let server = rooms();
    let bodies = |query: &str| get(server.address, &format!("/c/rooms/**?{query}&{WARM}")).bodies();
    assert_eq!(bodies("last=10"), ["kitchen", "attic"]);
    assert_eq!(bodies("last=1"), ["attic"], "the last that is wanted");
    assert_eq!(bodies("last=2&limit=1"), ["kitchen"]);
    let page = get(server.address, &format!("/c/rooms/**?last=2&limit=1&{WARM}"));
    assert!(page.header("link").contains("filter=tags.temp%20%3E%2020"), "{}", page.header("link"));
    let next = page.json()["cursor"].as_str().unwrap().to_owned();
    assert_eq!(bodies(&format!("after={next}")), ["attic"]);
}

#[test]
fn commands_take_a_filter() {
    let server = rooms();
    let told = run(fanfare(&server.url(""), &["history", "rooms/*", "--filter", "temp > 20"])).with(0);
    assert_eq!(told.lines(), ["kitchen", "attic"]);
    for transport in ["websocket", "event-stream", "long-poll"] {
        let args =
            ["subscribe", "rooms/*", "--last", "9", "--count", "2", "--filter", "body = 'hall' or temp > 30"];
        let mut command = fanfare(&server.url(""), &args);
        command.args(["--transport", transport]);
        let told = run(command).with(0);
        assert_eq!(told.lines(), ["hall", "attic"], "{transport}");
    }
    let refused = run(fanfare(&server.url(""), &["subscribe", "a", "--filter", "temp >"])).with(4).stderr;
    assert!(refused.contains("column 7") && refused.contains("a number"), "{refused}");
}

#[test]
fn a_filter_that_is_none_is_refused_where_it_is_wrong() {
    let server = Server::start();
    for target in ["/c/a?filter=alarm", "/c/a?via=sse&filter=alarm", "/subscribe?channel=a&filter=alarm"] {
        let answer = get(server.address, target);
        assert_eq!((answer.status, &answer.json()["code"]), (400, &3020.into()), "{target}");
        assert!(answer.json()["detail"].as_str().unwrap().contains("column 6"), "{target}");
    }
    let mut socket = Socket::open(server.address, "/c/none");
    socket.say(r#"{"id":7,"subscribe":"a","filter":"temp > 20 priority = 4"}"#);
    loop {
        let value = socket.hear();
        if value["reply"] == 7 {
            assert!(value["error"]["detail"].as_str().unwrap().contains("column 11"), "{value}");
            break;
        }
    }
}
