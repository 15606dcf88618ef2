//! Several requests on one connection, one after the other and all at once, for the API and held open.

mod support;

use support::{Peer, Server, until};

const STREAM: &str = "/c/a?via=ndjson";

#[test]
fn a_stream_after_a_publish_on_the_same_connection() {
    let server = Server::start();
    let mut peer = server.peer();
    let published = peer.post("/c/a", "one").response();
    assert_eq!((published.status, published.position()), (201, 1));
    assert_eq!(peer.get(STREAM).head().status, 200);
    server.until_sessions(1);
    server.publish("a", "two");
    assert!(peer.chunks_to("two").contains("two"));
}

#[test]
fn a_publish_and_a_stream_sent_together() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.send(format!(
        "POST /c/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n\r\nGET {STREAM}&last=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    ));
    assert_eq!(peer.response().status, 201);
    assert_eq!(peer.head().status, 200);
    assert!(peer.chunks_to("one").contains("one"));
}

#[test]
fn many_publishes_sent_together_are_answered_in_order() {
    let server = Server::start();
    let mut peer = server.peer();
    for _ in 0..100 {
        peer.post("/c/a", "x");
    }
    for position in 1..=100 {
        assert_eq!(peer.response().position(), position);
    }
}

#[test]
fn long_polls_sent_together_are_answered_in_order() {
    let server = Server::start();
    server.publish("a", "one");
    let mut peer = server.peer();
    peer.get("/c/a?wait=30&last=1").get("/c/b?wait=30").get("/c/a?wait=0").post("/c/a", "three");
    let first = peer.response();
    assert!(first.status == 200 && first.body.contains("one"), "{first:?}");
    // The second hears what is published from the moment it is held, which nobody tells.
    until("an answer", || {
        server.publish("b", "two");
        peer.has_more()
    });
    let second = peer.response();
    assert!(second.status == 200 && second.body.contains("two"), "{second:?}");
    assert_eq!(peer.response().status, 204);
    assert_eq!(peer.response().status, 201);
}

#[test]
fn more_polls_than_are_read_at_once_are_answered_in_order() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.get("/c/a?wait=30");
    server.until_sessions(1);
    // Some of it stays in the kernel until the first is answered.
    for _ in 0..2000 {
        peer.get("/c/a?wait=0");
    }
    peer.post("/c/a", "last");
    server.publish("a", "first");
    assert!(peer.response().body.contains("first"));
    assert!((0..2000).all(|_| peer.response().status == 204));
    assert_eq!(peer.response().position(), 2);
}

#[test]
fn a_refused_request_leaves_the_connection_to_the_next() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.get("/c/a?via=carrier-pigeon").get("/c/../b?via=sse").get("/hello");
    assert_eq!(peer.response().code(), 3003);
    assert_eq!(peer.response().code(), 3001);
    assert_eq!(peer.response().body, "GET /hello with 0 bytes");
}

#[test]
fn heads_may_come_byte_by_byte_and_twice() {
    let server = Server::start();
    let mut peer = server.peer();
    let by_byte = |peer: &mut Peer, text: &str| {
        for byte in text.bytes() {
            peer.send([byte]);
        }
    };
    for _ in 0..2 {
        by_byte(&mut peer, "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
        assert_eq!(peer.response().status, 201);
    }
    by_byte(&mut peer, "GET /c/a?via=ndjson&last=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(peer.head().status, 200);
    peer.chunks_to("hi");
}

#[test]
fn a_sender_that_waits_for_continue_is_told_to() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.send("POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(peer.head().status, 100);
    assert_eq!(peer.send("hello").response().status, 201);
    assert_eq!(peer.get("/hello").response().status, 200);
}

#[test]
fn http_1_0_gets_no_chunks_and_its_connection_ends() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.send(format!("GET {STREAM}&last=1 HTTP/1.0\r\n\r\n"));
    let head = peer.head();
    assert_eq!((head.status, head.header("transfer-encoding")), (200, None));
    assert_eq!(head.header("connection"), Some("close"));
    server.until_sessions(1);
    server.publish("a", "one");
    assert!(peer.read_to("\n").contains("cursor"));
    let mut poll = server.peer();
    poll.send("GET /c/a?wait=10&last=1 HTTP/1.0\r\n\r\n");
    let answer = poll.response();
    assert!(answer.status == 200 && answer.body.contains("one"));
    poll.assert_closed();
    let mut call = server.peer();
    call.send("GET /hello HTTP/1.0\r\n\r\n");
    assert_eq!(call.response().body, "GET /hello with 0 bytes");
    call.assert_closed();
}

#[test]
fn a_peer_that_closes_its_side_after_a_request_is_answered() {
    let server = Server::start();
    let mut peer = server.peer();
    assert_eq!(peer.post("/c/a", "x").half_close().response().status, 201);
    peer.assert_closed();
}

#[test]
fn what_comes_behind_a_stream_takes_no_room() {
    let server = Server::start();
    let request = format!("GET {STREAM} HTTP/1.1\r\nHost: x\r\n\r\n{}", "x".repeat(30_000));
    let count = 2 * fanfare_proto::limits::HEADS_BYTES / request.len();
    let streams: Vec<Peer> = (0..count)
        .map(|_| {
            let mut peer = server.peer();
            peer.send(&request);
            peer.read_to("\r\n\r\n");
            peer
        })
        .collect();
    server.until_sessions(count as u64);
    for _ in 0..8 {
        let mut peer = server.peer();
        peer.get("/c/a");
        assert_eq!(peer.response().status, 200);
    }
    drop(streams);
}
