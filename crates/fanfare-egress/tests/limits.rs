//! What a peer may do to us: nothing beyond the limits.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[allow(dead_code, reason = "each test file uses its part")]
mod door;

use door::{Peer, answer, client, local, target};
use fanfare_egress::{Call, Client, EgressError, Options, Step};
use std::net::TcpListener;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(200);

async fn error(client: &Client, peer: &Peer) -> EgressError {
    client.send(Call::get(target(&peer.url("/")))).await.unwrap_err()
}

#[tokio::test]
async fn a_peer_that_hangs_is_left() {
    let peer = Peer::new("127.0.0.1:0", |_| None);
    let client = client(Options { time: SHORT, ..local() });
    let error = error(&client, &peer).await;
    assert!(matches!(error, EgressError::Timeout { step: Step::Whole, allowed: SHORT }), "{error}");
}

#[tokio::test]
async fn a_peer_that_stops_in_the_middle_is_left_or_told() {
    let begun =
        Peer::new("127.0.0.1:0", |_| Some(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec()));
    let error_of = error(&client(local()), &begun).await;
    assert!(matches!(error_of, EgressError::Broken(_)), "{error_of}");
    let other = Peer::new("127.0.0.1:0", |_| Some(b"SSH-2.0-x\r\n\r\n".to_vec()));
    let error_of = error(&client(local()), &other).await;
    assert!(matches!(error_of, EgressError::Broken(_)), "{error_of}");
}

#[tokio::test]
async fn a_handshake_that_does_not_go_on_is_left_in_the_time_to_connect() {
    // The kernel connects; nobody ever answers the first record.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = client(Options { connect_time: SHORT, ..local() });
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let error = client.send(Call::get(target(&url))).await.unwrap_err();
    assert!(matches!(error, EgressError::Timeout { step: Step::Connect, .. }), "{error}");
}

#[tokio::test]
async fn nobody_there_says_so() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client(local()).send(Call::get(target(&format!("http://{gone}/")))).await.unwrap_err();
    assert!(matches!(error, EgressError::Connect { .. }), "{error}");
}

#[tokio::test]
async fn large_answers_are_not_taken() {
    let large = "x".repeat(64 * 1024 + 1);
    let body = Peer::new("127.0.0.1:0", move |_| answer("200 OK", "", &large));
    assert!(matches!(error(&client(local()), &body).await, EgressError::BodyTooLarge { allowed: 65536 }));
    let chunks = format!("1000\r\n{}\r\n", "x".repeat(4096)).repeat(17);
    let endless = Peer::new("127.0.0.1:0", move |_| {
        Some(format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunks}").into_bytes())
    });
    assert!(matches!(error(&client(local()), &endless).await, EgressError::BodyTooLarge { .. }));
    let head =
        Peer::new("127.0.0.1:0", |_| answer("200 OK", &format!("x: {}\r\n", "x".repeat(17 * 1024)), ""));
    let error_of = error(&client(local()), &head).await;
    assert!(matches!(error_of, EgressError::HeadTooLarge { allowed: 16384 }), "{error_of}");
    let lines = Peer::new("127.0.0.1:0", |_| answer("200 OK", &"x: y\r\n".repeat(65), ""));
    let error_of = error(&client(local()), &lines).await;
    assert!(matches!(error_of, EgressError::HeadTooLarge { .. }), "{error_of}");
    let exact = "x".repeat(64 * 1024);
    let fits = Peer::new("127.0.0.1:0", move |_| answer("200 OK", "", &exact));
    let whole = client(local()).send(Call::get(target(&fits.url("/")))).await.unwrap();
    assert_eq!(whole.body.len(), 64 * 1024);
}

#[tokio::test]
async fn a_target_that_hangs_takes_its_own_places_and_all_take_what_there_is() {
    let hangs = Peer::new("127.0.0.1:0", |_| None);
    let good = Peer::new("127.0.0.1:0", |_| answer("200 OK", "", ""));
    let client = client(Options { target_requests: 2, requests: 3, ..local() });
    let call = |peer: &Peer| {
        let (client, call) = (client.clone(), Call::get(target(&peer.url("/"))));
        tokio::spawn(async move { client.send(call).await })
    };
    let begun = [call(&hangs), call(&hangs)];
    until(|| hangs.connections() == 2).await;
    let error = call(&hangs).await.unwrap().unwrap_err();
    assert!(matches!(error, EgressError::Busy { allowed: 2, .. }), "{error}");
    assert!(call(&good).await.unwrap().is_ok());
    let other = Peer::new("127.0.0.1:0", |_| None);
    let third = call(&other);
    until(|| other.connections() == 1).await;
    let error = call(&good).await.unwrap().unwrap_err();
    assert!(matches!(error, EgressError::Busy { allowed: 3, .. }), "{error}");
    // Who leaves makes room.
    for begun in begun.into_iter().chain([third]) {
        begun.abort();
        assert!(begun.await.unwrap_err().is_cancelled());
    }
    assert!(call(&good).await.unwrap().is_ok());
}

async fn until(mut condition: impl FnMut() -> bool) {
    let whole = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), whole).await.expect("the condition never held");
}
