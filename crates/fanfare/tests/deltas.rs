//! Bodies that come as what has changed: on the wire of each transport that goes on, and unseen through both the library and
//! the command. docs/preferences.md has what can be typed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod readers;
mod support;

use fanfare_client::{Client, Event, Subscription, Transport};
use fanfare_proto::apply_delta;
use readers::library::wait;
use serde_json::{Value, json};
use support::command::{Job, fanfare};
use support::http::{Held, ask, get};
use support::server::{PATIENCE, Server, until};
use support::socket::Socket;
use tokio::time::timeout;

/// The book of one instrument: most of it stays.
fn book(number: u64) -> Value {
    let levels: Vec<Value> = (0..10).map(|level| json!([1.08 - f64::from(level) / 1000.0, 100])).collect();
    json!({"symbol": "EURUSD", "venue": "somewhere", "bids": levels, "number": number})
}

fn say(server: &Server, channel: &str, key: &str, body: &Value) {
    let head = format!("POST /c/{channel} HTTP/1.1\nContent-Type: application/json\nKey: {key}");
    assert_eq!(ask(server.address, &head, body.to_string().as_bytes()).status, 201);
}

/// Messages of a reader, which come one by one: `next` gives what is said, a message or not.
fn messages(mut next: impl FnMut() -> Value) -> impl FnMut() -> Value {
    move || {
        loop {
            let said = next();
            if said.get("channel").is_some() {
                return said;
            }
        }
    }
}

#[test]
fn a_change_comes_instead_of_a_body_on_everything_that_goes_on() {
    let server = Server::start();
    for via in ["sse", "stream", "ws"] {
        let (channel, target) = (format!("fx/{via}"), format!("/c/fx/{via}?as=delta"));
        let next: Box<dyn FnMut() -> Value> = if via == "ws" {
            let mut socket = Socket::open(server.address, &target);
            Box::new(move || socket.hear())
        } else {
            let mut reader = Held::open(server.address, &format!("GET {target}&via={via} HTTP/1.1"));
            Box::new(move || {
                let line = reader.line().unwrap();
                serde_json::from_str(line.strip_prefix("data: ").unwrap_or(&line)).unwrap_or_default()
            })
        };
        let mut next = messages(next);
        say(&server, &channel, "a", &book(1));
        let first = next();
        let body = first["body_json"].as_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), book(1));
        assert!(first.get("body").is_none() && first["cursor"].is_string(), "{first}");
        say(&server, &channel, "a", &book(2));
        let second = next();
        let delta = &second["delta"];
        assert_eq!((&delta["base"], &delta["gives"]), (&first["position"], &json!("body_json")));
        let text = delta["text"].as_str().unwrap();
        let whole = apply_delta(body.as_bytes(), text.as_bytes(), 10_000).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&whole).unwrap(), book(2));
        assert!(second.to_string().len() < first.to_string().len() - 100, "{second}");
        // Who comes back after a cursor holds nothing, for all the server knows.
        let cursor = first["cursor"].as_str().unwrap();
        let mut again =
            Held::open(server.address, &format!("GET {target}&via=stream&after={cursor} HTTP/1.1"));
        let mut again = messages(move || serde_json::from_str(&again.line().unwrap()).unwrap());
        assert!(again()["body_json"].is_string());
    }
}

#[test]
fn what_answers_once_and_what_has_bodies_alone_say_what_they_have() {
    let server = Server::start();
    for (target, known) in [
        ("/c/a?wait=0&as=delta", "envelope, body"),
        ("/c/a?as=delta", "envelope, body"),
        ("/c/a?via=raw&as=delta", "one form"),
        ("/c/a?via=sse&as=diff", "none of envelope, body, delta"),
    ] {
        let answer = get(server.address, target);
        assert_eq!(answer.status, 400, "{target}");
        assert!(answer.text().contains(known), "{target}: {}", answer.text());
    }
}

fn heard(subscription: &mut Subscription, count: usize) -> Vec<Value> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        match wait(async { timeout(PATIENCE, subscription.next()).await.unwrap().unwrap().unwrap() }) {
            Event::Message(message) => {
                let raw: Value = serde_json::from_str(message.raw()).unwrap();
                assert!(raw.get("delta").is_none() && raw["body"]["number"].is_u64(), "{raw}");
                bodies.push(message.json().unwrap());
            }
            Event::Gap(gap) => panic!("{gap}"),
            _ => {}
        }
    }
    bodies
}

#[test]
fn the_library_hears_what_was_said_whatever_is_cut() {
    let server = Server::start();
    let client = Client::new(server.url("")).unwrap();
    for transport in Transport::ALL {
        let channel = format!("lib/{}", transport.name());
        let mut subscription = wait(async {
            client.subscribe([channel.as_str()]).transports([transport]).deltas(true).last(1).start()
        });
        say(&server, &channel, "b", &book(0));
        assert_eq!(heard(&mut subscription, 1), [book(0)]);
        for round in 0..5 {
            let said: Vec<Value> = (0..20).map(|number| book(round * 20 + number)).collect();
            for (index, body) in said.iter().enumerate() {
                say(&server, &channel, ["a", "b"][index % 2], body);
            }
            assert_eq!(heard(&mut subscription, said.len()), said);
            subscription.reconnect();
        }
    }
}

/// The sum of a metric over its labels.
fn metric(server: &Server, name: &str) -> u64 {
    let text = get(server.address, "/metrics").text();
    let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum::<f64>() as u64
}

#[test]
fn the_command_prints_the_same_with_changes_and_without_and_they_are_shorter() {
    let server = Server::start();
    let hear = |more: &[&str]| {
        let before = metric(&server, "fanfare_delivered_bytes_total");
        let command = [&["subscribe", "cli", "--json", "--count", "6"], more].concat();
        let reader = Job::start(&mut fanfare(&server.url(""), &command));
        until("it hears", || metric(&server, "fanfare_sessions") == 1);
        (0..6).for_each(|number| say(&server, "cli", "a", &book(number)));
        let ended = reader.end().with(0);
        until("it has left", || metric(&server, "fanfare_sessions") == 0);
        let bodies: Vec<Value> = ended
            .lines()
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["body"].clone())
            .collect();
        assert_eq!(bodies, (0..6).map(book).collect::<Vec<_>>());
        metric(&server, "fanfare_delivered_bytes_total") - before
    };
    let (whole, changes) = (hear(&[]), hear(&["--delta"]));
    assert!(changes * 10 < whole * 8, "{changes} bytes, {whole} without");
}
