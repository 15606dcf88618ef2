//! `fanfare publish`: one message, and every line of a stream.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use std::io::Write;
use std::process::Stdio;
use support::command::{Job, fanfare, run, run_with_input};
use support::http::{Answer, Kept, ask, get};
use support::server::Server;

fn messages(server: &Server, target: &str) -> Vec<Value> {
    let page = get(server.address, target).json();
    page["messages"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
}

/// The bodies of a channel, all pages of it.
fn all_bodies(server: &Server, channel: &str) -> Vec<String> {
    let (mut bodies, mut after) = (Vec::new(), String::new());
    loop {
        let start =
            if after.is_empty() { "since=1970-01-01T00:00:00Z".to_owned() } else { format!("after={after}") };
        let answer = get(server.address, &format!("/c/{channel}?limit=1000&{start}"));
        let page = answer.bodies();
        if page.is_empty() {
            return bodies;
        }
        bodies.extend(page);
        after = answer.json()["cursor"].as_str().unwrap().to_owned();
    }
}

#[test]
fn a_body_comes_from_the_command_line_a_file_or_stdin() {
    let server = Server::start();
    let url = server.url("");
    let ended = run(fanfare(&url, &["publish", "a b/é", "said"])).with(0);
    assert_eq!(ended.stdout, "a b/é 1\n");
    run_with_input(fanfare(&url, &["publish", "a b/é"]), b"two\nlines\n").with(0);
    let bytes = [0u8, 255, 10];
    let file = server.folder().join("file");
    std::fs::write(&file, bytes).unwrap();
    run(fanfare(&url, &["publish", "a b/é", "--file", file.to_str().unwrap()])).with(0);
    let messages = messages(&server, "/c/a%20b/%C3%A9");
    assert_eq!(messages[0]["body"], "said");
    assert_eq!(messages[1]["body"], "two\nlines\n");
    assert_eq!(messages[2]["body_base64"], "AP8K");
}

#[test]
fn every_field_arrives_however_the_message_was_published() {
    let server = Server::start();
    let fields = [
        "--key",
        "k",
        "--ttl",
        "1h",
        "--priority",
        "4",
        "--event",
        "e",
        "--content-type",
        "application/json",
        "--tag",
        "n=1.5",
        "--tag",
        "list=a,b",
        "--tag",
        "zip=\"007\"",
        "--tag",
        "on",
        "--notice",
        "{\"title\":\"t\"}",
    ];
    let publish = |more: &[&str]| {
        let mut command = fanfare(&server.url(""), &["publish", "a"]);
        command.args(fields).args(more);
        command
    };
    let ended = run(publish(&["{\"x\":1}", "--json", "--id", "one"])).with(0);
    let receipt: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((&receipt["id"], &receipt["position"]), (&json!("one"), &json!(1)));
    run_with_input(publish(&["--lines", "--id", "many"]), b"{\"x\":1}\n").with(0);
    let messages = messages(&server, "/c/a");
    let ids: Vec<&Value> = messages.iter().map(|message| &message["id"]).collect();
    assert_eq!(ids, ["one", "many-1"]);
    for message in &messages {
        let expected = json!({"n": 1.5, "list": "a,b", "zip": "007", "on": true});
        assert_eq!(message["tags"], expected);
        assert_eq!((&message["key"], &message["event"]), (&json!("k"), &json!("e")));
        assert_eq!((&message["priority"], &message["notice"]), (&json!(4), &json!({"title": "t"})));
        assert_eq!(message["body"], json!({"x": 1}));
        assert!(message["expires"].is_string(), "{message}");
    }
}

#[test]
fn each_line_is_a_message_as_it_comes() {
    let server = Server::start();
    let mut command = fanfare(&server.url(""), &["publish", "logs/host", "--lines", "--json"]);
    let mut job = Job::start(command.stdin(Stdio::piped()));
    let mut stdin = job.stdin();
    for number in 1..=3 {
        writeln!(stdin, "line {number}").unwrap();
        let receipt: Value = serde_json::from_str(&job.line()).unwrap();
        assert_eq!((&receipt["channel"], &receipt["position"]), (&json!("logs/host"), &json!(number)));
    }
    drop(stdin);
    job.end().with(0);
    assert_eq!(all_bodies(&server, "logs/host"), ["line 1", "line 2", "line 3"]);
}

#[test]
fn many_lines_keep_their_order_and_every_byte() {
    let server = Server::with_config("[[namespace]]\npattern = '**'\nmessages = 1000000\n", &[]);
    let lines: Vec<String> =
        (0..20_000).map(|number| format!("{number} \"\\ é\t{}", "x".repeat(number % 300))).collect();
    let mut input = lines.join("\n").into_bytes();
    input.extend_from_slice(b"\n\n\xff\xfe\n");
    run_with_input(fanfare(&server.url(""), &["publish", "a", "--lines"]), &input).with(0);
    let bodies = all_bodies(&server, "a");
    assert_eq!(bodies.len(), lines.len() + 2);
    assert!(bodies.iter().zip(&lines).all(|(body, line)| body == line));
    assert_eq!(messages(&server, "/c/a?last=2")[1]["body_base64"], "//4=");
}

#[test]
fn a_refused_line_does_not_stop_the_others() {
    let server = Server::with_config("[[namespace]]\npattern = '**'\nbody = 5\n", &[]);
    let input = b"one\ntoo long\nthree\n";
    let ended = run_with_input(fanfare(&server.url(""), &["publish", "a", "--lines"]), input).with(4);
    assert!(ended.stderr.contains("line 2 was refused: the body has 8 bytes; 5 are allowed"), "{ended:?}");
    assert!(ended.stderr.contains("1 of 3 lines were not published"), "{ended:?}");
    assert_eq!(all_bodies(&server, "a"), ["one", "three"]);
}

#[test]
fn nothing_is_lost_or_doubled_when_the_server_is_killed_and_comes_back() {
    let mut server = Server::with_config("[[namespace]]\npattern = '**'\nmessages = 1000000\n", &[]);
    let mut command = fanfare(&server.url(""), &["publish", "a", "--lines", "--json"]);
    let mut job = Job::start(command.stdin(Stdio::piped()));
    let mut stdin = job.stdin();
    const LINES: usize = 30_000;
    let writing = std::thread::spawn(move || {
        for number in 0..LINES {
            writeln!(stdin, "{number}").unwrap();
        }
    });
    for _ in 0..3 {
        // Something is on its way, whenever that is.
        (0..1000).for_each(|_| drop(job.line()));
        server.restart();
    }
    writing.join().unwrap();
    let ended = job.end().with(0);
    assert_eq!(ended.lines().len(), LINES);
    let bodies = all_bodies(&server, "a");
    let expected: Vec<String> = (0..LINES).map(|number| number.to_string()).collect();
    assert_eq!(bodies.len(), expected.len());
    assert_eq!(bodies, expected);
}

#[test]
fn an_interrupt_publishes_what_was_read() {
    let server = Server::start();
    let mut command = fanfare(&server.url(""), &["publish", "a", "--lines", "--json"]);
    let mut job = Job::start(command.stdin(Stdio::piped()));
    let mut stdin = job.stdin();
    writeln!(stdin, "one").unwrap();
    job.line();
    job.interrupt();
    job.end().with(130);
    assert_eq!(all_bodies(&server, "a"), ["one"]);
}

#[test]
fn the_same_id_is_said_once() {
    let server = Server::start();
    let url = server.url("");
    for _ in 0..2 {
        run_with_input(fanfare(&url, &["publish", "a", "--lines", "--id", "run"]), b"1\n2\n").with(0);
        run(fanfare(&url, &["publish", "a", "3", "--id", "x"])).with(0);
    }
    assert_eq!(all_bodies(&server, "a"), ["1", "2", "3"]);
    let ended = run(fanfare(&url, &["publish", "a", "other", "--id", "x"])).with(4);
    assert!(ended.stderr.starts_with("error: the server refused: "), "{ended:?}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_sent() {
    // Nothing listens there: whoever asks the server anyway ends with 3.
    let nowhere = "http://127.0.0.1:9";
    for (args, expected) in [
        (&["publish", "a//b", "x"][..], "`a//b` is not the name of a channel"),
        (&["publish", "a/*", "x"], "channels have none"),
        (&["publish", "a", "x", "--priority", "9"], "priority"),
        (&["publish", "a", "x", "--ttl", "soon"], "`soon` is not a duration"),
        (&["publish", "a", "x", "--tag", "=1"], "a tag has no name"),
        (&["publish", "a", "x", "--notice", "Hello"], "it is not a JSON object"),
        (&["publish", "a", "x", "--lines"], "cannot be used with"),
        (&["publish"], "required"),
        (&["publish", "a", "x", "--server", "ftp://x"], "it must be http or https"),
    ] {
        let ended = run(fanfare(nowhere, args)).with(2);
        assert!(ended.stderr.contains(expected), "{args:?}: {ended:?}");
    }
    let ended = run(fanfare(nowhere, &["publish", "a", "--file", "no/such"])).with(1);
    assert!(ended.stderr.contains("no/such cannot be read"), "{ended:?}");
}

#[test]
fn a_body_larger_than_allowed_is_refused_with_the_limit() {
    let server = Server::start();
    let large = vec![b'x'; 65_537];
    let ended = run_with_input(fanfare(&server.url(""), &["publish", "a"]), &large).with(4);
    assert!(ended.stderr.contains("65536"), "{ended:?}");
}

/// What an answer says but for what differs from message to message.
fn shape(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<String>) {
    let own = ["date", "cursor", "location", "content-length", "connection", "retry-after", "x-request-id"];
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !own.contains(&&**name));
    headers.sort();
    let said = answer.json();
    let names = said.as_object().unwrap().keys().filter(|name| *name != "request").cloned();
    // Whoever reads a body in parts does not know how long it is.
    let detail = if answer.status == 413 { String::new() } else { said["detail"].to_string() };
    (answer.status, headers, names.chain([said["code"].to_string(), detail]).collect())
}

#[test]
fn whoever_answers_a_publish_says_the_same() {
    let origin = "https://a.example";
    let server = Server::with_config(
        &format!("origins = [\"{origin}\"]\n[[namespace]]\npattern = \"small/**\"\nbody = \"1 KiB\"\n"),
        &[],
    );
    let heads = [
        "POST /c/a HTTP/1.1".to_owned(),
        "PUT /c/a%20b/c?key=k&ttl=1h HTTP/1.1\nTags: a=1".to_owned(),
        "POST /alerts HTTP/1.1".to_owned(),
        format!("POST /c/a HTTP/1.1\nOrigin: {origin}"),
        "POST /c/a HTTP/1.1\nOrigin: https://b.example".to_owned(),
        "POST /c/a HTTP/1.1\nIdempotency-Key: known".to_owned(),
        "POST /c/small/a HTTP/1.1".to_owned(),
        "POST /c/a/* HTTP/1.1".to_owned(),
        "POST /c/a?nonsense=1 HTTP/1.1".to_owned(),
        "POST /c/a HTTP/1.1\nPriority: 9".to_owned(),
        "POST /publish HTTP/1.1\nContent-Type: application/json".to_owned(),
    ];
    let body = vec![b'x'; 2000];
    // The first of the two makes the id known.
    ask(server.address, &heads[5], &body);
    let mut kept = Kept::open(server.address);
    for head in heads {
        // A connection that is to be closed is the API's.
        let (api, worker) = (ask(server.address, &head, &body), kept.ask(&head, &body));
        assert_eq!(shape(&worker), shape(&api), "{head}");
    }
}
