//! The end: readers are told when to come back, requests in progress are answered, and everything is closed.

mod support;

use std::net::TcpStream;
use std::time::Duration;
use support::{Server, until};

const WINDOW: Duration = Duration::from_secs(60);

#[test]
fn readers_are_told_to_come_back_each_at_its_own_moment() {
    let server = Server::with(|options| options.workers = 2);
    let mut streams: Vec<_> = (0..300).map(|_| server.peer()).collect();
    for stream in &mut streams {
        stream.get("/c/a?via=sse").head();
    }
    let mut poll = server.peer();
    poll.get("/c/a?wait=300");
    server.until_sessions(301);
    server.running().drain(WINDOW);
    let mut retries: Vec<u64> = Vec::new();
    for stream in &mut streams {
        let last = stream.read_end();
        assert!(last.contains("1001") && last.ends_with("0\r\n\r\n"), "{last}");
        let retry = last.lines().filter_map(|line| line.strip_prefix("retry: ")).next_back().unwrap();
        retries.push(retry.trim().parse().unwrap());
    }
    assert!(retries.iter().all(|retry| *retry <= 60_000));
    let spread = retries.iter().max().unwrap() - retries.iter().min().unwrap();
    assert!(spread > 30_000, "{spread}");
    let answer = poll.response();
    assert_eq!((answer.status, answer.code()), (503, 1001));
    poll.assert_closed();
    drop((streams, poll));
    server.join();
}

#[test]
fn requests_in_progress_are_answered_and_new_connections_are_not_taken() {
    let server = Server::start();
    let mut publisher = server.peer();
    publisher.send("POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhe");
    let mut idle = server.peer();
    assert_eq!(idle.post("/c/a", "x").response().status, 201);
    let mut silent = server.peer();
    until("all arrived", || server.running().sockets() == 3);
    server.running().drain(WINDOW);
    idle.assert_closed();
    silent.assert_closed();
    until("the listener is closed", || TcpStream::connect(server.address).is_err());
    publisher.send("re");
    let answer = publisher.response();
    assert_eq!((answer.status, answer.header("connection")), (201, Some("close")));
    publisher.assert_closed();
    server.join();
}

#[test]
fn a_reader_that_does_not_read_cannot_hold_the_end_up() {
    let server = Server::with(|options| options.patience.drain = Duration::from_millis(500));
    let mut frozen = server.peer();
    frozen.get("/c/live/a?via=sse");
    let mut stuck = server.peer();
    stuck.get("/never");
    let mut half = server.peer();
    half.send("GET /c/a?via=s");
    server.until_sessions(1);
    let body = "x".repeat(60_000);
    (0..200).for_each(|_| server.publish("live/a", &body));
    server.running().drain(WINDOW);
    server.join();
}
