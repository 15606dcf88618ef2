//! The examples of docs/wire.md, replayed: what is asked there is asked, and what is answered has the same shape.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::net::SocketAddr;
use support::http::{Held, Kept, ask, get};
use support::server::Server;
use support::socket::Socket;

const DOCUMENT: &str = include_str!("../../../docs/wire.md");

/// The blocks of a language below a heading, up to the next one.
fn blocks(heading: &str, language: &str) -> Vec<&'static str> {
    let (_, below) = DOCUMENT.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("{heading}"));
    let section = below.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let mark = format!("```{language}\n");
    let found: Vec<&str> =
        section.split(&mark).skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(!found.is_empty(), "{heading} has no {language}");
    found
}

fn object(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What differs from run to run is compared by its kind, all else by its value.
const VARYING: &[&str] = &["before", "cursor", "from", "id", "position", "previous", "session", "time", "to"];

#[track_caller]
fn assert_same(written: &Value, seen: &Value) {
    let said = format!("written:\n{written}\nseen:\n{seen}");
    match (written, seen) {
        (Value::Object(written), Value::Object(seen)) => {
            assert!(written.keys().eq(seen.keys()), "{said}");
            for (name, written) in written {
                let seen = &seen[name];
                if VARYING.contains(&&**name) && !written.is_object() {
                    assert_eq!(written.is_string(), seen.is_string(), "{name} of {said}");
                } else {
                    assert_same(written, seen);
                }
            }
        }
        (Value::Array(written), Value::Array(seen)) => {
            assert_eq!(written.len(), seen.len(), "{said}");
            written.iter().zip(seen).for_each(|(written, seen)| assert_same(written, seen));
        }
        _ => assert_eq!(written, seen, "{said}"),
    }
}

fn publish(address: SocketAddr, envelope: &Value) -> Value {
    let answer = ask(address, "POST /publish HTTP/1.1", envelope.to_string().as_bytes());
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[test]
fn one_message_is_published() {
    let server = Server::start();
    let mut kept = Kept::open(server.address);
    let request = blocks("## Publish one message", "http")[0].trim_end_matches('\n').replace('\n', "\r\n");
    kept.write(request.as_bytes()).unwrap();
    let answer = kept.answer();
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_same(&object(blocks("## Publish one message", "json")[0]), &answer.json());
    // As it is shown where envelopes are.
    let page = get(server.address, "/c/ops/deploys").json();
    let mut shown = object(blocks("### The envelope", "json")[0]);
    shown.as_object_mut().unwrap().remove("previous");
    assert_same(&shown, &page["messages"][0]);
}

#[test]
fn several_messages_are_published() {
    let server = Server::start();
    let written = blocks("## Publish several", "json");
    publish(server.address, &object(written[0]));
    let batch = json!([{"channel": "a", "body": "x"}, {"channel": "a", "bdy": "x"}]);
    let answer = ask(server.address, "POST /publish HTTP/1.1", batch.to_string().as_bytes());
    assert_same(&object(written[1]), &answer.json());
}

#[test]
fn an_event_stream_looks_as_it_is_written() {
    let server = Server::start();
    let mut held = Held::open(server.address, "GET /c/a HTTP/1.1\nAccept: text/event-stream");
    publish(server.address, &json!({"channel": "a", "event": "deploy", "body": "first line\nsecond line"}));
    let varying = |line: &str| match line.split_once(": ") {
        Some((name @ ("id" | "retry"), _)) => name.to_owned(),
        Some(("data", value)) if value.starts_with("{\"session\"") => "its name".to_owned(),
        _ => line.to_owned(),
    };
    // What follows is a sign of life, which takes its time.
    for written in blocks("### Event stream", "text")[0].lines().take(10) {
        assert_eq!(varying(written), varying(&held.line().unwrap()));
    }
}

#[test]
fn lines_and_pages_look_as_they_are_written() {
    let server = Server::start();
    publish(server.address, &json!({"channel": "ops/deploys", "body": "x"}));
    let mut held = Held::open(server.address, "GET /c/ops/deploys?via=stream&last=1 HTTP/1.1");
    let written: Vec<&str> = blocks("### JSON lines", "text")[0].lines().collect();
    for line in [written[0], written[2], written[3], written[4]].iter().take(3) {
        assert_same(&object(line), &object(&held.line().unwrap()));
    }
    let poll = get(server.address, "/c/*/deploys?wait=5&last=1").json();
    let mut written = object(blocks("### Long poll and page", "json")[0]);
    written["messages"][0]["channel"] = "ops/deploys".into();
    assert_same(&written, &poll);
    let refused = get(server.address, "/c/a//b?via=sse").json();
    assert_same(&object(blocks("## Refusals", "json")[0]), &refused);
}

#[test]
fn a_conversation_goes_as_it_is_written() {
    let server = Server::start();
    publish(server.address, &json!({"channel": "ops/deploys", "body": "an earlier one"}));
    let mut socket = Socket::open(server.address, "/subscribe");
    for line in blocks("### WebSocket", "text")[0].lines() {
        match line.split_once(' ').unwrap() {
            (">", request) => socket.say(request),
            ("<", written) => {
                // Messages come between the answers.
                let reply =
                    std::iter::repeat_with(|| socket.hear()).find(|heard| heard.get("reply").is_some());
                assert_same(&object(written), &reply.unwrap());
            }
            _ => panic!("{line}"),
        }
    }
}

#[test]
fn a_session_is_changed_as_it_is_written() {
    let server = Server::start();
    publish(server.address, &json!({"channel": "logs/old", "body": "of old"}));
    let mut held = Held::open(server.address, "GET /c/ops/deploys?via=sse HTTP/1.1");
    let name = std::iter::repeat_with(|| held.line().unwrap())
        .find_map(|line| Some(object(line.strip_prefix("data: ")?)["session"].as_str()?.to_owned()))
        .unwrap();
    let block = blocks("### Changing what a session hears", "text")[0];
    let (request, answer) = block.trim_end().split_once('\n').unwrap();
    let said = ask(server.address, &format!("POST /session/{name} HTTP/1.1"), &request.as_bytes()[2..]);
    assert_eq!(said.status, 200, "{said:?}");
    assert_same(&object(&answer[2..]), &said.json());
    publish(server.address, &json!({"channel": "logs/new", "body": "of late"}));
    let lines: Vec<String> =
        std::iter::repeat_with(|| held.line().unwrap()).take_while(|line| line != "data: of late").collect();
    let at = |text: &str| {
        lines.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{lines:?}"))
    };
    assert!(at("data: of old") < at("id: "), "the past has no place: {lines:?}");
    assert!(at("event: $caught-up") < at("data: {\"caught_up\":true,\"reply\":1,"), "{lines:?}");
    for (name, request, status) in [
        (&*name, r#"{"publish":{"channel":"a","body":"x"}}"#, 400),
        (&name, r#"{"subscribe":"a//b"}"#, 400),
        ("AAAHAAAAtU3mX6e4kV0y1s9cQ2ZBrA", r#"{"session":true}"#, 404),
        ("nonsense", r#"{"session":true}"#, 404),
    ] {
        let refused = ask(server.address, &format!("POST /session/{name} HTTP/1.1"), request.as_bytes());
        assert_eq!(refused.status, status, "{refused:?}");
    }
}
