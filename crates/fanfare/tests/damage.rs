//! Damage in the store of a server that runs: whoever comes to it is told, it is seen from outside, and all others are
//! served.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use rusqlite::Connection;
use serde_json::Value;
use std::iter;
use support::command::{fanfare, run};
use support::http::{Held, ask, get, publish};
use support::server::{Server, until};

const MESSAGES: usize = 20;
const DAMAGED: usize = 6;

/// A server that has messages in `a` and `b` by turns, of which it remembers none. Answers what the publisher of each was
/// answered, too.
fn server() -> (Server, Vec<Value>) {
    let mut server = Server::start();
    let say = |number| publish(server.address, ["a", "b"][number % 2], &format!("number {number:>4}"));
    let said = (0..MESSAGES).map(say).collect();
    server.restart();
    (server, said)
}

/// What a message says is another thing, of the same length.
const SAID: &str = "body = CAST('number XXXX' AS BLOB)";
/// What chains a message to others is not what it was.
const CHAINED: &str = "time = time + 1";

/// Changes the row of message [`DAMAGED`], in the middle of `a`.
fn damage(server: &Server, what: &str) {
    let file = Connection::open(server.data().join("fanfare.db")).unwrap();
    let row = format!("UPDATE message SET {what} WHERE body = CAST('number {DAMAGED:>4}' AS BLOB)");
    assert_eq!(file.execute(&row, []).unwrap(), 1);
}

/// Gives the message back what it said.
fn repair(server: &Server) {
    let file = Connection::open(server.data().join("fanfare.db")).unwrap();
    let row = format!(
        "UPDATE message SET body = CAST('number {DAMAGED:>4}' AS BLOB) WHERE body = CAST('number XXXX' AS BLOB)"
    );
    assert_eq!(file.execute(&row, []).unwrap(), 1);
}

/// A number of `/metrics`.
fn number(server: &Server, name: &str) -> f64 {
    let text = String::from_utf8(get(server.address, "/metrics").body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name}: {text}")).parse().unwrap()
}

fn health(server: &Server) -> String {
    let answer = get(server.address, "/healthz");
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn damage_that_is_read_is_shown_as_long_as_it_is_there_while_all_else_goes_on() {
    let (server, _) = server();
    damage(&server, SAID);
    assert_eq!(
        (health(&server).as_str(), number(&server, "fanfare_log_damaged{log=\"kept\"}")),
        ("ok\n", 0.0)
    );
    for _ in 0..10 {
        let answer = get(server.address, "/c/a?since=0");
        assert_eq!((answer.status, answer.header("retry-after")), (500, ""), "{answer:?}");
        let problem = answer.json();
        assert_eq!((&problem["name"], &problem["retry"]), (&"store-damaged".into(), &"never".into()));
        assert!(problem["detail"].as_str().unwrap().contains("fanfare db check"), "{problem}");
    }
    let told = run(fanfare(&server.url(""), &["history", "a", "--since", "0"])).with(4).stderr;
    assert!(told.contains("damaged"), "{told}");
    until("a line of the log", || server.stderr().contains("the store is damaged"));

    publish(server.address, "a", "after");
    assert_eq!(get(server.address, "/c/a?last=1").bodies(), ["after"]);
    assert_eq!(get(server.address, "/c/b?since=0").bodies().len(), MESSAGES / 2);
    assert_eq!(get(server.address, "/readyz").status, 200, "publishers and other readers are served");
    let health = health(&server);
    assert!(
        health.starts_with("ok\n") && health.contains("damaged") && health.contains("db check"),
        "{health}"
    );
    for (name, expected) in [
        ("fanfare_log_damaged{log=\"kept\"}", 1.0),
        ("fanfare_log_damaged{log=\"live\"}", 0.0),
        ("fanfare_log_trouble{log=\"kept\"}", 0.0),
        ("fanfare_log_closed_total{log=\"kept\",reason=\"damaged\"}", 0.0),
        ("fanfare_ready", 1.0),
    ] {
        assert_eq!(number(&server, name), expected, "{name}");
    }
    assert_eq!(server.stderr().matches("the store is damaged").count(), 1, "{}", server.stderr());

    repair(&server);
    until("the damage to be forgotten", || number(&server, "fanfare_log_damaged{log=\"kept\"}") == 0.0);
    assert_eq!(get(server.address, "/healthz").body, b"ok\n");
    assert_eq!(get(server.address, "/c/a?since=0").bodies().len(), MESSAGES / 2 + 1);
}

#[test]
fn a_reader_that_comes_to_damage_is_told_not_to_come_back() {
    let (server, said) = server();
    damage(&server, SAID);
    let first = said[0]["cursor"].as_str().unwrap();
    let stream = format!("GET /c/a?via=stream&as=envelope&after={first} HTTP/1.1");
    let mut held = Held::open(server.address, &stream);
    let lines: Vec<String> = iter::from_fn(|| held.line()).filter(|line| !line.is_empty()).collect();
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let closing = &last["closing"];
    assert_eq!(
        (&closing["name"], &closing["retry"]),
        (&"store-damaged".into(), &"never".into()),
        "{lines:#?}"
    );

    // A browser's event stream does come back, so it is asked to stay away for long.
    let mut held = Held::open(server.address, &format!("GET /c/a?via=sse&after={first} HTTP/1.1"));
    let lines: Vec<String> = iter::from_fn(|| held.line()).collect();
    let mut waits = lines.iter().filter_map(|line| line.strip_prefix("retry: ")?.parse::<u64>().ok());
    assert!(waits.next_back().unwrap() >= 600_000, "{lines:#?}");
    assert!(lines.iter().any(|line| line == "event: $closing"), "{lines:#?}");

    let ended = run(fanfare(&server.url(""), &["subscribe", "a", "--after", first])).with(4);
    assert!(ended.stderr.contains("damaged"), "{ended:?}");
}

#[test]
fn damage_that_is_met_by_writing_closes_the_log_and_is_counted() {
    let (server, _) = server();
    damage(&server, CHAINED);
    let (closed, damaged) =
        ("fanfare_log_closed_total{log=\"kept\",reason=\"damaged\"}", "fanfare_log_damaged{log=\"kept\"}");
    assert_eq!((number(&server, closed), number(&server, damaged)), (0.0, 0.0));
    assert_eq!(ask(server.address, "POST /c/a/$purge HTTP/1.1", b"").status, 204);
    until("what was purged to be cleared", || number(&server, closed) == 1.0);
    // What a publisher has is not to be thrown away because somebody has to mend the store first.
    for answer in [ask(server.address, "POST /c/b HTTP/1.1", b"x"), get(server.address, "/readyz")] {
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{answer:?}");
        assert_eq!(
            (&answer.json()["name"], &answer.json()["retry"]),
            (&"store-failed".into(), &"later".into())
        );
    }
    assert_eq!((number(&server, closed), number(&server, damaged)), (1.0, 1.0));
    assert_eq!(number(&server, "fanfare_log_trouble{log=\"kept\"}"), 1.0);
    assert!(health(&server).contains("damaged"));
    assert_eq!(get(server.address, "/c/b?since=0").bodies().len(), MESSAGES / 2);
}
