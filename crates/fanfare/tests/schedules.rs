//! Messages for later: over kill -9, and from the command line. `docs/schedules.md` is typed in by `guides.rs`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use fanfare_proto::Namespaces;
use fanfare_store::{RecordChange, Records, SqliteLog, SqliteOptions};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use support::command::{fanfare, run};
use support::http::{ask, get};
use support::server::{Server, until};

/// Schedules that are due over some seconds, while the server is killed again and again.
const SCHEDULES: usize = 240;
/// Milliseconds from one to the next.
const STEP: usize = 15;
const KILLS: usize = 5;

/// The ids and bodies of what was published.
fn published(address: SocketAddr) -> Vec<(String, String)> {
    let page = get(address, "/c/later?limit=1000&since=0").json();
    let text = |message: &Value, field: &str| message[field].as_str().unwrap().to_owned();
    let messages = page["messages"].as_array().unwrap();
    messages.iter().map(|message| (text(message, "id"), text(message, "body"))).collect()
}

#[test]
fn what_is_due_while_the_server_is_killed_is_published_once() {
    let mut server = Server::start();
    let lines = (0..SCHEDULES).map(|number| {
        let delay = format!("{}ms", 500 + number * STEP);
        format!("{}\n", json!({"channel": "later", "body": number.to_string(), "delay": delay}))
    });
    let head = "POST /publish HTTP/1.1\nContent-Type: application/x-ndjson";
    let answer = ask(server.address, head, lines.collect::<String>().as_bytes()).json();
    let made: BTreeMap<String, String> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(number, made)| {
            let id = format!("{}/{}", made["schedule"].as_str().unwrap(), made["at"].as_str().unwrap());
            (id, number.to_string())
        })
        .collect();
    assert_eq!(made.len(), SCHEDULES);
    for _ in 0..KILLS {
        let before = published(server.address).len();
        until("publishing goes on", || published(server.address).len() > before || before == SCHEDULES);
        server.restart();
    }
    until("all are published", || get(server.address, "/schedules").json()["schedules"] == json!([]));
    let found = published(server.address);
    assert_eq!(found.len(), SCHEDULES, "each is published once");
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), made);
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let server = Server::start();
    let url = server.url("");
    for (args, exit, said) in [
        (&["publish", "a", "x", "--at", "soon"][..], 4, "at: `soon` is not an RFC 3339 time"),
        (&["publish", "a", "x", "--delay", "400d"], 4, "366 days ahead"),
        (&["publish", "a", "x", "--at", "5", "--delay", "5"], 2, "cannot be used with"),
        (&["publish", "a", "--lines", "--delay", "5"], 2, "cannot be used with"),
        (&["schedules", "make", "a", "x"], 2, "--cron"),
        (&["schedules", "make", "a", "x", "--cron", "soon"], 4, "cron: "),
        (&["schedules", "make", "a", "x", "--at", "5", "--zone", "UTC"], 2, "cannot be used with"),
        (&["schedules", "show", "x"], 4, "no name of a schedule"),
        (&["schedules", "cancel", "0123456789abcdef"], 4, "no schedule `0123456789abcdef`"),
        (&["schedules", "list", "a//b"], 4, "segment 2"),
        (&["schedules"], 2, "cancel"),
    ] {
        let ended = run(fanfare(&url, args)).with(exit);
        assert!(ended.stderr.contains(said), "{args:?}: {ended:?}");
    }
    assert_eq!(get(server.address, "/schedules").json()["schedules"], json!([]));
}

#[test]
fn a_damaged_one_is_listed_and_removed() {
    let mut server = Server::start();
    let make = |body: &str| {
        let wish = json!({"channel": "a", "body": body, "delay": "1h"});
        let made = ask(server.address, "POST /schedules HTTP/1.1", wish.to_string().as_bytes()).json();
        made["schedule"].as_str().unwrap().to_owned()
    };
    let names = ["1", "2", "well"].map(make);
    server.terminate();
    server.wait();
    let rules = Arc::new(Namespaces::new([]));
    let store = SqliteLog::open(&server.data(), rules, SqliteOptions::default()).unwrap();
    for name in &names[..2] {
        let damaged = RecordChange { kind: "schedule", key: (&**name).into(), value: Some("{".into()) };
        store.change(&[damaged]).unwrap();
    }
    drop(store);
    server.restart();
    let list = get(server.address, "/schedules").json();
    assert_eq!(list["schedules"][0]["schedule"], json!(names[2]));
    let damaged: Vec<_> = list["damaged"].as_array().unwrap().iter().map(|one| &one["schedule"]).collect();
    assert_eq!(damaged, [&json!(names[0]), &json!(names[1])]);
    assert_eq!(get(server.address, "/schedules?channel=a").json().get("damaged"), None);
    let told = run(fanfare(&server.url(""), &["schedules", "list"])).with(0);
    assert!(told.stderr.contains(&format!("`fanfare schedules cancel {}`", names[0])), "{told:?}");
    let shown = get(server.address, &format!("/schedules/{}", names[0]));
    assert_eq!((shown.status, &shown.json()["name"]), (500, &json!("store-damaged")));
    let put = format!("PUT /schedules/{} HTTP/1.1", names[0]);
    let other = json!({"channel": "a", "body": "3", "delay": "1h"}).to_string();
    assert_eq!(ask(server.address, &put, other.as_bytes()).json()["name"], "store-damaged");
    let gone = ask(server.address, &format!("DELETE /schedules/{} HTTP/1.1", names[0]), b"");
    assert_eq!(gone.status, 204, "{gone:?}");
    run(fanfare(&server.url(""), &["schedules", "cancel", &names[1]])).with(0);
    let list = get(server.address, "/schedules").json();
    assert_eq!((list["schedules"].as_array().unwrap().len(), list.get("damaged")), (1, None));
}
