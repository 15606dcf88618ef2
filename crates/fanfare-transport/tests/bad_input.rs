//! What strangers send. Each gets a clear error, and nobody else notices.

mod support;

use std::time::Duration;
use support::{Peer, Server};

/// Requests that nobody can read in one way, with the status and the code of the answer.
fn malformed() -> Vec<(&'static str, String, u16, u64)> {
    let case = |what, text: &str, status, code| (what, text.to_owned(), status, code);
    vec![
        case("no Host", "GET /c/a?via=sse HTTP/1.1\r\n\r\n", 400, 3000),
        case("two Hosts", "GET /c/a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400, 3000),
        case("the same Host twice", "GET /c/a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400, 3000),
        case("an authority that is not Host's", "GET http://evil/ HTTP/1.1\r\nHost: x\r\n\r\n", 400, 3000),
        case(
            "length and chunks",
            "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
            3000,
        ),
        case(
            "two lengths",
            "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
            400,
            3000,
        ),
        case(
            "a length with a sign",
            "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello",
            400,
            3000,
        ),
        case(
            "an unknown coding",
            "POST /c/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
            400,
            3000,
        ),
        case("a bare LF", "GET /c/a HTTP/1.1\nHost: x\n\n", 400, 3000),
        case("a bare LF in the middle", "GET /c/a HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400, 3000),
        case("a folded line", "GET /c/a HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400, 3000),
        case("a space before the colon", "GET /c/a HTTP/1.1\r\nHost : x\r\n\r\n", 400, 3000),
        case("TLS", "\u{16}\u{3}\u{1}\u{2}", 400, 3000),
        case("not HTTP", "{\"hello\":1}\r\n\r\n", 400, 3000),
        case("a long target", &format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9000)), 414, 3011),
        case("many lines", &format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(64)), 431, 3012),
        case(
            "a large head",
            &format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "a".repeat(20_000)),
            431,
            3012,
        ),
    ]
}

/// Bodies that break a rule, behind a head that does not.
const BROKEN_BODIES: &[(&str, &str)] = &[
    ("a chunk size that overflows", "fffffffffffffffff\r\n"),
    ("a chunk size with a prefix", "0x2\r\nhi\r\n0\r\n\r\n"),
    ("a bare LF after a size", "2\nhi\r\n0\r\n\r\n"),
    ("a bare LF in an extension", "2;a=b\nhi\r\n0\r\n\r\n"),
    ("a chunk longer than its size", "2\r\nhiho\r\n0\r\n\r\n"),
    ("an endless trailer", "0\r\nA: "),
];

const GOOD: &str = "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";

fn assert_refused(peer: &mut Peer, what: &str, status: u16, code: u64) {
    let response = peer.response();
    assert_eq!((response.status, response.code()), (status, code), "{what}: {response:?}");
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{what}");
    assert_eq!(response.header("connection"), Some("close"), "{what}");
    peer.assert_closed();
}

#[test]
fn malformed_requests_are_refused_and_the_connection_is_closed() {
    let server = Server::start();
    for (what, text, status, code) in malformed() {
        assert_refused(server.peer().send(text), what, status, code);
    }
    assert_eq!(server.peer().send(GOOD).response().status, 201);
}

#[test]
fn malformed_requests_are_refused_after_good_ones_too() {
    let server = Server::start();
    for (what, text, status, code) in malformed() {
        // Sent together, and one after the other: the first way hyper has just answered, the second it is waiting.
        let mut peer = server.peer();
        peer.send(format!("{GOOD}{text}"));
        assert_eq!(peer.response().status, 201, "{what}");
        assert_refused(&mut peer, what, status, code);
        let mut peer = server.peer();
        assert_eq!(peer.send(GOOD).response().status, 201, "{what}");
        assert_refused(peer.send(text), what, status, code);
    }
}

#[test]
fn a_request_behind_a_malformed_one_is_never_served() {
    let server = Server::start();
    let smuggled = "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx";
    let mut peer = server.peer();
    peer.send(smuggled);
    assert_refused(&mut peer, "smuggled", 400, 3000);
    assert_eq!(server.peer().send(GOOD).response().position(), 1);
}

#[test]
fn malformed_bodies_are_refused_and_never_published() {
    let server = Server::start();
    for (what, text) in BROKEN_BODIES {
        let mut peer = server.peer();
        peer.send("POST /c/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        let (text, status, code) = match *what {
            "an endless trailer" => (format!("{text}{}", "a".repeat(9000)), 431, 3012),
            _ => ((*text).to_owned(), 400, 3000),
        };
        assert_refused(peer.send(text), what, status, code);
    }
    assert_eq!(server.peer().send(GOOD).response().position(), 1);
}

#[test]
fn the_refusal_of_a_body_may_be_read_by_the_page_that_sent_it() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.send("POST /c/a HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n");
    let response = peer.response();
    assert_eq!(response.status, 400);
    assert_eq!(response.header("access-control-allow-origin"), Some("https://a.example"));
}

#[test]
fn a_body_that_nobody_reads_does_not_lose_the_answer() {
    let server = Server::start();
    let body = "x".repeat(4 * 1024 * 1024);
    let heads = [
        ("POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n", 413),
        ("POST /early HTTP/1.1\r\nHost: x\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n", 400),
        ("GET /c/a?via=no HTTP/1.1\r\nHost: x\r\nContent-Length: 4194304\r\n\r\n", 400),
    ];
    for (head, status) in heads {
        // The answer comes before the body is sent, and is there when the peer has sent it all.
        let mut peer = server.peer();
        assert_eq!(peer.send(head).send(&body).response().status, status);
        peer.assert_closed();
    }
}

#[test]
fn half_a_head_and_silence_is_answered_and_closed() {
    let server = Server::with(|options| options.patience.head = Duration::from_millis(300));
    let mut peer = server.peer();
    assert_refused(peer.send("GET /c/a?via=sse HTT"), "half a head", 408, 2005);
    // The same after a request for the API, and after a long poll.
    let mut peer = server.peer();
    assert_eq!(peer.send(GOOD).response().status, 201);
    assert_refused(peer.send("POST /c"), "half a head after a call", 408, 2005);
    let mut peer = server.peer();
    assert_eq!(peer.get("/c/a?wait=0").response().status, 204);
    assert_refused(peer.send("GET"), "half a head after a poll", 408, 2005);
    // Silence from the start is no request: nothing is answered.
    server.peer().assert_closed();
}

#[test]
fn a_head_that_drips_is_cut_off() {
    let server = Server::with(|options| options.patience.head = Duration::from_millis(300));
    let mut peer = server.peer();
    peer.send("GET / HTTP/1.1\r\nA: ");
    let mut sent = 0;
    while sent < 100_000 && std::io::Write::write_all(&mut peer.stream, b"a").is_ok() {
        sent += 1;
        std::thread::yield_now();
    }
    // Either the time or the bytes are over; never is it held.
    assert!(matches!(peer.response().status, 408 | 431));
}

#[test]
fn a_kept_connection_that_stays_silent_is_closed() {
    let server = Server::with(|options| options.patience.idle = Duration::from_millis(200));
    let mut peer = server.peer();
    assert_eq!(peer.get("/c/a?wait=0").response().status, 204);
    peer.assert_closed();
    let mut peer = server.peer();
    assert_eq!(peer.send(GOOD).response().status, 201);
    peer.assert_closed();
}

#[test]
fn a_body_that_drips_is_cut_off() {
    let server = Server::with(|options| options.patience.body = Duration::from_millis(300));
    for framing in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut peer = server.peer();
        peer.send(format!("POST /c/a HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n3"));
        assert_refused(&mut peer, framing, 408, 2005);
    }
    assert_eq!(server.peer().send(GOOD).response().position(), 1);
}
