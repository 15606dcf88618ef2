//! Acked readers on a real server of two workers: they come back with no cursor, share work, are given again what is not
//! done, and lose nothing when the server is killed. `docs/readers.md` is typed in by `guides.rs`.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use support::command::{fanfare, run};
use support::http::{Answer, Held, ask, get, publish};
use support::server::{Server, until};
use support::socket::Socket;

fn server() -> Server {
    Server::with(&["--workers", "2"])
}

fn put(server: &Server, reader: &str, wish: &Value) -> Answer {
    let head = format!("PUT /readers/{reader} HTTP/1.1\nContent-Type: application/json");
    ask(server.address, &head, wish.to_string().as_bytes())
}

fn ack(server: &Server, reader: &str, request: &Value) -> Value {
    let head = format!("POST /readers/{reader}/ack HTTP/1.1\nContent-Type: application/json");
    let answer = ask(server.address, &head, request.to_string().as_bytes());
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn shown(server: &Server, reader: &str) -> Value {
    let answer = get(server.address, &format!("/readers/{reader}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn poll(server: &Server, target: &str) -> Vec<Value> {
    let answer = get(server.address, target);
    match answer.status {
        204 => Vec::new(),
        200 => answer.json()["messages"].as_array().unwrap().clone(),
        _ => panic!("{answer:?}"),
    }
}

fn say(server: &Server, channel: &str, bodies: impl IntoIterator<Item = usize>) {
    for body in bodies {
        publish(server.address, channel, &body.to_string());
    }
}

/// A session of a reader over WebSocket, which heard its greeting and its answer.
fn sit(server: &Server, channels: &str, reader: &str) -> Socket {
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(&format!(r#"{{"id":1,"subscribe":{channels},"reader":"{reader}"}}"#));
    let answer = loop {
        let heard = socket.hear();
        if heard["reply"] == 1 {
            break heard;
        }
    };
    assert!(answer["subscribe"]["channels"].is_array(), "{answer}");
    socket
}

/// The next message; signs of life are passed over.
fn message(socket: &mut Socket) -> Value {
    loop {
        let heard = socket.hear();
        if heard["body"].is_string() {
            return heard;
        }
    }
}

fn bodies(messages: &[Value]) -> Vec<String> {
    messages.iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn it_comes_back_without_a_cursor_on_every_transport() {
    let server = server();
    assert!(poll(&server, "/c/jobs?reader=r&wait=0").is_empty());
    say(&server, "jobs", 0..4);
    let found = poll(&server, "/c/jobs?reader=r&wait=5");
    assert_eq!(bodies(&found), ["0", "1", "2", "3"]);
    assert!(found.iter().all(|message| message["attempt"] == 1));
    // The next poll says what of the former is done; the rest is not given a second time before its time is over.
    let done = found[1]["cursor"].as_str().unwrap();
    assert!(poll(&server, &format!("/c/jobs?reader=r&wait=0&ack={done}")).is_empty());
    assert_eq!(ack(&server, "r", &json!({"ack": [found[2]["position"]]})), json!({"reply": null, "ack": 1}));
    assert_eq!(ack(&server, "r", &json!({"ack": [found[2]["position"]]})), json!({"reply": null, "ack": 0}));
    assert_eq!(
        ack(&server, "r", &json!({"id": 7, "nack": [found[3]["cursor"]]})),
        json!({"reply": 7, "nack": 1})
    );
    let mut stream = Held::open(server.address, "GET /c/jobs?reader=r&via=stream HTTP/1.1");
    assert!(stream.line().unwrap().starts_with("{\"session\""));
    let again: Value = serde_json::from_str(&stream.line().unwrap()).unwrap();
    assert_eq!((&again["body"], &again["attempt"]), (&json!("3"), &json!(2)));
    drop(stream);
    // It is the reader's channels that are heard where none are named.
    let mut events = Held::open(server.address, "GET /subscribe?reader=r&via=sse HTTP/1.1");
    assert_eq!(events.data().unwrap(), "data: 3");
    drop(events);
    let mut socket = sit(&server, "[]", "r");
    let again = message(&mut socket);
    assert_eq!((&again["body"], &again["attempt"]), (&json!("3"), &json!(4)));
    socket.say(&format!(r#"{{"id":2,"ack":{}}}"#, again["cursor"]));
    assert_eq!(socket.hear(), json!({"reply": 2, "ack": 1}));
    let shown = shown(&server, "r");
    assert_eq!(
        (&shown["unacked"], &shown["acked"], &shown["lag"]["messages"]),
        (&json!(0), &json!(4), &json!(0))
    );
}

#[test]
fn sessions_of_one_name_share_the_work_and_inherit_it() {
    let server = server();
    let (mut one, mut two) = (sit(&server, r#""jobs/**""#, "crew"), sit(&server, r#""jobs/**""#, "crew"));
    assert_eq!(shown(&server, "crew")["sessions"], 2);
    say(&server, "jobs/a", 0..10);
    let theirs = |socket: &mut Socket| -> Vec<String> {
        (0..5).map(|_| message(socket)["body"].as_str().unwrap().to_owned()).collect()
    };
    let (first, second) = (theirs(&mut one), theirs(&mut two));
    let all: BTreeSet<&String> = first.iter().chain(&second).collect();
    assert_eq!(all.len(), 10, "{first:?} {second:?}");
    drop(one);
    let inherited = theirs(&mut two);
    assert_eq!(inherited, first);
    // Done by one session up to here: what others were given is not meant.
    say(&server, "jobs/b", 10..11);
    let last = message(&mut two);
    two.say(&format!(r#"{{"id":2,"ack":{}}}"#, last["cursor"]));
    assert_eq!(two.hear(), json!({"reply": 2, "ack": 11}));
    assert_eq!(shown(&server, "crew")["unacked"], 0);
}

#[test]
fn no_more_is_given_than_the_window_has_room_for() {
    let server = server();
    let wish = json!({"patterns": ["jobs"], "window": 2, "filter": "priority = 3"});
    assert_eq!(put(&server, "small", &wish).status, 201);
    say(&server, "jobs", 0..3);
    ask(server.address, "POST /c/jobs HTTP/1.1\nPriority: 5", b"not wanted");
    say(&server, "jobs", 3..4);
    let found = poll(&server, "/subscribe?reader=small&wait=5");
    assert_eq!(bodies(&found), ["0", "1"]);
    assert!(poll(&server, "/subscribe?reader=small&wait=0").is_empty());
    let lag = shown(&server, "small")["lag"].clone();
    assert_eq!((&lag["messages"], &lag["more"]), (&json!(4), &json!(false)));
    let done = found[1]["cursor"].as_str().unwrap();
    let found = poll(&server, &format!("/subscribe?reader=small&wait=5&ack={done}"));
    assert_eq!(bodies(&found), ["2", "3"]);
}

#[test]
fn what_nobody_acknowledges_is_given_again_and_then_given_up() {
    let mut server = server();
    let wish = json!({"patterns": ["jobs", "$dead/**"], "ack_wait": 1, "attempts": 2});
    assert_eq!(put(&server, "r", &wish).status, 201);
    let mut socket = sit(&server, "[]", "r");
    publish(server.address, "jobs", "poison");
    let attempts: Vec<Value> = (0..2).map(|_| message(&mut socket)["attempt"].clone()).collect();
    assert_eq!(attempts, [1, 2]);
    let dead = message(&mut socket);
    assert_eq!((&dead["channel"], &dead["body"]), (&json!("$dead/r"), &json!("poison")));
    let tags = &dead["tags"];
    assert_eq!((&tags["dead_channel"], &tags["dead_attempts"]), (&json!("jobs"), &json!(2)));
    let shown = shown(&server, "r");
    assert_eq!((&shown["dead"], &shown["redelivered"]), (&json!(1), &json!(2)));
    // A dead letter that is not done either goes nowhere.
    until("it is given up", || {
        let metrics = get(server.address, "/metrics");
        String::from_utf8_lossy(&metrics.body).contains("fanfare_reader_dead_total{reader=\"r\"} 2")
    });
    assert_eq!(get(server.address, "/c/$dead/r?last=10").bodies(), ["poison"]);
    // What is there is counted, whoever put it there.
    drop(socket);
    server.restart();
    assert_eq!(self::shown(&server, "r")["dead"], 1);
    let listed = get(server.address, "/readers").json();
    assert_eq!(listed["readers"][0]["dead"], 1);
    assert_eq!(ask(server.address, "POST /c/$dead/r/$purge HTTP/1.1", b"").status, 204);
    assert_eq!(self::shown(&server, "r")["dead"], 0);
}

#[test]
fn a_killed_server_repeats_and_loses_nothing() {
    let mut server = server();
    let mut socket = sit(&server, r#""jobs""#, "r");
    say(&server, "jobs", 0..60);
    let given: Vec<Value> = (0..60).map(|_| message(&mut socket)).collect();
    let cursors: Vec<&Value> = given.iter().step_by(2).map(|message| &message["cursor"]).collect();
    socket.say(&json!({"id": 2, "ack": cursors}).to_string());
    assert_eq!(socket.hear(), json!({"reply": 2, "ack": 30}));
    // Kept at the latest after a second: what is below is known to be kept.
    until("it is kept", || {
        let found = run(fanfare(&server.url(""), &["readers", "show", "r"])).with(0);
        found.stdout.contains("\"unacked\":30")
    });
    say(&server, "jobs", 60..70);
    server.kill();
    server.restart();
    let mut socket = sit(&server, r#""jobs""#, "r");
    let mut left: BTreeSet<usize> = (0..70).filter(|body| *body >= 60 || body % 2 == 1).collect();
    while !left.is_empty() {
        let message = message(&mut socket);
        left.remove(&message["body"].as_str().unwrap().parse().unwrap());
    }
    socket.say(r#"{"id":3,"ack":[70]}"#);
    while socket.hear()["reply"] != 3 {}
}

#[test]
fn an_orderly_end_keeps_what_is_done() {
    let mut server = server();
    assert!(poll(&server, "/c/jobs?reader=r&wait=0").is_empty());
    say(&server, "jobs", 0..3);
    let found = poll(&server, "/c/jobs?reader=r&wait=5");
    ack(&server, "r", &json!({"ack": [found[0]["cursor"], found[2]["cursor"]]}));
    server.terminate();
    server.wait();
    server.restart();
    let found = poll(&server, "/c/jobs?reader=r&wait=5");
    assert_eq!((bodies(&found), &found[0]["attempt"]), (vec!["1".to_owned()], &json!(2)));
}

#[test]
fn what_is_gone_is_not_given_again_and_what_was_lost_is_told() {
    let server = server();
    assert_eq!(put(&server, "r", &json!({"patterns": ["jobs"], "ack_wait": 1})).status, 201);
    say(&server, "jobs", 0..2);
    let found = poll(&server, "/subscribe?reader=r&wait=5");
    assert_eq!(ask(server.address, "DELETE /c/jobs/$at/1 HTTP/1.1", b"").status, 204);
    ack(&server, "r", &json!({"nack": [found[0]["cursor"], found[1]["cursor"]]}));
    let again = poll(&server, "/subscribe?reader=r&wait=5");
    assert_eq!(bodies(&again), ["1"]);
    ack(&server, "r", &json!({"ack": again[0]["cursor"]}));
    say(&server, "jobs", 2..4);
    assert_eq!(ask(server.address, "POST /c/jobs/$purge HTTP/1.1", b"").status, 204);
    say(&server, "jobs", 4..5);
    let answer = get(server.address, "/subscribe?reader=r&wait=5").json();
    assert_eq!(answer["gap"]["reason"], "purged", "{answer}");
    let expires = ask(server.address, "POST /c/jobs HTTP/1.1\nTTL: 1", b"short");
    assert_eq!(expires.status, 201);
}

#[test]
fn what_a_reader_cannot_have_is_refused() {
    let server = server();
    assert!(poll(&server, "/c/jobs?reader=r&wait=0").is_empty());
    for (target, status, name, place) in [
        ("/c/other?reader=r&wait=0", 409, "reader-differs", "the reader `r` hears jobs"),
        ("/c/other?reader=r&via=sse", 409, "reader-differs", "PUT /readers/r"),
        ("/c/jobs?reader=r&wait=0&filter=a%20%3D%201", 409, "reader-differs", "jobs"),
        ("/subscribe?reader=unknown&via=stream", 404, "not-found", "`unknown`"),
        ("/c/jobs?reader=a%20b&wait=0", 400, "bad-name", "a b"),
        ("/c/jobs?reader=r&wait=0&rate=2", 400, "bad-field", "rate"),
        ("/c/jobs?reader=r&via=sse&presence=x", 400, "bad-field", "presence"),
        ("/c/jobs?reader=r&via=raw", 400, "bad-field", "cursors"),
        ("/c/jobs?ack=AQEA&wait=0", 400, "bad-cursor", "ack"),
        ("/readers/none", 404, "not-found", "`none`"),
    ] {
        let answer = get(server.address, target);
        let problem = answer.json();
        assert_eq!((answer.status, &problem["name"]), (status, &json!(name)), "{target}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(place), "{target}: {problem}");
    }
    let mut socket = sit(&server, r#""jobs""#, "r");
    for (request, name) in [
        (r#"{"id":2,"subscribe":"a"}"#, "bad-request"),
        (r#"{"id":2,"subscribe":"jobs","reader":"other"}"#, "bad-request"),
        (r#"{"id":2,"ack":["nonsense"]}"#, "bad-cursor"),
    ] {
        socket.say(request);
        let answer = socket.hear();
        assert_eq!(answer["error"]["name"], name, "{request}: {answer}");
    }
    let mut plain = Socket::open(server.address, "/subscribe?channel=a");
    plain.hear();
    plain.say(r#"{"id":2,"ack":1}"#);
    assert_eq!(plain.hear()["error"]["name"], "bad-request");
    plain.say(r#"{"id":3,"subscribe":"jobs","reader":"r"}"#);
    assert_eq!(plain.hear()["error"]["name"], "bad-request");
}

#[test]
fn a_reader_is_changed_listed_and_removed() {
    let server = server();
    say(&server, "jobs", 0..3);
    let made = put(&server, "r", &json!({"patterns": ["jobs"], "last": 2, "expires": "2h"}));
    assert_eq!((made.status, &made.json()["lag"]["messages"]), (201, &json!(2)));
    let mut socket = sit(&server, "[]", "r");
    assert_eq!(message(&mut socket)["body"], "1");
    let changed = put(&server, "r", &json!({"patterns": ["jobs", "more"], "attempts": 9}));
    assert_eq!((changed.status, &changed.json()["attempts"]), (200, &json!(9)));
    while socket.hear().get("closing").is_none() {}
    let again = poll(&server, "/subscribe?channel=more&channel=jobs&reader=r&wait=5");
    assert_eq!(bodies(&again), ["1", "2"]);
    let list = run(fanfare(&server.url(""), &["readers", "list"])).with(0);
    assert!(list.stdout.contains("READER") && list.stdout.contains("jobs more"), "{}", list.stdout);
    assert_eq!(put(&server, "s", &json!({"patterns": ["jobs"]})).status, 201);
    let removed = run(fanfare(&server.url(""), &["readers", "remove", "r", "none", "s", "nor"])).with(4);
    assert_eq!(removed.stdout, "removed r\nremoved s\n");
    assert!(removed.stderr.contains("no reader `none`") && removed.stderr.contains("no reader `nor`"));
    assert_eq!(get(server.address, "/readers").json(), json!({"readers": []}));
}

#[test]
fn one_is_made_by_the_command() {
    let server = server();
    let url = server.url("");
    let make = |args: &[&str], code| run(fanfare(&url, &[&["readers", "make"], args].concat())).with(code);
    say(&server, "jobs", 0..3);
    let rules = ["--ack-wait", "10s", "--attempts", "2", "--window", "9", "--filter", "not deleted"];
    let made = make(&[&["r", "jobs", "more/**", "--last", "2"][..], &rules].concat(), 0);
    assert_eq!(made.stdout, "r jobs more/**\n");
    let found = shown(&server, "r");
    let expected = json!({"patterns": ["jobs", "more/**"], "ack_wait": 10.0, "attempts": 2, "window": 9});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
    assert_eq!((&found["filter"], &found["lag"]["messages"]), (&json!("not deleted"), &json!(2)));
    let again = make(&["r", "jobs", "--json"], 0);
    assert!(again.stdout.contains("\"attempts\":5"), "{again:?}");
    for (args, code, said) in [
        (&["r"][..], 2, "CHANNEL"),
        (&["a b", "jobs"], 4, "no name of a reader"),
        (&["r", "jobs", "--window", "0"], 2, "1..=256"),
        (&["r", "jobs", "--ack-wait", "1ms"], 4, "ack_wait"),
        (&["r", "jobs", "--last", "1", "--since", "1h"], 2, "--since"),
    ] {
        let ended = make(args, code);
        assert!(ended.stderr.contains(said), "{args:?}: {ended:?}");
    }
}

#[test]
fn the_command_acknowledges_what_was_handled() {
    let server = server();
    let url = server.url("");
    // What a poll has brought stays with it so long.
    assert_eq!(put(&server, "r", &json!({"patterns": ["jobs"], "ack_wait": 2})).status, 201);
    say(&server, "jobs", 0..4);
    let command = |args: &[&str]| run(fanfare(&url, &[&["subscribe", "--reader", "r"], args].concat()));
    for transport in ["websocket", "event-stream", "long-poll"] {
        let heard = command(&["--count", "1", "--transport", transport]).with(0);
        let expected = ["websocket", "event-stream", "long-poll"].iter().position(|name| *name == transport);
        assert_eq!(heard.lines(), [expected.unwrap().to_string()], "{transport}");
    }
    // A program that fails has not done it.
    let failed = command(&["--exec", "exit 3"]);
    assert!(failed.stderr.contains("jobs 4"), "{}", failed.stderr);
    let heard = command(&["--count", "1", "--json"]).with(0);
    assert!(heard.stdout.contains("\"attempt\":"), "{}", heard.stdout);
    assert_eq!(shown(&server, "r")["unacked"], 0);
}
