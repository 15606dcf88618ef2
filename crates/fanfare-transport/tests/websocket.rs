//! WebSockets: what is asked and answered, who is cut off and why, and that nobody else feels it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use fanfare_proto::websocket::{Decoder, Deflater, Inflater, Received};
use serde_json::{Value, json};
use std::time::Duration;
use support::{Server, Talk, frame};

const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";

#[test]
fn one_conversation_hears_asks_and_publishes() {
    let server = Server::start();
    server.publish("a/old", "before");
    let mut talk = Talk::open(&server, "/subscribe");
    assert!(talk.json()["cursor"].is_string(), "where it begins comes first");
    talk.say(r#"{"id":1,"subscribe":"b"}"#);
    assert_eq!(talk.reply(), json!({"reply": 1, "subscribe": {"channels": ["b"]}}));
    talk.say(r#"{"id":2,"subscribe":["a/**"],"last":5}"#);
    assert_eq!(talk.reply(), json!({"reply": 2, "subscribe": {"channels": ["a/**", "b"]}}));
    let past = talk.json();
    assert_eq!((&past["body"], past.get("cursor")), (&json!("before"), None), "{past}");
    let caught_up = talk.json();
    assert!(caught_up["reply"] == 2 && caught_up["cursor"].is_string(), "{caught_up}");
    talk.say(r#"{"id":"p","publish":{"channel":"a/new","body":{"n":1}}}"#);
    let (mut heard, mut receipt) = (talk.json(), talk.json());
    if heard.get("reply").is_some() {
        std::mem::swap(&mut heard, &mut receipt);
    }
    assert_eq!((&receipt["reply"], &receipt["publish"]["channel"]), (&json!("p"), &json!("a/new")));
    assert!(heard["body"] == json!({"n": 1}) && heard["cursor"] == receipt["publish"]["cursor"], "{heard}");
    talk.say(r#"{"id":3,"unsubscribe":"a/**"}"#);
    assert_eq!(talk.reply(), json!({"reply": 3, "unsubscribe": {"channels": ["b"]}}));
    server.publish("a/new", "nobody");
    server.publish("b", "somebody");
    assert_eq!(talk.json()["body"], "somebody");
    talk.say(r#"{"id":4,"history":"a/*","limit":1}"#);
    let page = talk.reply();
    assert_eq!(page["history"]["messages"][0]["body"], "nobody", "{page}");
    talk.say(r#"{"id":5,"session":true}"#);
    assert_eq!(talk.reply()["session"]["channels"], json!(["b"]));
}

#[test]
fn what_is_published_for_later_is_answered_with_its_schedule() {
    let server = Server::start();
    let mut talk = Talk::open(&server, "/c/a");
    talk.json();
    talk.say(r#"{"id":1,"publish":{"channel":"a","body":"later","delay":"1h"}}"#);
    let later = talk.reply();
    assert!(later["publish"]["schedule"].is_string() && later["publish"]["at"].is_string(), "{later}");
    talk.say(r#"{"id":2,"publish":{"channel":"a","body":"never","delay":"400d"}}"#);
    assert_eq!(talk.reply()["error"]["name"], "bad-field");
    talk.say(r#"{"id":3,"publish":{"channel":"b","body":"now","at":1}}"#);
    assert_eq!(talk.reply()["publish"]["channel"], "b");
    talk.say(r#"{"id":4,"subscribe":"b","last":1}"#);
    talk.reply();
    // It is published by another thread: before the subscription has caught up, or after.
    let heard = std::iter::from_fn(|| Some(talk.json())).find(|item| !item["caught_up"].is_boolean());
    assert_eq!(heard.unwrap()["body"], "now");
}

#[test]
fn what_is_wrong_with_a_request_is_said_and_the_session_goes_on() {
    let server = Server::start();
    let mut talk = Talk::open(&server, "/c/a");
    for (request, id, name, why) in [
        ("nonsense", Value::Null, "bad-json", "JSON object"),
        ("[]", Value::Null, "bad-json", "JSON object"),
        (r#"{"id":{},"ping":true}"#, Value::Null, "bad-field", "id: it is a number or text"),
        (r#"{"id":1}"#, json!(1), "bad-field", "asks for nothing"),
        (r#"{"id":2,"pnig":true}"#, json!(2), "unknown-field", "`ping`?"),
        (r#"{"id":3,"ping":true,"session":true}"#, json!(3), "bad-field", "two requests"),
        (r#"{"id":4,"subscribe":[]}"#, json!(4), "bad-field", "names no channel"),
        (r#"{"id":5,"subscribe":"a//b"}"#, json!(5), "bad-name", "empty"),
        (r#"{"id":6,"subscribe":"b","lst":3}"#, json!(6), "unknown-field", "`last`?"),
        (r#"{"id":7,"subscribe":"b","after":"x"}"#, json!(7), "bad-cursor", "after"),
        (r#"{"id":8,"unsubscribe":"b"}"#, json!(8), "not-found", "`b`"),
        (r#"{"id":9,"publish":{"channel":"b","bdy":1}}"#, json!(9), "unknown-field", "`body`?"),
        (r#"{"id":10,"history":"b","before":"x"}"#, json!(10), "bad-cursor", "before"),
        (r#"{"id":11,"history":"b","limit":0}"#, json!(11), "bad-field", "1 to 1000"),
    ] {
        let reply = talk.say(request).reply();
        assert_eq!((&reply["reply"], &reply["error"]["name"]), (&id, &json!(name)), "{request}: {reply}");
        assert!(reply["error"]["detail"].as_str().unwrap().contains(why), "{request}: {reply}");
    }
    assert_eq!(talk.say(r#"{"id":12,"session":1}"#).reply()["session"]["channels"], json!(["a"]));
}

#[test]
fn what_breaks_the_protocol_is_closed_with_its_code_and_others_hear_everything() {
    let server = Server::start();
    let mut others: Vec<Talk> = (0..3).map(|_| Talk::open(&server, "/c/a")).collect();
    let bomb = Deflater::default().deflate(&vec![0; 50_000_000], 15).unwrap();
    let gigabyte = [&[0x82, 0xff][..], &(1u64 << 30).to_be_bytes(), &[0; 4]].concat();
    let cases = [
        (b"\x81\x02hi".to_vec(), 1002),
        (frame(0xb1, b"x"), 1002),
        (frame(0x83, b"x"), 1002),
        (frame(0x09, b"x"), 1002),
        (frame(0x89, &[0; 126]), 1002),
        (frame(0x80, b"x"), 1002),
        (frame(0x88, b"\x03\xee"), 1002),
        ([frame(0x01, b"\xc3"), frame(0x80, b"(")].concat(), 1007),
        (frame(0x82, b"{}"), 1003),
        (gigabyte, 1009),
        (frame(0xc1, &bomb), 1009),
        (frame(0xc1, b"\xff\xff"), 1007),
    ];
    for (index, (bytes, code)) in cases.iter().enumerate() {
        let mut talk = Talk::with(&server, "/c/a", DEFLATE);
        talk.peer.send(bytes);
        let (closed, reason) = talk.closed();
        assert!(closed == *code && !reason.is_empty(), "{bytes:?}: {closed} {reason}");
        server.publish("a", &index.to_string());
    }
    for other in &mut others {
        let heard: Vec<Value> = (0..=cases.len()).map(|_| other.json()).collect();
        assert!(
            heard[1..]
                .iter()
                .zip(0..)
                .all(|(heard, index)| heard["body"].as_str() == Some(&index.to_string())),
            "{heard:?}"
        );
    }
    server.until_sessions(3);
}

#[test]
fn a_request_may_come_in_parts_and_compressed() {
    let server = Server::start();
    let mut talk = Talk::with(&server, "/subscribe", DEFLATE);
    let request = format!(r#"{{"id":1,"publish":{{"channel":"a","body":"{}"}}}}"#, "x".repeat(40_000));
    let deflated = Deflater::default().deflate(request.as_bytes(), 15).unwrap();
    let (begun, rest) = deflated.split_at(deflated.len() / 2);
    talk.frame(0x41, begun).frame(0x89, b"between").frame(0x80, rest);
    let mut seen = (false, false);
    while seen != (true, true) {
        match talk.hear() {
            (0x8a, payload) => seen.0 = payload == b"between",
            (first @ (0x81 | 0xc1), payload) => {
                seen.1 |= read(first, &payload).contains(r#""reply":1,"publish""#)
            }
            (0x89, _) => {}
            other => panic!("{other:?}"),
        }
    }
    talk.say(r#"{"id":2,"history":"a"}"#);
    // The page is compressed, too.
    let (first, page) = talk.hear();
    assert!(first == 0xc1 && page.len() < 1000, "{first:x} {}", page.len());
    assert!(read(first, &page).contains(&"x".repeat(40_000)));
}

/// A text, compressed or not.
fn read(first: u8, payload: &[u8]) -> String {
    let (mut decoder, mut inflater) = (Decoder::new(100_000, true), Inflater::default());
    match decoder.read(&frame(first, payload), &mut inflater).unwrap().1 {
        Some(Received::Text(text)) => text.to_owned(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn answers_that_nobody_takes_stop_the_reading_and_none_is_lost() {
    const REQUESTS: usize = 60_000;
    let server = Server::start();
    let mut talk = Talk::open(&server, "/subscribe");
    let mut sender = talk.peer.stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || {
        let request = |id: usize| match id % 3 {
            0 => format!(r#"{{"id":{id},"ping":true}}"#),
            1 => format!(r#"{{"id":{id},"publish":{{"channel":"live/a","body":"{id}"}}}}"#),
            _ => format!(r#"{{"id":{id},"session":true}}"#),
        };
        for first in (0..REQUESTS).step_by(100) {
            let bytes: Vec<u8> =
                (first..first + 100).flat_map(|id| frame(0x81, request(id).as_bytes())).collect();
            std::io::Write::write_all(&mut sender, &bytes).unwrap();
        }
    });
    // Somebody else on the same worker is answered meanwhile.
    let mut other = Talk::open(&server, "/c/b");
    server.publish("b", "fine");
    other.json();
    assert_eq!(other.json()["body"], "fine");
    let (mut pings, mut places) = (0, Vec::new());
    for _ in 0..REQUESTS {
        let reply = talk.reply();
        pings += usize::from(reply.get("ping").is_some() || reply.get("session").is_some());
        places.extend(reply["publish"]["position"].as_u64());
    }
    assert_eq!((pings, places.len()), (REQUESTS - REQUESTS / 3, REQUESTS / 3));
    assert!(places.is_sorted(), "publishes are ordered as they were sent");
    writer.join().unwrap();
}

#[test]
fn a_peer_that_answers_no_ping_is_closed_and_one_that_does_is_not() {
    let server = Server::with(|options| options.patience.alive = Duration::from_millis(300));
    let mut deaf = Talk::open(&server, "/c/a");
    let mut sound = Talk::open(&server, "/c/a");
    let mut pings = 0;
    while pings < 6 {
        if sound.hear().0 == 0x89 {
            sound.frame(0x8a, b"");
            pings += 1;
        }
    }
    server.until_sessions(1);
    deaf.peer.read_end_bytes();
    server.publish("a", "still here");
    while sound.json().get("body").is_none() {}
}

#[test]
fn conversations_end_by_either_side() {
    let server = Server::start();
    let mut talk = Talk::open(&server, "/c/a");
    talk.frame(0x88, b"\x0f\xa1bye").say(r#"{"id":1,"ping":true}"#);
    assert_eq!(talk.closed(), (4001, String::new()), "the code is given back, and nothing is heard after it");
    let mut gone = Talk::open(&server, "/c/a");
    gone.json();
    gone.peer.half_close();
    assert_eq!(gone.peer.read_end_bytes(), b"", "who leaves without a word hears none");
    // This one never answers the server's close frame.
    let mut silent = Talk::open(&server, "/c/a");
    silent.json();
    server.running().drain(Duration::ZERO);
    let told = silent.json();
    assert_eq!(told["closing"]["name"], "draining", "{told}");
    let (code, reason) = silent.closed();
    assert!(code == 1012 && reason.contains("draining"), "{code} {reason}");
    server.join();
}

#[test]
fn bodies_alone_come_as_text_or_bytes_and_nothing_is_heard() {
    let server = Server::start();
    let mut talk = Talk::open(&server, "/c/a?as=body");
    server.until_sessions(1);
    server.publish("a", "text");
    server.publish_bytes("a", b"\xff\x00");
    assert_eq!(talk.hear(), (0x81, b"text".to_vec()));
    assert_eq!(talk.hear(), (0x82, b"\xff\x00".to_vec()));
    assert_eq!(talk.say("hello?").closed().0, 1003);
}

#[test]
fn bodies_alone_over_a_held_open_response() {
    let server = Server::start();
    let mut peer = server.peer();
    let head = peer.get("/c/a?via=raw").head();
    assert_eq!((head.status, head.header("content-type")), (200, Some("application/octet-stream")));
    server.until_sessions(1);
    server.publish("a", "one\n");
    server.publish("a", "two\n");
    assert_eq!(peer.chunks_to("two\n"), "one\ntwo\n");
}
