//! Publishes that the worker answers itself: whole requests, on live and kept channels.

mod support;

use fanfare_proto::limits;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};
use support::{Peer, Server, until};

/// Names and values of a head, but for those that differ from answer to answer.
fn headers(head: &str) -> Vec<(String, String)> {
    let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    let mut headers: Vec<_> = lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    headers.retain(|(name, _)| !["date", "cursor", "content-length", "location"].contains(&&**name));
    headers.sort();
    headers
}

#[test]
fn the_answer_says_where_the_message_is() {
    let server = Server::start();
    let mut peer = server.peer();
    for channel in ["live/a", "kept/a b"] {
        let target = format!("/c/{}", channel.replace(' ', "%20"));
        let answer = peer.post(&target, "x").response();
        assert_eq!(answer.status, 201);
        let receipt: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!((&receipt["channel"], answer.position()), (&channel.into(), 1));
        assert_eq!(answer.header("cursor").unwrap(), receipt["cursor"]);
        assert_eq!(answer.header("location"), Some(&*format!("{target}/$at/1")));
        assert!(headers(&answer.head).contains(&("cache-control".into(), "no-store".into())));
    }
    assert_eq!(server.calls(), 0);
}

#[test]
fn an_allowed_origin_may_read_the_answer() {
    let server = Server::start();
    let mut peer = server.peer();
    let from = |origin: &str| {
        format!("POST /c/a HTTP/1.1\r\nHost: x\r\nOrigin: {origin}\r\nContent-Length: 1\r\n\r\nx")
    };
    let allowed = peer.send(from("https://a.example")).response();
    assert_eq!(allowed.header("access-control-allow-origin"), Some("https://a.example"));
    let other = peer.send(from("https://b.example")).response();
    assert_eq!((other.status, other.header("access-control-allow-origin")), (201, None));
}

#[test]
fn a_peer_that_does_not_read_its_answers_gets_them_later_and_in_order() {
    let server = Server::start();
    for channel in ["live/a", "kept/a"] {
        let mut peer = server.peer();
        let mut writer = Peer::new(peer.stream.try_clone().unwrap());
        // More bytes than the kernel takes, both ways.
        let count = 150_000;
        let target = format!("/c/{channel}");
        let sent = Arc::new(AtomicUsize::new(0));
        let sending = sent.clone();
        let writing = std::thread::spawn(move || {
            let head = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
            let request = format!("{head}{:100}", "x");
            for _ in 0..count / 100 {
                writer.send(request.repeat(100));
                sending.fetch_add(100, SeqCst);
            }
        });
        let (mut before, mut since) = (0, Instant::now());
        until("the server reads no more", || {
            let now = sent.load(SeqCst);
            if now != before {
                (before, since) = (now, Instant::now());
            }
            now > 0 && since.elapsed() > Duration::from_millis(300)
        });
        assert!(before < count, "all {before} were read before one answer was");
        // Others are served meanwhile.
        assert_eq!(server.peer().post("/c/live/b", "x").response().status, 201);
        let mut before = 0;
        for _ in 0..count {
            let position = peer.response().position();
            assert!(position > before, "{position} after {before}");
            before = position;
        }
        writing.join().unwrap();
    }
}

#[test]
fn a_peer_that_leaves_is_forgotten_and_what_it_published_is_not() {
    let server = Server::start();
    for (position, channel) in [(1, "live/a"), (1, "kept/a")] {
        let mut leaving = server.peer();
        leaving.post(&format!("/c/{channel}"), "x").half_close();
        assert_eq!(leaving.response().position(), position);
        leaving.assert_closed();
        server.peer().post(&format!("/c/{channel}"), "x");
    }
    until("both are gone", || server.running().sockets() == 0);
}

#[test]
fn a_request_of_another_kind_may_follow() {
    let server = Server::start();
    let mut peer = server.peer();
    peer.post("/c/kept/a", "one").post_chunked("/c/kept/a", "two").post("/c/kept/a", "three").get("/hello");
    for position in 1..=3 {
        assert_eq!(peer.response().position(), position);
    }
    assert_eq!(peer.response().body, "GET /hello with 0 bytes");
    assert_eq!(peer.post("/c/kept/a", "four").get("/c/kept/a?via=ndjson&last=4").response().position(), 4);
    assert_eq!(peer.head().status, 200);
    assert!(peer.chunks_to("four").contains("three"));
}

#[test]
fn what_follows_a_read_that_was_full_is_read_too() {
    let server = Server::start();
    for channel in ["live/a", "kept/a"] {
        let head =
            |length| format!("POST /c/{channel} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        let body = limits::READ_BYTES - head(limits::READ_BYTES).len();
        let full = head(body) + &"x".repeat(body);
        assert_eq!(full.len(), limits::READ_BYTES);
        let mut peer = server.peer();
        peer.send(full + &head(1) + "y");
        assert_eq!([peer.response().position(), peer.response().position()], [1, 2]);
    }
}

#[test]
fn a_refusal_keeps_the_connection() {
    let server = Server::start();
    let mut peer = server.peer();
    let large = "x".repeat(limits::READ_BYTES - 200);
    let keyed = |body: &str| {
        let length = body.len();
        format!(
            "POST /c/a HTTP/1.1\r\nHost: x\r\nIdempotency-Key: k\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    assert_eq!(peer.send(keyed("one")).response().status, 201);
    assert_eq!(peer.send(keyed("one")).response().status, 200);
    let refused = peer.send(keyed("two")).response();
    assert_eq!((refused.status, refused.header("connection")), (422, None));
    assert_eq!(peer.post("/c/a", &large).response().status, 201);
}
