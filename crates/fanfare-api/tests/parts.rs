//! Webcams: a body of many parts, of which each is a message as soon as it is whole.

#![allow(clippy::unwrap_used)]

mod door;

use axum::body::Body;
use bytes::Bytes;
use door::Door;
use futures_util::stream;
use http::Request;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;

const FFMPEG: &str = "multipart/x-mixed-replace;boundary=ffmpeg";

fn frame(body: &str) -> String {
    format!("Content-type: image/jpeg\r\nContent-length: {}\r\n\r\n{body}\r\n--ffmpeg\r\n", body.len())
}

#[tokio::test]
async fn each_part_is_a_message_with_its_own_type() {
    let door = Door::open();
    let body = format!("--ffmpeg\r\n{}{}", frame("one"), frame("two"));
    for target in ["POST /c/cam?key=k", "PUT /cam?key=k"] {
        let answer = door.ask(target, &[("content-type", FFMPEG), ("tags", "room=hall")], &body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let answer = answer.json();
        assert_eq!(answer["messages"], 2);
        assert_eq!(answer["last"]["channel"], "cam");
    }
    let page = door.get("/c/cam").await.json();
    let messages = page["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 4);
    for message in messages {
        assert_eq!((&message["content_type"], &message["key"]), (&"image/jpeg".into(), &"k".into()));
        assert_eq!(message["tags"]["room"], "hall");
    }
    let latest = door.get("/c/cam/$latest").await;
    assert_eq!((latest.header("content-type"), &*latest.body), ("image/jpeg", &b"two"[..]));
}

#[tokio::test]
async fn a_part_is_there_before_the_next_one_comes() {
    let door = Door::open();
    let (send, receive) = mpsc::channel::<Bytes>(1);
    let frames = stream::unfold(receive, |mut receive| async move {
        receive.recv().await.map(|bytes| (Ok::<_, Infallible>(bytes), receive))
    });
    let request =
        Request::post("/c/cam").header("content-type", FFMPEG).body(Body::from_stream(frames)).unwrap();
    let publishing = door.send(request);
    let camera = async {
        send.send("--ffmpeg\r\n".into()).await.unwrap();
        for number in 1..=20 {
            send.send(frame(&number.to_string()).into()).await.unwrap();
            let shown = async {
                while door.get("/c/cam").await.json()["messages"].as_array().unwrap().len() < number {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), shown).await.unwrap();
        }
        drop(send);
    };
    let (answer, ()) = tokio::join!(publishing, camera);
    assert_eq!(answer.json()["messages"], 20);
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_published_stays() {
    let door = Door::open();
    let good = format!("--ffmpeg\r\n{}", frame("one"));
    let large = "x".repeat(11);
    for (target, content_type, body, status, why) in [
        ("POST /c/cam", "multipart/x-mixed-replace", good.clone(), 400, "`boundary`"),
        ("POST /c/cam", FFMPEG, format!("{good}Content-type: a/b\r\n\r\nhalf"), 400, "within a part"),
        ("POST /c/tiny/cam", FFMPEG, format!("{good}{}", frame(&large)), 413, "larger than the 10 bytes"),
        ("POST /c/cam?id=x", FFMPEG, good.clone(), 400, "for one message"),
        ("POST /c/cam?delay=1m", FFMPEG, good.clone(), 400, "for one message"),
        ("POST /c/cam", FFMPEG, String::new(), 400, "never says its boundary"),
        ("POST /c/cam", FFMPEG, "--ffmpeg--".to_owned(), 400, "no part"),
        (
            "POST /c/cam",
            FFMPEG,
            format!("{good}content-type: \u{e9}\r\n\r\nx\r\n--ffmpeg--"),
            400,
            "media type",
        ),
    ] {
        let answer = door.ask(target, &[("content-type", content_type)], &body).await;
        assert_eq!(answer.status, status, "{body} {answer:?}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(why), "{body} {detail}");
    }
    let heard = door.get("/c/tiny/cam").await.json();
    assert_eq!(heard["messages"].as_array().unwrap().len(), 1, "the part before the one that was too large");
}
