//! Doors: what a request publishes, bare and as envelopes, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod headers;

use bytes::Bytes;
use fanfare_proto::{
    Batch, Channel, Code, Cursor, Form, Message, Position, Publish, Query, Refusal, TagValue, Time, envelope,
    limits, read_bare, read_batch,
};
use proptest::prelude::*;
use std::time::Duration;

/// Publishes bare to `a/b`.
fn bare(query: &str, headers: &[(&str, &str)], body: &str) -> Result<Publish, Refusal> {
    let header = |name: &'static str| {
        headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value.as_bytes())
    };
    let channel = Channel::parse("a/b").unwrap();
    read_bare(channel, &Query::parse(query).unwrap(), header, Bytes::copy_from_slice(body.as_bytes()))
}

fn one(body: &str) -> Result<Publish, Refusal> {
    match read_batch(Some("application/json"), body.as_bytes()) {
        Ok(Batch::One(result)) => result,
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_bare_publish_takes_its_fields_from_headers_and_query() {
    let headers = [
        ("key", "eurusd"),
        ("ttl", "1h"),
        ("priority", "High"),
        ("event", "price"),
        ("tags", "region=eu,price=1.2"),
        ("notice", r#"{"title":"Done"}"#),
        ("idempotency-key", "order-1"),
        ("content-type", "application/json; charset=utf-8"),
    ];
    let by_header = bare("", &headers, "{}\n").unwrap();
    let query = "key=eurusd&ttl=3600&priority=4&event=price&tags=region%3Deu,price%3D1.2&id=order-1\
                 &notice=%7B%22title%22:%22Done%22%7D&content_type=application/json;%20charset=utf-8";
    assert_eq!(bare(query, &[("key", "beaten")], "{}\n").unwrap(), by_header);
    assert_eq!(by_header.id.as_deref(), Some("order-1"));
    assert_eq!(by_header.ttl, Some(Duration::from_secs(3600)));
    let content = by_header.content;
    assert_eq!((content.key.as_deref(), content.priority), (Some("eurusd"), Some(4)));
    assert_eq!(
        (content.event.as_deref(), content.notice.as_deref()),
        (Some("price"), Some(r#"{"title":"Done"}"#))
    );
    assert_eq!(content.tags.get("price"), Some(&TagValue::Number(1.2)));
    assert_eq!(content.content_type.as_deref(), Some("application/json; charset=utf-8"));
    assert_eq!(&content.body[..], b"{}\n");
}

#[test]
fn bad_fields_are_named() {
    let long = "x".repeat(limits::FIELD_BYTES + 1);
    let title = "x".repeat(limits::NOTICE_BYTES);
    let notice = format!(r#"{{"title":"{title}"}}"#);
    for (query, headers, code, why) in [
        ("prioritty=1", vec![], Code::UNKNOWN_FIELD, "`priority`?"),
        ("at=soon", vec![], Code::BAD_FIELD, "at: `soon` is not an RFC 3339 time"),
        ("at=5&delay=5", vec![], Code::BAD_FIELD, "not both"),
        ("", vec![("deletes", "0")], Code::BAD_FIELD, "deletes: `0` is not the position of a message"),
        ("replaces=soon", vec![], Code::BAD_FIELD, "replaces: `soon` is not the position of a message"),
        ("replaces=5", vec![("deletes", "5")], Code::BAD_FIELD, "give `replaces` or `deletes`, not both"),
        ("replaces=5&at=5", vec![], Code::BAD_FIELD, "replaces: an edit or a delete is done at once"),
        ("replaces=5&ttl=0", vec![], Code::BAD_FIELD, "replaces: an edit has to be kept"),
        ("deletes=5&key=k", vec![], Code::BAD_FIELD, "deletes: a delete says nothing else"),
        ("deletes=5&ttl=5", vec![], Code::BAD_FIELD, "deletes: a delete says nothing else"),
        ("", vec![("delay", "tomorrow")], Code::BAD_FIELD, "delay: `tomorrow` is not a duration"),
        ("", vec![("x-at", "30m")], Code::BAD_FIELD, "at: `30m` is not an RFC 3339 time"),
        ("", vec![("title", &*title)], Code::BAD_FIELD, "4096 are allowed"),
        ("priority=9", vec![], Code::BAD_FIELD, "priority: `9`"),
        ("priority=0", vec![], Code::BAD_FIELD, "priority"),
        ("", vec![("priority", "urgent")], Code::BAD_FIELD, "min, low, default, high, max"),
        ("", vec![("ttl", "soon")], Code::BAD_FIELD, "ttl: `soon`"),
        ("ttl=-1", vec![], Code::BAD_FIELD, "ttl"),
        ("ttl=99999999999", vec![], Code::BAD_FIELD, "at most"),
        ("", vec![("tags", "=")], Code::BAD_FIELD, "tags"),
        ("", vec![("event", "$gap")], Code::BAD_FIELD, "event: names that begin with `$`"),
        ("event=a%0Ab", vec![], Code::BAD_FIELD, "control character"),
        ("key=", vec![], Code::BAD_FIELD, "key: it is empty"),
        ("key=a&key=b", vec![], Code::BAD_FIELD, "twice"),
        ("", vec![("key", &*long)], Code::BAD_FIELD, "257 bytes"),
        ("", vec![("idempotency-key", &*long)], Code::BAD_FIELD, "257 bytes"),
        ("", vec![("notice", "[]")], Code::BAD_FIELD, "notice"),
        ("", vec![("notice", "{")], Code::BAD_FIELD, "notice"),
        ("", vec![("notice", &*notice)], Code::BAD_FIELD, "4096 are allowed"),
        ("", vec![("content-type", "json")], Code::BAD_FIELD, "`json` is not a media type"),
        ("content_type=a/b%0A", vec![], Code::BAD_FIELD, "control character"),
        ("content_type=a/b;%C3%A9", vec![], Code::BAD_FIELD, "media type"),
    ] {
        let refusal = bare(query, &headers, "x").expect_err(query);
        assert_eq!(refusal.code, code, "{query} {headers:?}: {refusal}");
        assert!(refusal.detail.contains(why), "{query} {headers:?}: {refusal}");
    }
    let channel = Channel::parse("a").unwrap();
    let header = |name: &str| (name == "key").then_some(&b"\xff"[..]).into_iter();
    let refusal = read_bare(channel, &Query::default(), header, Bytes::new()).unwrap_err();
    assert!(refusal.detail.contains("not UTF-8"), "{refusal}");
}

#[test]
fn an_envelope_has_the_same_fields() {
    let publish = one(
        r#"{"channel":"a/b","key":"k","ttl":"1m","priority":5,"event":"e","tags":{"n":1,"t":"x","b":true},
            "notice":{"title": "t"},"id":"one","content_type":"text/plain","body":"hello\n"}"#,
    )
    .unwrap();
    assert_eq!((publish.channel.as_str(), publish.id.as_deref()), ("a/b", Some("one")));
    assert_eq!((publish.ttl, publish.content.priority), (Some(Duration::from_secs(60)), Some(5)));
    assert_eq!(publish.content.tags.len(), 3);
    assert_eq!(publish.content.notice.as_deref(), Some(r#"{"title": "t"}"#));
    assert_eq!(&publish.content.body[..], b"hello\n");
    let named =
        one(r#"{"channel":"a","priority":"max","ttl":90,"key":null,"tags":null,"notice":null,"body":""}"#)
            .unwrap();
    assert_eq!((named.content.priority, named.ttl), (Some(5), Some(Duration::from_secs(90))));
    assert_eq!((named.content.key, named.content.body.len()), (None, 0));
}

#[test]
fn a_body_is_text_json_or_bytes() {
    let json = Some("application/json");
    for (fields, content_type, body) in [
        (r#""body":"text \u00e9""#, None, "text \u{e9}".as_bytes()),
        (r#""body":{"a": [1, 2.50]}"#, json, br#"{"a": [1, 2.50]}"#),
        (r#""body":12345678901234567890.0"#, json, b"12345678901234567890.0"),
        (r#""body":false"#, json, b"false"),
        (r#""body":"""#, None, b""),
        (r#""body":null,"key":"k""#, None, b""),
        (r#""tags":{"a":1}"#, None, b""),
        (r#""notice":{"title":"t"}"#, None, b""),
        (r#""event":"e""#, None, b""),
        (r#""body":null,"content_type":"application/json""#, json, b"null"),
        (r#""body":"x","content_type":"application/json""#, json, br#""x""#),
        (r#""body":[1],"content_type":"application/geo+json""#, Some("application/geo+json"), b"[1]"),
        (r#""body":"{}","content_type":"text/html""#, Some("text/html"), b"{}"),
        (r#""body_base64":"/wA=""#, None, b"\xff\0"),
        (r#""body_base64":"/wA","body":null"#, None, b"\xff\0"),
        (r#""body_base64":"","content_type":"image/png""#, Some("image/png"), b""),
    ] {
        let publish = one(&format!(r#"{{"channel":"a",{fields}}}"#)).expect(fields);
        assert_eq!(publish.content.content_type.as_deref(), content_type, "{fields}");
        assert_eq!(&publish.content.body[..], body, "{fields}");
    }
}

#[test]
fn bad_envelopes_are_named() {
    let deep = format!(r#"{{"channel":"a","body":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
    for (text, code, why) in [
        ("{}", Code::BAD_FIELD, "channel: it is missing"),
        (r#"{"channel":null}"#, Code::BAD_FIELD, "channel: it is missing"),
        (r#"{"channel":"a"}"#, Code::BAD_FIELD, r#"body: it is missing; `"body":""` is"#),
        (r#"{"channel":"a","body":null}"#, Code::BAD_FIELD, "body: it is missing"),
        (r#"{"channel":"a","body_base64":null,"key":null}"#, Code::BAD_FIELD, "body: it is missing"),
        (r#"{"channel":"a","id":"1","ttl":5,"priority":3}"#, Code::BAD_FIELD, "body: it is missing"),
        (r#"{"channel":"a","bdoy":"x"}"#, Code::UNKNOWN_FIELD, "did you mean `body`?"),
        (r#"{"channel":5}"#, Code::BAD_FIELD, "channel: it is not text"),
        (r#"{"channel":"a//b"}"#, Code::BAD_NAME, "segment 2"),
        (r#"{"chanel":"a"}"#, Code::UNKNOWN_FIELD, "`channel`?"),
        (r#"{"channel":"a","bdy":1}"#, Code::UNKNOWN_FIELD, "`body`?"),
        (r#"{"channel":"a","bdy":null}"#, Code::UNKNOWN_FIELD, "`body`?"),
        (r#"{"channel":"a","position":1}"#, Code::UNKNOWN_FIELD, "given by the server"),
        (r#"{"channel":"a","replaces":1}"#, Code::BAD_FIELD, "replaces: the edit has no body"),
        (r#"{"channel":"a","replaces":-1,"body":""}"#, Code::BAD_FIELD, "replaces: it is not text"),
        (r#"{"channel":"a","deletes":1,"body":"x"}"#, Code::BAD_FIELD, "deletes: a delete says nothing else"),
        (r#"{"channel":"a","deletes":1,"replaces":1}"#, Code::BAD_FIELD, "not both"),
        (r#"{"channel":"a","edited":1,"body":""}"#, Code::UNKNOWN_FIELD, "given by the server"),
        (r#"{"channel":"a","channel":"b"}"#, Code::BAD_JSON, "`channel` is given twice"),
        (r#"{"channel":"a","key":1}"#, Code::BAD_FIELD, "key: it is not text"),
        (r#"{"channel":"a","key":"\ud800"}"#, Code::BAD_FIELD, "key: it is not text"),
        (r#"{"channel":"a","event":"$x"}"#, Code::BAD_FIELD, "event"),
        (r#"{"channel":"a","ttl":1.5}"#, Code::BAD_FIELD, "ttl"),
        (r#"{"channel":"a","ttl":-1}"#, Code::BAD_FIELD, "ttl"),
        (r#"{"channel":"a","priority":6}"#, Code::BAD_FIELD, "priority"),
        (r#"{"channel":"a","tags":{"x":[]}}"#, Code::BAD_FIELD, "tags"),
        (r#"{"channel":"a","tags":"x"}"#, Code::BAD_FIELD, "tags"),
        (r#"{"channel":"a","notice":"x"}"#, Code::BAD_FIELD, "notice"),
        (r#"{"channel":"a","body":1,"body_base64":""}"#, Code::BAD_FIELD, "not both"),
        (r#"{"channel":"a","body":1,"content_type":"text/plain"}"#, Code::BAD_FIELD, "content_type says"),
        (r#"{"channel":"a","body":["\ud800"]}"#, Code::BAD_JSON, "body"),
        (r#"{"channel":"a","body":1e999}"#, Code::BAD_JSON, "body"),
        (r#"{"channel":"a","body_base64":"!"}"#, Code::BAD_FIELD, "body_base64"),
        (&deep, Code::BAD_JSON, "nested too deep"),
    ] {
        let refusal = one(text).expect_err(text);
        assert_eq!(refusal.code, code, "{text}: {refusal}");
        assert!(refusal.detail.contains(why), "{text}: {refusal}");
    }
}

#[test]
fn the_content_type_or_the_body_tells_lines_from_json() {
    let (object, array) =
        (r#"{"channel":"a","body":{}}"#, r#" [{"channel":"a","body":""},{"channel":"b","body":""}] "#);
    let pretty = "{\n \"channel\": \"a\",\n \"body\": \"\"\n}\n";
    let lines = "{\"channel\":\"a\",\"body\":\"\"}\r\n\n {\"channel\":\"b\",\"body\":\"\"}\n";
    let (json, form) = (Some("application/json; charset=utf-8"), Some("application/x-www-form-urlencoded"));
    let ndjson = Some("application/x-ndjson");
    for (content_type, body, count) in [
        (json, object, None),
        (json, pretty, None),
        (json, array, Some(2)),
        (json, "[]", Some(0)),
        (None, object, None),
        (None, pretty, None),
        (None, array, Some(2)),
        (None, lines, Some(2)),
        (form, object, None),
        (form, lines, Some(2)),
        (ndjson, object, Some(1)),
        (ndjson, lines, Some(2)),
    ] {
        let found = match read_batch(content_type, body.as_bytes()) {
            Ok(Batch::One(Ok(_))) => None,
            Ok(Batch::Many(items)) if items.iter().all(Result::is_ok) => Some(items.len()),
            other => panic!("{content_type:?} {body}: {other:?}"),
        };
        assert_eq!(found, count, "{content_type:?} {body}");
    }
}

#[test]
fn what_is_wrong_with_one_does_not_concern_the_others() {
    let items = [
        r#"{"channel":"a","body":""}"#,
        r#"{"channel":"a//b"}"#,
        "7",
        "\"x\"",
        r#"{"channel":"c","key":"k"}"#,
    ];
    let codes = ["", "bad-name", "bad-json", "bad-json", ""];
    let array = format!("[{}]", items.join(","));
    for (content_type, body) in [("application/json", array), ("application/x-ndjson", items.join("\n"))] {
        let Ok(Batch::Many(items)) = read_batch(Some(content_type), body.as_bytes()) else {
            panic!("{body}")
        };
        let names: Vec<&str> =
            items.iter().map(|item| item.as_ref().err().map_or("", |refusal| refusal.code.name)).collect();
        assert_eq!(names, codes, "{content_type}");
    }
    let Ok(Batch::Many(items)) =
        read_batch(Some("application/x-ndjson"), b"{\"channel\":\"a\"\n{\"channel\":\"a\",\"body\":\"\"}")
    else {
        panic!("lines are read one by one")
    };
    assert_eq!((items.len(), items[0].is_err(), items[1].is_ok()), (2, true, true));
}

#[test]
fn a_body_that_is_no_batch_is_refused_whole() {
    let one = r#"{"channel":"c","body":""}"#;
    let (json, lines) = (Some("application/json"), Some("application/x-ndjson"));
    let many = |joint: &str, count: usize| vec![one; count].join(joint);
    assert!(read_batch(lines, many("\n", limits::BATCH_MESSAGES).as_bytes()).is_ok());
    assert!(read_batch(json, format!("[{}]", many(",", limits::BATCH_MESSAGES)).as_bytes()).is_ok());
    for (content_type, body, code) in [
        (lines, many("\n", limits::BATCH_MESSAGES + 1), Code::TOO_MANY),
        (json, format!("[{}]", many(",", limits::BATCH_MESSAGES + 1)), Code::TOO_MANY),
        (None, String::new(), Code::BAD_JSON),
        (json, " ".into(), Code::BAD_JSON),
        (lines, "\n\r\n".into(), Code::BAD_JSON),
        (json, "[".into(), Code::BAD_JSON),
        (json, "[1,]".into(), Code::BAD_JSON),
        (json, "[] x".into(), Code::BAD_JSON),
        (json, "\"text\"".into(), Code::BAD_JSON),
        (json, many("", 2), Code::BAD_JSON),
        (json, "{\"channel\":".into(), Code::BAD_JSON),
        (None, "hello".into(), Code::BAD_JSON),
        (Some("text/plain"), one.into(), Code::BAD_JSON),
    ] {
        let refusal = read_batch(content_type, body.as_bytes()).expect_err(&body[..body.len().min(40)]);
        assert_eq!(refusal.code, code, "{content_type:?} {refusal}");
    }
    assert_eq!(read_batch(json, b"{\"channel\":\"\xff\"}").unwrap_err().code, Code::BAD_JSON);
}

/// A message as it is shown, without what the server gives.
fn shown_again(publish: &Publish) -> String {
    let message = Message {
        channel: publish.channel.clone(),
        position: Position(1),
        previous: None,
        time: Time(0),
        id: publish.id.clone(),
        publisher: None,
        expires: None,
        content: publish.content.clone(),
    };
    let mut out = Vec::new();
    envelope(&message, Some(&Cursor::default()), Form::Envelope, &mut out);
    let mut value: serde_json::Value = serde_json::from_slice(&out).unwrap();
    ["position", "time", "cursor"]
        .iter()
        .for_each(|field| assert!(value.as_object_mut().unwrap().remove(*field).is_some()));
    value.to_string()
}

proptest! {
    /// Whatever was published, what a reader is shown can be published again as the same message.
    #[test]
    fn what_is_shown_can_be_published_again(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            "\\PC{0,40}".prop_map(String::into_bytes),
            r#"(\[|\]|\{"a":|\}|,|1|"x"|null| ){0,9}"#.prop_map(String::into_bytes),
        ],
        content_type in prop::option::of(prop::sample::select(vec!["application/json", "text/plain", "image/png", "a/b+json"])),
        key in prop::option::of("[^\\p{Cc}]{1,20}"), tag in "[a-z]{1,5}", text in "[^\\p{Cc}]{0,20}", number in -1e9f64..1e9,
    ) {
        let text = text.replace(['"', '\\'], "");
        let tags = format!("{tag}=\"{text}\",n.{tag}={number}");
        let mut headers = vec![("tags", &*tags)];
        headers.extend(key.as_deref().filter(|key| key.trim() == *key).map(|key| ("key", key)));
        headers.extend(content_type.map(|content_type| ("content-type", content_type)));
        let header = |name: &'static str| {
            headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value.as_bytes())
        };
        let publish = read_bare(Channel::parse("a").unwrap(), &Query::default(), header, body.into()).unwrap();
        let mut again = one(&shown_again(&publish)).unwrap();
        // The server has made an id where there was none.
        again.id = None;
        // JSON may have been written differently, and what only claimed to be JSON is a JSON string now.
        if content_type.is_some_and(|said| said.contains("json")) {
            prop_assert_eq!(shown_again(&again), shown_again(&publish));
            again.content.body = publish.content.body.clone();
        }
        prop_assert_eq!(again, publish);
    }

    #[test]
    fn any_text_is_answered(text in r#"(\[|\]|\{|\}|,|:|"channel"|"a"|"body"|1|null|\n| |é){0,20}"#) {
        for content_type in [None, Some("application/json"), Some("application/x-ndjson")] {
            let _ = read_batch(content_type, text.as_bytes());
        }
    }
}
