//! Where requests go: which are held open, in which protocol, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fanfare_proto::protocol::{ALL, Shape};
use fanfare_proto::{
    Code, Cursor, CursorPart, Epoch, Form, Framing, Head, Hold, LogId, Origins, Pattern, Position, Refusal,
    Route, Start, limits, route,
};
use proptest::prelude::*;
use std::time::Duration;

fn origins() -> Origins {
    Origins::new(["https://a.example", "https://b.example"])
}

/// Routes `GET target` with these header lines.
fn ask(target: &str, lines: &[&str]) -> Result<Route, Refusal> {
    ask_line(&format!("GET {target} HTTP/1.1"), lines)
}

fn ask_line(line: &str, lines: &[&str]) -> Result<Route, Refusal> {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    let text = format!("{line}\r\nHost: x\r\n{lines}\r\n");
    let (head, _) = Head::parse(text.as_bytes())?.unwrap();
    route(&head, &origins())
}

fn hold(target: &str, lines: &[&str]) -> Hold {
    match ask(target, lines) {
        Ok(Route::Hold(hold)) => hold,
        other => panic!("{target} {lines:?}: {other:?}"),
    }
}

/// The name of the protocol that holds the request, `call` where the API answers.
fn protocol(target: &str, lines: &[&str]) -> &'static str {
    match ask(target, lines) {
        Ok(Route::Hold(hold)) => hold.wire.protocol().name(),
        Ok(Route::Call) => "call",
        Err(refusal) => panic!("{target} {lines:?}: {refusal}"),
    }
}

fn place() -> Cursor {
    Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(5) }])
}

const SSE: &str = "Accept: text/event-stream";
const KEY: &str = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const WEBSOCKET: &[&str] =
    &["Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13", KEY];
const NDJSON: &str = "Accept: application/x-ndjson";

#[test]
fn how_a_channel_is_fetched_decides_how_it_is_pushed() {
    for (target, accept, expected) in [
        ("/c/a/b", "", "call"),
        ("/c/a/b", "*/*", "call"),
        ("/c/a/b", "application/json", "call"),
        ("/c/a/b", "text/event-stream", "sse"),
        ("/c/a/b", "text/event-stream, */*", "sse"),
        ("/c/a/b", "*/*, text/event-stream;q=0.9", "call"),
        ("/c/a/b", "text/event-stream;q=0, */*", "call"),
        ("/c/a/b", "application/json, text/event-stream", "call"),
        ("/c/a/b", "text/event-stream, application/json", "sse"),
        ("/c/a/b", "text/event-stream;q=0.5, application/x-ndjson;q=0.7, */*;q=0.1", "ndjson"),
        ("/c/a/b", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "call"),
        ("/c/a/b", "text/html", "call"),
        ("/c/a/b", "text/html, text/event-stream;q=0.9", "call"),
        ("/c/a/b", "text/html;q=0.9, text/event-stream", "sse"),
        ("/c/a/b?via=html", "text/event-stream", "call"),
        ("/c/logs/**", "application/x-ndjson", "ndjson"),
        ("/c/a?via=sse", "text/html", "sse"),
        ("/c/a?via=ndjson", "", "ndjson"),
        ("/c/a?via=stream", "text/event-stream", "ndjson"),
        ("/c/a?via=poll", "", "poll"),
        ("/c/a?via=page", "text/event-stream", "call"),
        ("/c/a?wait=30", "", "poll"),
        ("/c/a?via=pushlet&callback=parent.f&pad=256", "text/html", "pushlet"),
        ("/c/a?via=jsonp&callback=f&wait=5", "*/*\r\nReferer: http://x/", "jsonp"),
        ("/c/cam?via=replace", "image/avif,image/webp,*/*;q=0.8", "replace"),
        ("/c/cam", "multipart/x-mixed-replace", "replace"),
        ("/c/cam", "image/avif,image/webp,image/png,*/*;q=0.8", "call"),
        ("/c/cam?via=mjpeg", "", "mjpeg"),
        ("/c/a?via=rss", "", "call"),
        ("/c/a", "application/atom+xml, application/xml;q=0.9, */*;q=0.5", "call"),
        ("/c/a?wait=30", "application/json", "poll"),
        ("/c/a?wait=0&via=poll", "text/event-stream", "poll"),
        ("/subscribe?channel=a", "", "ndjson"),
        ("/subscribe?channel=a", "text/event-stream", "sse"),
        ("/subscribe?channel=a", "text/*", "sse"),
        ("/subscribe?channel=a", "application/json", "poll"),
        ("/subscribe?channel=a&wait=1", "", "poll"),
        ("/c/a/$latest", "text/event-stream", "call"),
        ("/c/a/$at/5", "text/event-stream", "call"),
        ("/c/$presence/a", "text/event-stream", "sse"),
        ("/c", "text/event-stream", "call"),
        ("/", "text/event-stream", "call"),
        ("/alerts", "text/event-stream", "call"),
        ("/subscribe/", "text/event-stream", "call"),
        ("http://x/c/a", "text/event-stream", "sse"),
        ("/c/a?lmit=1", "", "call"),
    ] {
        assert_eq!(protocol(target, &[&format!("Accept: {accept}")]), expected, "{target} {accept:?}");
    }
    for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "get"] {
        assert_eq!(ask_line(&format!("{method} /c/a?via=sse HTTP/1.1"), &[SSE]), Ok(Route::Call), "{method}");
    }
    assert_eq!(protocol("/c/a", &["Accept: image/png", SSE]), "sse", "two lines are one list");
}

#[test]
fn every_held_protocol_is_found_by_name_and_by_media_type() {
    let held = |shape| matches!(shape, Shape::Stream | Shape::Answer);
    for protocol in ALL.iter().filter(|protocol| held(protocol.shape())) {
        let by_name = hold(&format!("/c/a?via={}", protocol.name()), &["Referer: http://x/"]);
        assert_eq!(by_name.wire.protocol().name(), protocol.name());
        assert_eq!(by_name.wire.form, protocol.forms()[0]);
        let wait = if protocol.shape() == Shape::Answer { "&wait=5" } else { "" };
        if protocol.is_by_name_only() {
            continue;
        }
        let by_type =
            hold(&format!("/subscribe?channel=a{wait}"), &[&format!("Accept: {}", protocol.media_type())]);
        assert_eq!(by_type.wire.protocol().media_type(), protocol.media_type());
        assert_eq!(by_type.wait.is_some(), protocol.shape() == Shape::Answer);
    }
}

#[test]
fn a_websocket_is_switched_to_for_pages_of_this_host_and_of_allowed_origins() {
    let lines = |more: &[&'static str]| [WEBSOCKET, more].concat();
    let answer = |more: &[&'static str]| {
        let mut out = Vec::new();
        hold("/c/a", &lines(more)).handshake.unwrap().answer(&mut out);
        String::from_utf8(out).unwrap()
    };
    // The key and its answer are the example of RFC 6455 section 1.3.
    let plain = answer(&[]);
    assert!(plain.starts_with("HTTP/1.1 101 ") && plain.ends_with("\r\n\r\n"), "{plain}");
    assert!(plain.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{plain}");
    assert!(!plain.contains("Protocol:") && !plain.contains("Extensions"), "{plain}");
    for origin in ["Origin: http://x", "Origin: https://X", "Origin: https://b.example"] {
        assert!(answer(&[origin]).starts_with("HTTP/1.1 101 "), "{origin}");
    }
    assert!(answer(&["Sec-WebSocket-Protocol: chat, fanfare.json"]).contains("Protocol: fanfare.json\r\n"));
    assert!(!answer(&["Sec-WebSocket-Protocol: chat"]).contains("Protocol:"));
    let held = hold("/c/a?as=body&last=3", &lines(&["Sec-WebSocket-Extensions: permessage-deflate"]));
    assert_eq!((held.wire.form, held.wire.framing), (Form::Body, Framing::WebSocket(Some(15))));
    assert_eq!((held.wait, held.subscribe.start), (None, Start::Last(3)));
    assert!(hold("/subscribe", WEBSOCKET).subscribe.patterns.is_empty(), "it may say later what it wants");
}

#[test]
fn what_is_wanted_and_from_where() {
    let text = place().to_string();
    let patterns = |hold: &Hold| hold.subscribe.patterns.iter().map(Pattern::to_string).collect::<Vec<_>>();
    let plain = hold("/c/caf%C3%A9/%E2%98%95/a%20b", &[SSE]);
    assert_eq!(
        (patterns(&plain), plain.subscribe.start),
        (vec!["caf\u{e9}/\u{2615}/a b".to_owned()], Start::Now)
    );
    let raw = hold("/c/caf\u{e9}/**", &[SSE]);
    assert_eq!(patterns(&raw), ["caf\u{e9}/**"]);
    let several = hold("/subscribe?channel=a%2Fb&channel=c/*/d&channel=e/**&last=3", &[]);
    assert_eq!((patterns(&several).len(), several.subscribe.start), (3, Start::Last(3)));
    let header = format!("Last-Event-ID: {text}");
    assert_eq!(hold("/c/a?last=3&since=1h", &[SSE, &header]).subscribe.start, Start::After(place()));
    assert_eq!(hold(&format!("/c/a?wait=5&after={text}"), &[]).subscribe.start, Start::After(place()));
    assert_eq!(hold("/c/a?via=sse&since=90m", &[]).subscribe.start, Start::Ago(Duration::from_secs(5400)));
}

#[test]
fn scripts_are_for_pages_of_this_host_and_of_allowed_origins() {
    for lines in [
        &["Sec-Fetch-Site: same-origin"][..],
        &["Referer: http://x/page"],
        &["Referer: https://X"],
        &["Referer: https://a.example/"],
        &["Sec-Fetch-Site: none"],
        &["Sec-Fetch-Site: cross-site", "Referer: https://b.example/page?x#y"],
    ] {
        let held = hold("/c/a?via=jsonp&callback=f", lines);
        assert_eq!(held.manner.unwrap().callback.unwrap().as_str(), "f");
    }
}

#[test]
fn how_a_protocol_is_spoken_is_refused_where_it_makes_no_sense() {
    for (target, lines, code, why) in [
        ("/c/a?via=sse&callback=f", &[][..], Code::BAD_FIELD, "callback: this protocol has none"),
        ("/c/a?via=jsonp&pad=1", &[], Code::BAD_FIELD, "pad: this protocol has none"),
        ("/c/a?via=pushlet&callback=a()", &[], Code::BAD_FIELD, "callback: `a()`"),
        ("/c/a?via=jsonp&callback=f", &["Sec-Fetch-Site: cross-site"], Code::FORBIDDEN, "pages of this host"),
        ("/c/a?via=jsonp&callback=f", &[], Code::FORBIDDEN, "pages of this host"),
        ("/c/a?via=jsonp&callback=f", &["Referer: http://x.example/"], Code::FORBIDDEN, "`origins`"),
        (
            "/c/a?via=jsonp&callback=f",
            &["Sec-Fetch-Site: same-site", "Referer: http://x/"],
            Code::FORBIDDEN,
            "`origins`",
        ),
        (
            "/c/a?via=jsonp&callback=f",
            &["Sec-Fetch-Site: cross-site", "Referer: https://c.example/"],
            Code::FORBIDDEN,
            "`origins`",
        ),
    ] {
        let refusal = ask(target, lines).expect_err(target);
        assert_eq!(refusal.code, code, "{target} {lines:?}: {refusal}");
        assert!(refusal.detail.contains(why), "{target} {lines:?}: {refusal}");
    }
}

#[test]
fn what_each_message_replaces_begins_with_the_newest() {
    for via in ["replace", "mjpeg"] {
        assert_eq!(hold(&format!("/c/a?via={via}"), &[]).subscribe.start, Start::Newest);
        assert_eq!(
            hold(&format!("/c/a?via={via}&since=1h"), &[]).subscribe.start,
            Start::Ago(Duration::from_secs(3600))
        );
        let latest = hold(&format!("/c/a?via={via}&latest"), &[]).subscribe;
        assert_eq!((latest.start, latest.preferences.latest), (Start::Newest, false));
    }
}

#[test]
fn forms_and_waits() {
    assert_eq!(hold("/c/a", &[SSE]).wire.form, Form::Body);
    assert_eq!(hold("/c/a?as=envelope", &[SSE]).wire.form, Form::Envelope);
    assert_eq!(hold("/c/a", &[NDJSON]).wire.form, Form::Envelope);
    assert_eq!(hold("/c/a?as=body", &[NDJSON]).wire.form, Form::Body);
    assert_eq!(hold("/c/a?as=body&wait=1", &[]).wire.form, Form::Body);
    assert_eq!(hold("/c/a", &[SSE]).wait, None);
    for (wait, seconds) in [("0", 0), ("30", 30), ("5m", 300), ("300", 300)] {
        assert_eq!(
            hold(&format!("/c/a?wait={wait}"), &[]).wait,
            Some(Duration::from_secs(seconds)),
            "{wait}"
        );
    }
    assert_eq!(hold("/c/a?via=poll", &[]).wait, Some(limits::POLL_WAIT_DEFAULT));
}

#[test]
fn framing_follows_version_and_connection() {
    let framing = |line: &str, lines: &[&str]| match ask_line(line, lines) {
        Ok(Route::Hold(hold)) => hold.wire.framing,
        other => panic!("{line}: {other:?}"),
    };
    let close = "Connection: close";
    assert_eq!(framing("GET /c/a?via=sse HTTP/1.1", &[]), Framing::Chunked);
    assert_eq!(framing("GET /c/a?via=sse HTTP/1.1", &[close]), Framing::Close);
    assert_eq!(framing("GET /c/a?via=sse HTTP/1.0", &[]), Framing::Close);
    assert_eq!(framing("GET /c/a?via=sse HTTP/1.0", &["Connection: keep-alive"]), Framing::Close);
    assert_eq!(framing("GET /c/a?wait=1 HTTP/1.1", &[]), Framing::Length);
    assert_eq!(framing("GET /c/a?wait=1 HTTP/1.1", &[close]), Framing::LengthClose);
    assert_eq!(framing("GET /c/a?wait=1 HTTP/1.0", &["Connection: keep-alive"]), Framing::LengthClose);
}

#[test]
fn an_allowed_origin_is_remembered() {
    assert_eq!(hold("/c/a", &[SSE, "Origin: https://b.example"]).wire.origin, Some(1));
    assert_eq!(hold("/c/a", &[SSE, "Origin: https://c.example"]).wire.origin, None);
    assert_eq!(hold("/c/a", &[SSE]).wire.origin, None);
}

#[test]
fn what_is_refused_and_why() {
    let many = "&channel=a".repeat(limits::SUBSCRIPTIONS + 1);
    let many = format!("/subscribe?{}", &many[1..]);
    for (target, lines, code, why) in [
        ("/c/", &[SSE][..], Code::BAD_NAME, "segment 1 is empty"),
        ("/c/a//b", &[SSE], Code::BAD_NAME, "segment 2 is empty"),
        ("/c/a/../b", &[SSE], Code::BAD_NAME, "segment 2 is `.` or `..`"),
        ("/c/a/%2E%2E", &[SSE], Code::BAD_NAME, "segment 2"),
        ("/c/a%2Fb", &[SSE], Code::BAD_NAME, "encoded slash"),
        ("/c/a%2fb", &[SSE], Code::BAD_NAME, "encoded slash"),
        ("/c/a%zz", &[SSE], Code::BAD_NAME, "two hexadecimal digits"),
        ("/c/%FF", &[SSE], Code::BAD_NAME, "UTF-8"),
        ("/c/a%00", &[SSE], Code::BAD_NAME, "U+0000"),
        ("/c/a%E2%80%AE", &[SSE], Code::BAD_NAME, "U+202E"),
        ("/c/a*", &[SSE], Code::BAD_NAME, "`*`"),
        ("/c/**/a", &[SSE], Code::BAD_NAME, "`*`"),
        ("/c/a/%24b", &[SSE], Code::BAD_NAME, "starts with `$`"),
        ("/c/a?afer=x", &[SSE], Code::UNKNOWN_FIELD, "`after`?"),
        ("/c/a?channel=b", &[SSE], Code::UNKNOWN_FIELD, "`channel` is not known"),
        ("/c/a?limit=5", &[SSE], Code::UNKNOWN_FIELD, "known here"),
        ("/c/a?view=newest", &[SSE], Code::BAD_FIELD, "view: `newest` is not `events` or `current`"),
        ("/c/a?view=", &[SSE], Code::BAD_FIELD, "view"),
        ("/c/a?rate=0", &[SSE], Code::BAD_FIELD, "0.001 to 1000"),
        ("/c/a?filter=alarm", &[SSE], Code::BAD_FILTER, "filter: column 6"),
        ("/c/a?via=pigeon", &[], Code::BAD_FIELD, "sse, ndjson, stream, ws, websocket, raw, poll, page"),
        ("/c/a?via=", &[], Code::BAD_FIELD, "via"),
        ("/c/a?via=sse&via=sse", &[], Code::BAD_FIELD, "twice"),
        ("/c/a?via=sse&wait=5", &[], Code::BAD_FIELD, "`wait` is for long polls"),
        ("/c/a?wait=301", &[], Code::BAD_FIELD, "300 seconds"),
        ("/c/a?wait=long", &[], Code::BAD_FIELD, "wait: `long`"),
        ("/c/a?wait=-1", &[], Code::BAD_FIELD, "wait"),
        ("/c/a?wait=5", &["Accept: text/html"], Code::NOT_ACCEPTABLE, "application/json"),
        ("/c/a?as=bytes", &[SSE], Code::BAD_FIELD, "none of envelope, body, delta"),
        ("/c/a?after=x", &[SSE], Code::BAD_CURSOR, "after"),
        ("/c/a", &[SSE, "Last-Event-ID: x"], Code::BAD_CURSOR, "Last-Event-ID"),
        ("/c/a?last=x", &[SSE], Code::BAD_FIELD, "last"),
        ("/c/a?x=%FF", &[SSE], Code::BAD_REQUEST, "UTF-8"),
        ("/c/a", &["Accept: text"], Code::BAD_REQUEST, "Accept"),
        ("/c/a", &["Accept: text/event-stream;q=5"], Code::BAD_REQUEST, "Accept"),
        ("/c/a", &[SSE, "Content-Length: 1"], Code::BAD_REQUEST, "no body"),
        ("/c/a", &[SSE, "Transfer-Encoding: chunked"], Code::BAD_REQUEST, "no body"),
        ("/c/a?via=raw&as=envelope", &[], Code::BAD_FIELD, "one form"),
        ("/c/a?via=ws", &[], Code::UPGRADE, "does not ask to switch"),
        ("/c/a?via=sse", WEBSOCKET, Code::BAD_FIELD, "does not go over WebSocket"),
        ("/c/a?wait=5", WEBSOCKET, Code::BAD_FIELD, "`wait` is for long polls"),
        ("/c/a", &["Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY], Code::BAD_REQUEST, "Connection"),
        ("/c/a", &["Upgrade: websocket", "Connection: Upgrade", KEY], Code::UPGRADE, "13"),
        ("/c/a", &WEBSOCKET[..3], Code::BAD_REQUEST, "Sec-WebSocket-Key"),
        ("/c/a", &[WEBSOCKET, &[KEY]].concat(), Code::BAD_REQUEST, "one key"),
        ("/c/a", &[&WEBSOCKET[..3], &["Sec-WebSocket-Key: AAAA"]].concat(), Code::BAD_REQUEST, "16 bytes"),
        ("/c/a", &[WEBSOCKET, &["Origin: https://evil.example"]].concat(), Code::FORBIDDEN, "evil.example"),
        ("/c/a", &[WEBSOCKET, &["Origin: null"]].concat(), Code::FORBIDDEN, "null"),
        ("/subscribe", &[], Code::BAD_FIELD, "at least one"),
        ("/subscribe?channel=", &[], Code::BAD_NAME, "empty"),
        ("/subscribe?chanel=a", &[], Code::UNKNOWN_FIELD, "`channel`?"),
        ("/subscribe?channel=a&via=page", &[], Code::BAD_FIELD, "no pages"),
        ("/subscribe?channel=a", &["Accept: text/html"], Code::NOT_ACCEPTABLE, "text/event-stream"),
        (&many, &[], Code::TOO_MANY, "257 channels"),
    ] {
        let refusal = ask(target, lines).expect_err(target);
        assert_eq!(refusal.code, code, "{target} {lines:?}: {refusal}");
        assert!(refusal.detail.contains(why), "{target} {lines:?}: {refusal}");
    }
    assert!(ask("/c/a", &[SSE, "Content-Length: 0"]).is_ok());
}

proptest! {
    #[test]
    fn any_request_is_answered(
        target in "(/c/|/subscribe|a|/|%2F|%zz|\\*|\\$|\\?|&|=|via|wait|after|last|since|as|channel|sse|poll|1|10m|é|\\+){1,14}",
        accept in "(text/event-stream|\\*/\\*|application/|json|;q=|0\\.5|1|,|\"|\\\\| ){0,9}",
        last_event_id in "[ -~]{0,20}",
    ) {
        let lines = [format!("Accept: {accept}"), format!("Last-Event-ID: {last_event_id}")];
        let answer = ask(&format!("/{target}"), &lines.each_ref().map(|line| &**line));
        match answer {
            Ok(Route::Hold(hold)) => {
                let protocol = hold.wire.protocol();
                prop_assert!(!protocol.shape().is_at_once());
                prop_assert_eq!(hold.wait.is_some(), protocol.shape() == Shape::Answer);
                prop_assert!(hold.wait.is_none_or(|wait| wait <= limits::POLL_WAIT));
                prop_assert!((1..=limits::SUBSCRIPTIONS).contains(&hold.subscribe.patterns.len()));
            }
            Ok(Route::Call) => {}
            Err(refusal) => prop_assert!(refusal.code.status < 600 && !refusal.detail.is_empty()),
        }
    }
}
