//! What the server writes about itself: how requests are called, and nothing of what was sent.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::Value;
use support::http::{Held, Kept, ask, get};
use support::server::{Server, until};
use support::socket::Socket;

#[test]
fn a_request_keeps_the_name_that_it_brings() {
    let server = Server::with(&["--log-level", "debug", "--log-format", "json"]);
    let answer = ask(server.address, "GET /channels HTTP/1.1\nX-Request-Id: from-proxy.17", b"");
    assert_eq!(answer.header("x-request-id"), "from-proxy.17");
    for (status, body) in [(201, "hello"), (200, "hello"), (422, "other")] {
        let head = "POST /c/a HTTP/1.1\nIdempotency-Key: k\nX-Request-Id: publish-1";
        let mut kept = Kept::open(server.address);
        let answer = kept.ask(head, body.as_bytes());
        assert_eq!((answer.status, answer.header("x-request-id")), (status, "publish-1"));
        assert_eq!(kept.ask("POST /c/a HTTP/1.1", b"x").header("x-request-id"), "");
    }
    let refused = ask(server.address, "GET /channels?limit=x HTTP/1.1\nX-Request-Id: wrong-1", b"");
    assert_eq!((refused.status, refused.header("x-request-id")), (400, "wrong-1"));
    assert_eq!(refused.json()["request"], "wrong-1");
    assert_eq!(refused.header("content-length"), refused.body.len().to_string());
    let line = |name: &str| {
        let lines: Vec<Value> =
            server.stderr().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.into_iter().find(|line| line["fields"]["request"] == name)
    };
    until("the log to tell", || line("wrong-1").is_some());
    let fields = line("wrong-1").unwrap()["fields"].clone();
    assert_eq!((&fields["status"], &fields["route"]), (&400.into(), &"/channels".into()));
    assert_eq!(fields["refusal"], "bad-field");
}

#[test]
fn a_request_without_a_sane_name_gets_one() {
    let server = Server::start();
    let long = "x".repeat(65);
    for given in ["", "a b", "a\"b", "é", &long] {
        let head = format!("GET /channels HTTP/1.1\nX-Request-Id: {given}");
        let answer = ask(server.address, &head, b"");
        let name = answer.header("x-request-id");
        assert!(name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit()), "{given:?}: {name:?}");
    }
    let names: Vec<String> =
        (0..2).map(|_| get(server.address, "/channels").header("x-request-id").to_owned()).collect();
    assert_ne!(names[0], names[1]);
}

/// Says this in every way there is, and answers what a reader heard.
fn say_everywhere(server: &Server, canary: &str) {
    let mut held = Held::open(server.address, &format!("GET /c/a?via=sse&last=10&token={canary} HTTP/1.1"));
    assert_eq!(held.status, 501, "a token in the query is refused for now");
    held = Held::open(server.address, "GET /c/a?via=sse HTTP/1.1\nAuthorization: Bearer secret-canary");
    let mut socket = Socket::open(server.address, "/c/a");
    ask(server.address, "POST /c/a HTTP/1.1\nCookie: token=secret-canary", canary.as_bytes());
    let mut whole = Kept::open(server.address);
    assert_eq!(
        whole.ask("POST /c/a HTTP/1.1\nAuthorization: Bearer secret-canary", canary.as_bytes()).status,
        201
    );
    let mut chunked = Kept::open(server.address);
    let head =
        format!("POST /c/a HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n", server.address);
    chunked.write(format!("{head}{:x}\r\n{canary}\r\n0\r\n\r\n", canary.len()).as_bytes()).unwrap();
    assert_eq!(chunked.answer().status, 201);
    let batch =
        format!("[{{\"channel\":\"a\",\"body\":\"{canary}\"}},{{\"channel\":\"//\",\"body\":\"{canary}\"}}]");
    ask(server.address, "POST /publish HTTP/1.1\nContent-Type: application/json", batch.as_bytes());
    socket.say(&format!("{{\"publish\":{{\"channel\":\"a\",\"body\":\"{canary}\"}}}}"));
    socket.say(&format!("{{\"nonsense {canary}\":1}}"));
    ask(server.address, &format!("POST /c/a HTTP/1.1\nTags: {canary}=\x01"), canary.as_bytes());
    ask(server.address, "POST /c/a HTTP/1.1\nNotice: secret-canary", canary.as_bytes());
    assert!(held.data().unwrap().contains(canary));
    assert!(!get(server.address, &format!("/c/a?last=5&nonsense={canary}")).body.is_empty());
    assert_eq!(get(server.address, "/c/a?last=5").status, 200);
}

#[test]
fn nothing_that_was_sent_is_in_the_log() {
    for format in ["text", "json"] {
        let mut server = Server::with(&["--log-level", "trace", "--log-format", format]);
        say_everywhere(&server, "secret-canary");
        server.terminate();
        assert!(server.wait().success());
        until("the log to be whole", || server.stderr().contains("ended"));
        let log = server.stderr();
        assert!(log.contains("answered") && log.contains("refused a request"), "{log}");
        assert!(!log.contains("canary"), "{log}");
    }
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_program_without_traces_says_so_where_they_are_asked_for() {
    let lines = |environment: &[(&str, &str)]| {
        let mut server = Server::with_environment(environment, &[]);
        server.terminate();
        assert!(server.wait().success());
        until("the log to be whole", || server.stderr().contains("ended"));
        let log = server.stderr();
        log.lines().filter(|line| line.contains("OTEL_")).map(str::to_owned).collect::<Vec<_>>()
    };
    for variable in ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] {
        let told = lines(&[(variable, "http://127.0.0.1:9")]);
        assert!(told.len() == 1 && told[0].contains("WARN") && told[0].contains(variable), "{told:?}");
        assert!(told[0].contains("--features otel"), "{told:?}");
        let (empty, off) = ((variable, ""), ("OTEL_SDK_DISABLED", "true"));
        for quiet in [&[empty][..], &[(variable, "http://127.0.0.1:9"), off]] {
            assert!(lines(quiet).is_empty(), "{quiet:?}");
        }
    }
    assert!(lines(&[("OTEL_SERVICE_NAME", "one")]).is_empty());
}
