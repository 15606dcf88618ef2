//! First the newest message of each channel and key, then everything: over every transport, from a namespace, across a cut,
//! and what ends a key. docs/preferences.md has what can be typed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod readers;
mod support;

use fanfare_client::{Client, Event, Transport};
use readers::library::wait;
use serde_json::Value;
use support::command::{fanfare, run};
use support::http::{Held, ask, get};
use support::server::{PATIENCE, Server};
use support::socket::Socket;
use tokio::time::timeout;

/// Says prices of three keys to a channel, numbered.
fn prices(server: &Server, channel: &str, from: usize, count: usize) {
    let prices = (from..from + count)
        .map(|number| format!("{{\"channel\":\"{channel}\",\"key\":\"k{}\",\"body\":{number}}}", number % 3));
    let batch = format!("[{}]", prices.collect::<Vec<_>>().join(","));
    let head = "POST /publish HTTP/1.1\nContent-Type: application/json";
    assert_eq!(ask(server.address, head, batch.as_bytes()).status, 200);
}

fn bodies(page: &Value) -> Vec<u64> {
    page["messages"].as_array().unwrap().iter().filter_map(|message| message["body"].as_u64()).collect()
}

/// The next lines of a reader of JSON lines.
fn line(reader: &mut Held) -> Value {
    serde_json::from_str(&reader.line().unwrap()).unwrap()
}

#[test]
fn the_newest_of_each_key_comes_first_on_every_transport() {
    let server = Server::start();
    // More than one page of the log, and than the newest that are in memory.
    for from in (0..9000).step_by(1000) {
        prices(&server, "a", from, 1000);
    }
    let expected = [8997, 8998, 8999];
    let mut stream = Held::open(server.address, "GET /c/a?latest&via=stream HTTP/1.1");
    assert!(line(&mut stream)["session"].is_string());
    assert_eq!(line(&mut stream), serde_json::json!({ "snapshot": true }));
    let mut cursor = String::new();
    for number in expected {
        let message = line(&mut stream);
        assert_eq!(message["body"], number);
        cursor = message["cursor"].as_str().unwrap().to_owned();
    }
    assert_eq!(line(&mut stream)["caught_up"], true);

    let mut events = Held::open(server.address, "GET /c/a?latest=true&via=sse HTTP/1.1");
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":"a","latest":true}"#);
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.extend(socket.hear()["body"].as_u64());
    }
    assert_eq!(heard, expected);
    prices(&server, "a", 9000, 1);
    let mut said = Vec::new();
    while said.len() < 4 {
        let data = events.data().unwrap();
        said.extend(data["data: ".len()..].parse::<u64>());
    }
    assert_eq!(said, [8997, 8998, 8999, 9000]);
    assert_eq!(line(&mut stream)["body"], 9000);

    let page = get(server.address, "/c/a?latest=1&wait=0").json();
    assert_eq!(bodies(&page), [8998, 8999, 9000]);
    // Whoever comes back hears the newest of what was missed.
    prices(&server, "a", 9001, 99);
    let page = get(server.address, &format!("/c/a?latest=1&wait=0&after={cursor}")).json();
    assert_eq!(bodies(&page), [9097, 9098, 9099]);
}

#[test]
fn a_later_subscription_of_a_socket_brings_the_newest_beside_what_goes_on() {
    let server = Server::start();
    prices(&server, "b", 0, 1000);
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":"a"}"#);
    while socket.hear()["reply"] != 1 {}
    socket.say(r#"{"id":2,"subscribe":"b","latest":true}"#);
    let (mut heard, mut caught_up) = (Vec::new(), false);
    while !caught_up {
        let item = socket.hear();
        heard.extend(item["body"].as_u64());
        caught_up = item["caught_up"] == true && item["reply"] == 2;
    }
    assert_eq!(heard, [997, 998, 999]);
    prices(&server, "b", 1000, 1);
    assert_eq!(socket.hear()["body"], 1000);
}

#[test]
fn a_key_that_is_deleted_is_heard_and_then_unknown() {
    let server = Server::start();
    prices(&server, "a", 0, 9);
    let mut reader = Held::open(server.address, "GET /c/a?via=stream HTTP/1.1");
    assert!(line(&mut reader)["session"].is_string());
    let newest = |key: &str| get(server.address, &format!("/c/a/$latest?key={key}"));
    assert_eq!((newest("k1").status, newest("k1").text()), (200, "7".to_owned()));
    let forget = |target: &str| ask(server.address, &format!("DELETE /c/a/$latest{target} HTTP/1.1"), b"");
    assert_eq!(forget("?key=k1").status, 201);
    let heard = line(&mut reader);
    assert_eq!((&heard["key"], &heard["event"]), (&"k1".into(), &"$deleted".into()));
    assert_eq!(newest("k1").status, 404);
    assert_eq!(bodies(&get(server.address, "/c/a?latest=true").json()), [6, 8]);
    let command = |args: &[&str]| run(fanfare(&server.url(""), &[&["remove", "a"], args].concat()));
    let ended = command(&["--key", "none", "--key", "k2"]).with(4);
    assert_eq!(ended.stdout, "ended k2\n");
    assert!(ended.stderr.contains("no message with the key `none`"), "{ended:?}");
    let heard = line(&mut reader);
    assert_eq!((&heard["key"], &heard["event"]), (&"k2".into(), &"$deleted".into()));
    assert_eq!(bodies(&get(server.address, "/c/a?latest=true").json()), [6]);
    for args in [&["--key", "k0", "--all"][..], &["--key", "k0", "3"], &[]] {
        command(args).with(2);
    }
    // Nothing is deleted that is not there, and no channel by a slip.
    for (target, status, says) in [
        ("?key=k1", 404, "holds no message with the key `k1`"),
        ("?key=", 400, "1 to 256 bytes"),
        ("", 400, "which key?"),
        ("?keys=k1", 400, "key"),
    ] {
        let refused = forget(target);
        assert_eq!(refused.status, status, "{target}");
        assert!(refused.text().contains(says), "{target}: {}", refused.text());
    }
    assert_eq!(bodies(&get(server.address, "/c/a?last=20").json()).len(), 9);
}

#[test]
fn a_namespace_begins_with_the_latest() {
    let config = "[[namespace]]\npattern = 'boards/**'\nkeeping = 'live'\nlatest = true\n";
    let server = Server::with_config(config, &[]);
    prices(&server, "boards/a", 0, 100);
    prices(&server, "other", 0, 100);
    let mut reader = Held::open(server.address, "GET /subscribe?channel=boards/**&via=stream HTTP/1.1");
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.extend(line(&mut reader)["body"].as_u64());
    }
    assert_eq!(heard, [97, 98, 99]);
    // What says where to start starts there.
    let page = get(server.address, "/c/boards/a?wait=0&last=5").json();
    assert_eq!(bodies(&page), [95, 96, 97, 98, 99]);
}

#[test]
fn a_namespace_begins_so_for_who_goes_on_and_hears_nothing_else() {
    let config = "[[namespace]]\npattern = 'boards/**'\nlatest = true\n";
    let server = Server::with_config(config, &[]);
    prices(&server, "boards/a", 0, 9);
    let expected = [6, 7, 8];
    let poll = get(server.address, "/c/boards/a?via=poll").json();
    assert_eq!(bodies(&poll), expected, "a long poll goes on: {poll}");
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":"boards/*"}"#);
    let mut heard = Vec::new();
    while heard.len() < 3 {
        heard.extend(socket.hear()["body"].as_u64());
    }
    assert_eq!(heard, expected);
    // Pages are of what was said.
    socket.say(r#"{"id":2,"history":"boards/*"}"#);
    let page = loop {
        let told = socket.hear();
        if told["reply"] == 2 {
            break told["history"].clone();
        }
    };
    assert_eq!(bodies(&page), (0..9).collect::<Vec<_>>());
    for target in ["/c/boards/a", "/c/boards/**", "/c/**"] {
        assert_eq!(bodies(&get(server.address, target).json()), (0..9).collect::<Vec<_>>(), "{target}");
    }

    // Of what lies in other namespaces, too, nobody says so.
    for channels in ["channel=**", "channel=boards/**&channel=other"] {
        let mut reader =
            Held::open(server.address, &format!("GET /subscribe?{channels}&via=stream HTTP/1.1"));
        assert!(line(&mut reader)["session"].is_string());
        prices(&server, "other", 100, 1);
        let first = (0..).find_map(|_| line(&mut reader)["body"].as_u64());
        assert_eq!(first, Some(100), "{channels}");
    }
}

#[test]
fn a_client_that_says_nothing_hears_the_latest_of_a_namespace_over_every_transport() {
    let server = Server::with_config("[[namespace]]\npattern = 'boards/**'\nlatest = true\n", &[]);
    prices(&server, "boards/a", 0, 100);
    let client = Client::new(server.url("")).unwrap();
    let mut all: Vec<_> = Transport::ALL
        .map(|transport| wait(async { client.subscribe(["boards/**"]).transports([transport]).start() }))
        .into();
    let mut hear = |number: usize, count: usize, expected: &[&str]| {
        let (transport, mut heard) = (Transport::ALL[number], Vec::new());
        let hearing = async {
            while heard.len() < count {
                if let Event::Message(message) = all[number].next().await.unwrap().unwrap() {
                    heard.push(message.text().unwrap().to_owned());
                }
            }
        };
        let in_time = wait(async { timeout(PATIENCE, hearing).await });
        assert!(in_time.is_ok(), "{transport}: {heard:?}");
        assert_eq!(heard, expected, "{transport}");
        all[number].reconnect();
    };
    (0..3).for_each(|number| hear(number, 3, &["97", "98", "99"]));
    // Whoever comes back goes on.
    prices(&server, "boards/a", 100, 2);
    (0..3).for_each(|number| hear(number, 2, &["100", "101"]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let server = Server::start();
    for (query, says) in [
        ("latest=perhaps", "latest: `perhaps` is not `true` or `false`"),
        ("latest=true&last=3", "give `latest` or `last`, not both"),
    ] {
        for via in ["sse", "page", "poll"] {
            let refused = get(server.address, &format!("/c/a?{query}&via={via}"));
            assert_eq!(refused.status, 400, "{query} {via}");
            assert!(refused.text().contains(says), "{query} {via}: {}", refused.text());
        }
    }
    let cursor = get(server.address, "/c/a").json()["cursor"].as_str().unwrap().to_owned();
    let refused = get(server.address, &format!("/c/a?latest&before={cursor}"));
    assert!(refused.text().contains("`before` pages backwards"), "{}", refused.text());
    let told = run(fanfare(&server.url(""), &["history", "a", "--latest", "--last", "3"])).with(2).stderr;
    assert!(told.contains("--last"), "{told}");
}
