//! Publishing one message: the body exactly as it is, fields in headers and query.

#![allow(clippy::unwrap_used)]

mod door;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use door::Door;
use fanfare_proto::Cursor;
use http::Request;
use hyper::body::Frame;
use serde_json::json;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

#[tokio::test]
async fn a_publish_is_answered_with_its_receipt() {
    let door = Door::open();
    for method in ["POST", "PUT"] {
        let answer = door.ask(&format!("{method} /c/ops/deploys"), &[], "finished").await;
        let receipt = answer.json();
        assert_eq!((answer.status.as_u16(), &receipt["channel"]), (201, &json!("ops/deploys")));
        assert!(receipt["position"].is_u64() && receipt["id"].is_string() && !receipt["time"].is_null());
        let cursor = receipt["cursor"].as_str().unwrap();
        assert!(Cursor::parse(cursor).is_ok());
        assert_eq!(answer.header("cursor"), cursor);
        assert_eq!(answer.header("location"), format!("/c/ops/deploys/$at/{}", receipt["position"]));
        let found = door.get(answer.header("location")).await;
        assert_eq!(found.json()["body"], "finished");
    }
}

#[tokio::test]
async fn a_location_can_be_fetched_whatever_the_name() {
    let door = Door::open();
    for name in ["caf%C3%A9/%E2%98%95", "a%20b/c%3Fd%23e", "per%25cent", "semi;colon,at@plus+"] {
        let answer = door.ask(&format!("POST /c/{name}"), &[], "x").await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let found = door.get(answer.header("location")).await;
        assert_eq!(found.json()["channel"], answer.json()["channel"], "{answer:?}");
    }
}

#[tokio::test]
async fn the_same_id_is_answered_with_the_first_position() {
    let door = Door::open();
    let id = [("Idempotency-Key", "order-1")];
    let first = door.ask("POST /c/orders", &id, "one").await;
    let again = door.ask("POST /c/orders", &id, "one").await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(first.json(), again.json());
    door.refuses(&[("POST /c/orders", &id, "two", 422, "id-reused")]).await;
    assert_eq!(door.ask("POST /c/other", &id, "two").await.status, 201);
}

#[tokio::test]
async fn fields_come_from_headers_and_query() {
    let door = Door::open();
    let headers = [
        ("Key", "eurusd"),
        ("Priority", "4"),
        ("Event", "price"),
        ("Tags", "region=eu,price=1.2,open=true"),
        ("Content-Type", "application/json"),
        ("TTL", "60"),
    ];
    let by_header = door.ask("POST /c/market", &headers, r#"{"bid":1.2}"#).await;
    let target =
        "POST /c/market?key=eurusd&priority=4&event=price&tags=region%3Deu,price%3D1.2,open%3Dtrue&ttl=60";
    let by_query = door.ask(target, &[("Content-Type", "application/json")], r#"{"bid":1.2}"#).await;
    for answer in [by_header, by_query] {
        let message = door.get(answer.header("location")).await.json();
        assert_eq!(message["key"], "eurusd");
        assert_eq!(message["priority"], 4);
        assert_eq!(message["event"], "price");
        assert_eq!(message["tags"], json!({"region": "eu", "price": 1.2, "open": true}));
        assert_eq!(message["body"], json!({"bid": 1.2}));
        assert!(!message["expires"].is_null(), "{message}");
    }
}

#[tokio::test]
async fn short_names_publish_too() {
    let door = Door::open();
    for method in ["POST", "PUT"] {
        let answer = door.ask(&format!("{method} /alerts?priority=5"), &[], "fire").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["channel"]), (201, &json!("alerts")));
        assert_eq!(door.get(answer.header("location")).await.json()["priority"], 5);
    }
}

#[tokio::test]
async fn what_clients_of_ntfy_send_is_not_lost() {
    let door = Door::open();
    let headers = [("X-Title", "Backups"), ("X-Priority", "5"), ("X-Tags", "skull"), ("Click", "/log")];
    let answer = door.ask("POST /backups", &headers, "failed").await;
    let message = door.get(answer.header("location")).await.json();
    assert_eq!(message["notice"], json!({"title": "Backups", "click": "/log"}));
    assert_eq!((&message["priority"], &message["tags"]), (&json!(5), &json!({"skull": true})));
    let later = door.ask("POST /backups", &[("X-Delay", "30m")], "x").await;
    assert_eq!((later.status.as_u16(), &later.json()["channel"]), (202, &json!("backups")));
    door.refuses(&[("POST /backups", &[("X-At", "tomorrow, 10am")], "x", 400, "bad-field")]).await;
}

#[tokio::test]
async fn bad_publishes_are_refused_with_a_reason() {
    let door = Door::open();
    let long = format!("POST /c/{}", "a".repeat(300));
    let deep = format!("POST /c/{}", ["a"; 40].join("/"));
    door.refuses(&[
        ("POST /c/", &[], "x", 400, "bad-name"),
        ("POST /c/a//b", &[], "x", 400, "bad-name"),
        ("POST /c/a/../b", &[], "x", 400, "bad-name"),
        ("POST /c/a/%2E%2E/b", &[], "x", 400, "bad-name"),
        ("POST /c/a%2Fb", &[], "x", 400, "bad-name"),
        ("POST /c/a/*", &[], "x", 400, "bad-name"),
        ("POST /c/a%00b", &[], "x", 400, "bad-name"),
        ("POST /c/a%E2%80%AEb", &[], "x", 400, "bad-name"),
        ("POST /c/%FF", &[], "x", 400, "bad-name"),
        ("POST /c/cafe%CC%81", &[], "x", 400, "bad-name"),
        (&long, &[], "x", 400, "bad-name"),
        (&deep, &[], "x", 400, "bad-name"),
        ("POST /c/$system", &[], "x", 403, "forbidden"),
        ("POST /c/a/$unknown", &[], "x", 404, "not-found"),
        ("POST /c/a?prioritty=1", &[], "x", 400, "unknown-field"),
        ("POST /c/a?priority=9", &[], "x", 400, "bad-field"),
        ("POST /c/a", &[("Priority", "highest")], "x", 400, "bad-field"),
        ("POST /c/a", &[("TTL", "soon")], "x", 400, "bad-field"),
        ("POST /c/a", &[("Tags", "=")], "x", 400, "bad-field"),
        ("POST /c/a", &[("Content-Encoding", "gzip")], "x", 400, "bad-field"),
        ("POST /c/tiny", &[], "12345678901", 413, "too-large"),
        ("PUT /tiny", &[], "12345678901", 413, "too-large"),
        ("POST /mqtt", &[], "x", 400, "bad-name"),
        ("POST /subscribe", &[], "x", 405, "method-not-allowed"),
        ("POST /$a", &[], "x", 403, "forbidden"),
        ("POST /a*", &[], "x", 400, "bad-name"),
    ])
    .await;
}

#[tokio::test]
async fn a_body_that_says_it_is_too_long_is_not_read() {
    let door = Door::open();
    let read = Arc::new(AtomicUsize::new(0));
    let request = Request::post("/c/tiny").header("Content-Length", "11");
    let answer = door.send(request.body(counted(&read, 11)).unwrap()).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(read.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_body_without_length_is_read_no_further_than_its_limit() {
    let door = Door::open();
    let read = Arc::new(AtomicUsize::new(0));
    let answer = door.send(Request::post("/c/tiny").body(counted(&read, 1000)).unwrap()).await;
    assert_eq!(answer.status, 413, "{answer:?}");
    assert_eq!(read.load(Ordering::SeqCst), 11);
    let answer = door.send(Request::post("/c/tiny").body(counted(&read, 10)).unwrap()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

fn counted(read: &Arc<AtomicUsize>, left: usize) -> Body {
    read.store(0, Ordering::SeqCst);
    Body::new(Counted { read: read.clone(), left })
}

/// A body of frames of one byte, which counts those that were asked for.
struct Counted {
    read: Arc<AtomicUsize>,
    left: usize,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        self.left = left;
        self.read.fetch_add(1, Ordering::SeqCst);
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
    }
}

#[tokio::test]
async fn a_server_that_ends_tells_publishers_to_come_back() {
    let door = Door::open();
    door.node.drain();
    let answer = door.ask("POST /c/a", &[], "x").await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (503, "draining"));
    assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{answer:?}");
}
