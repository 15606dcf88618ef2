//! Conditions: over kill -9, and from the command line. `docs/conditions.md` is typed in by `guides.rs`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use fanfare_proto::Namespaces;
use fanfare_store::{RecordChange, Records, SqliteLog, SqliteOptions};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use support::command::{fanfare, run};
use support::http::{ask, get};
use support::server::{Server, until};

/// Channels of which the condition becomes true, while the server is killed again and again.
const CHANNELS: usize = 300;
const KILLS: usize = 6;

fn published(address: SocketAddr) -> Vec<Value> {
    get(address, "/c/alerts?limit=1000&since=0").json()["messages"].as_array().unwrap().clone()
}

#[test]
fn what_becomes_true_while_the_server_is_killed_is_told_once() {
    let mut server = Server::start();
    let wish = json!({"channel": "alerts", "body": "hot", "watch": "sensors/*", "when": "hot = true"});
    let answer = ask(server.address, "POST /conditions HTTP/1.1", wish.to_string().as_bytes());
    let name = answer.json()["condition"].as_str().unwrap().to_owned();
    for part in 0..KILLS {
        let numbers = (0..CHANNELS).filter(|number| number % KILLS == part);
        let lines: String = numbers
            .map(|number| {
                format!("{}\n", json!({"channel": format!("sensors/{number}"), "tags": {"hot": true}}))
            })
            .collect();
        let head = "POST /publish HTTP/1.1\nContent-Type: application/x-ndjson";
        let before = published(server.address).len();
        assert_eq!(ask(server.address, head, lines.as_bytes()).json()["results"][0]["status"], Value::Null);
        if part % 2 == 0 {
            until("it goes on", || published(server.address).len() > before);
        }
        server.restart();
    }
    until("all are told", || published(server.address).len() >= CHANNELS);
    let found = published(server.address);
    let texts = |name: &str| -> BTreeSet<String> {
        let text = |message: &Value| message.pointer(name).unwrap().as_str().unwrap().to_owned();
        found.iter().map(text).collect()
    };
    assert_eq!(found.len(), CHANNELS);
    assert_eq!(
        texts("/tags/condition_channel"),
        (0..CHANNELS).map(|number| format!("sensors/{number}")).collect()
    );
    assert_eq!(texts("/id"), (1..=CHANNELS).map(|number| format!("{name}/{number}")).collect());
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let server = Server::start();
    let url = server.url("");
    let make = ["conditions", "make", "a", "x", "--watch", "b"];
    for (more, exit, said) in [
        (&[][..], 2, "--when"),
        (&["--when", "x >"], 4, "when: "),
        (&["--when", "x > 1", "--for", "soon"], 4, "for: `soon` is not a duration"),
        (&["--silent", "5", "--for", "5"], 2, "cannot be used with"),
        (&["--silent", "5", "--pause", "1ms"], 4, "pause: it is 1ms; 1s to"),
        (&["--silent", "5", "--replace", "0123456789abcdef"], 4, "no condition `0123456789abcdef`"),
    ] {
        let ended = run(fanfare(&url, &[&make[..], more].concat())).with(exit);
        assert!(ended.stderr.contains(said), "{more:?}: {ended:?}");
    }
    for (args, exit, said) in [
        (&["conditions", "show", "x"][..], 4, "no name of a condition"),
        (&["conditions", "remove", "0123456789abcdef"], 4, "no condition `0123456789abcdef`"),
        (&["conditions", "list", "a//b"], 4, "segment 2"),
        (&["conditions"], 2, "remove"),
    ] {
        let ended = run(fanfare(&url, args)).with(exit);
        assert!(ended.stderr.contains(said), "{args:?}: {ended:?}");
    }
    assert_eq!(get(server.address, "/conditions").json()["conditions"], json!([]));
}

#[test]
fn a_damaged_one_is_told_and_removed_over_http_and_from_the_command_line() {
    let mut server = Server::start();
    let wish = json!({"channel": "alerts", "body": "hot", "watch": "sensors/*", "when": "hot = true"});
    let make = || ask(server.address, "POST /conditions HTTP/1.1", wish.to_string().as_bytes()).json();
    let names = [(); 2].map(|()| make()["condition"].as_str().unwrap().to_owned());
    server.terminate();
    server.wait();
    let rules = Arc::new(Namespaces::new([]));
    let store = SqliteLog::open(&server.data(), rules, SqliteOptions::default()).unwrap();
    for name in &names {
        let damaged = RecordChange { kind: "condition", key: (&**name).into(), value: Some("{".into()) };
        store.change(&[damaged]).unwrap();
    }
    drop(store);
    server.restart();
    let told = get(server.address, &format!("/conditions/{}", names[0]));
    assert_eq!((told.status, &told.json()["name"]), (500, &json!("store-damaged")));
    assert!(told.json()["detail"].as_str().unwrap().contains(&names[0]), "{told:?}");
    let gone = ask(server.address, &format!("DELETE /conditions/{} HTTP/1.1", names[0]), b"");
    assert_eq!(gone.status, 204, "{gone:?}");
    run(fanfare(&server.url(""), &["conditions", "remove", &names[1]])).with(0);
    for name in &names {
        assert_eq!(get(server.address, &format!("/conditions/{name}")).status, 404);
    }
}

#[test]
fn the_metrics_count_what_is_published() {
    let server = Server::start();
    let wish = json!({"channel": "alerts", "body": "hot", "watch": "sensors/a", "when": "hot = true"});
    ask(server.address, "POST /conditions HTTP/1.1", wish.to_string().as_bytes());
    ask(server.address, "POST /c/sensors/a?tags=hot=true HTTP/1.1", b"x");
    let has = |line: &str| {
        let text = String::from_utf8(get(server.address, "/metrics").body).unwrap();
        text.lines().any(|other| other == line)
    };
    until("it is counted", || has("fanfare_condition_published_total{turn=\"fires\"} 1"));
    until("it stands", || has("fanfare_conditions{state=\"firing\"} 1"));
    assert!(has("fanfare_schedules 0"));
}
