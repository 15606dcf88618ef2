//! Held-open responses: signs of life, waits, peers that leave, and peers that do not read.

mod support;

use std::time::Duration;
use support::Server;

#[test]
fn everybody_hears_what_is_published() {
    let server = Server::with(|options| options.workers = 2);
    let mut peers: Vec<_> = (0..100).map(|_| server.peer()).collect();
    for peer in &mut peers {
        assert_eq!(peer.get("/c/a?via=sse").head().status, 200);
    }
    server.until_sessions(100);
    for body in ["one", "two", "three"] {
        server.publish("a", body);
    }
    for peer in &mut peers {
        let heard = peer.chunks_to("three");
        let at = |body| heard.find(&format!("data: {body}\n")).unwrap();
        assert!(at("one") < at("two") && at("two") < at("three"), "{heard}");
    }
}

#[test]
fn a_quiet_stream_shows_signs_of_life() {
    let server = Server::with(|options| options.patience.alive = Duration::from_millis(200));
    let mut peer = server.peer();
    peer.get("/c/a?via=ndjson").head();
    for _ in 0..4 {
        assert!(peer.chunk().contains("cursor"));
    }
}

#[test]
fn a_wait_ends_with_nothing_to_say() {
    let server = Server::start();
    let mut peer = server.peer();
    for _ in 0..2 {
        let answer = peer.get("/c/a?wait=1").response();
        assert!(answer.status == 204 && answer.header("cursor").is_some(), "{answer:?}");
    }
}

#[test]
fn peers_that_leave_are_forgotten() {
    let server = Server::start();
    let mut peers: Vec<_> = (0..20).map(|_| server.peer()).collect();
    for (index, peer) in peers.iter_mut().enumerate() {
        peer.get(if index % 2 == 0 { "/c/a?via=sse" } else { "/c/a?wait=300" });
    }
    server.until_sessions(20);
    // Some leave with a word sent ahead, which must not hide that they left.
    for peer in peers.iter_mut().take(10) {
        peer.send("x".repeat(10_000));
    }
    drop(peers);
    server.until_sessions(0);
    support::until("no sockets", || server.running().sockets() == 0);
}

#[test]
fn a_reader_that_never_reads_does_not_disturb_others() {
    let server = Server::start();
    let mut frozen = server.peer();
    let mut reader = server.peer();
    frozen.get("/c/live/a?via=sse");
    reader.get("/c/live/a?via=sse").head();
    server.until_sessions(2);
    // More than its kernel buffers take.
    let body = "x".repeat(16 * 1024);
    for round in 0..600 {
        server.publish("live/a", &format!("{round} {body}"));
        reader.chunks_to(&format!("{round} x"));
    }
    // Then it reads on, in order, and is told what it lost.
    frozen.head();
    let heard = frozen.chunks_to("599 x");
    assert!(heard.contains("0 x"));
}

#[test]
fn an_answer_that_nobody_reads_does_not_disturb_others() {
    let server = Server::start();
    let mut frozen: Vec<_> = (0..20).map(|_| server.peer()).collect();
    for peer in &mut frozen {
        peer.get("/big").get("/big").get("/big");
    }
    assert_eq!(server.peer().post("/c/a", "x").response().status, 201);
    for peer in &mut frozen {
        for _ in 0..3 {
            assert_eq!(peer.response().body.len(), 1024 * 1024);
        }
    }
}

#[test]
fn requests_wait_in_line_until_there_is_room() {
    let server = Server::with(|options| options.patience.head = Duration::from_secs(3));
    let calls = fanfare_proto::limits::CALLS;
    let half = "POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n1";
    let mut running: Vec<_> = (0..calls).map(|_| server.peer()).collect();
    for peer in &mut running {
        peer.send(half);
    }
    server.until_calls(calls as u64);
    // Whoever is held open needs no such room.
    let mut reader = server.peer();
    assert_eq!(reader.get("/c/a?via=ndjson").head().status, 200);
    let mut waiting = server.peer();
    waiting.post_chunked("/c/a", "waited").get("/hello").half_close();
    let mut impatient = server.peer();
    impatient.post_chunked("/c/a", "x");
    support::until("both arrived", || server.running().sockets() == calls as u64 + 3);
    running[7].send("1");
    assert_eq!(running[7].response().status, 201);
    assert_eq!(waiting.response().status, 201);
    assert_eq!(waiting.response().body, "GET /hello with 0 bytes");
    reader.chunks_to("waited");
    let late = impatient.response();
    assert!(late.status == 201 || late.code() == 2001, "{late:?}");
}

#[test]
fn a_request_that_waits_in_line_too_long_is_told_to_come_back() {
    let server = Server::with(|options| {
        options.patience.head = Duration::from_millis(500);
        options.patience.drain = Duration::from_millis(500);
    });
    let calls = fanfare_proto::limits::CALLS;
    let mut running = Vec::new();
    for _ in 0..calls {
        let mut peer = server.peer();
        peer.get("/never");
        running.push(peer);
    }
    server.until_calls(calls as u64);
    let refused = server.peer().post_chunked("/c/a", "x").response();
    assert_eq!((refused.status, refused.code()), (503, 2001));
}
