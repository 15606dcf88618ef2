//! Responses that the server writes itself: the heads of streams, whole answers, refusals, and how frames are
//! delimited (RFC 9112 sections 6 and 7).

use crate::put::Put;
use crate::{Code, Cursor, Framing, HttpDate, Origins, Receipt, Refusal, Time, Wire, channel_path, problem};
use std::time::Duration;

/// Headers that pages of an allowed origin may read.
pub const EXPOSED: &str = "Cursor, Link, Location, ETag, Retry-After, X-Request-Id";

/// Appends the head of a stream.
pub fn stream_head(wire: Wire, origins: &Origins, now: Time, out: &mut Vec<u8>) {
    status(200, out);
    header("Content-Type", wire.protocol().content_type(), out);
    shared_headers(wire.origin, origins, now, out);
    // Proxies that buffer would hold the first event back until many have come.
    header("X-Accel-Buffering", "no", out);
    for (name, value) in wire.protocol().headers() {
        header(name, *value, out);
    }
    connection(wire.framing, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends the head of a whole answer with a body of `length` bytes.
pub fn answer_head(
    wire: Wire,
    origins: &Origins,
    now: Time,
    length: usize,
    cursor: &Cursor,
    out: &mut Vec<u8>,
) {
    status(200, out);
    header("Content-Type", wire.protocol().content_type(), out);
    header("Content-Length", length, out);
    header("Cursor", cursor, out);
    shared_headers(wire.origin, origins, now, out);
    connection(wire.framing, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends the answer to a publish: 201 and where the message is; 200 if its id had been accepted before. The connection
/// stays open.
pub fn created(receipt: &Receipt, origin: Option<u8>, origins: &Origins, now: Time, out: &mut Vec<u8>) {
    let (mut body, mut cursor) = (Vec::with_capacity(256), Vec::with_capacity(64));
    receipt.cursor.put(&mut cursor);
    receipt.write_with(&cursor, &mut body);
    body.push(b'\n');
    status(if receipt.duplicate { 200 } else { 201 }, out);
    header("Content-Type", "application/json", out);
    header("Content-Length", body.len(), out);
    header("Cursor", &*cursor, out);
    "Location: ".put(out);
    channel_path(receipt.channel.as_str()).as_str().put(out);
    "/$at/".put(out);
    receipt.position.put(out);
    "\r\n".put(out);
    shared_headers(origin, origins, now, out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&body);
}

/// Appends the answer of a long poll whose wait ended: 204 and where the reader is.
pub fn no_content(wire: Wire, origins: &Origins, now: Time, cursor: &Cursor, out: &mut Vec<u8>) {
    status(204, out);
    header("Cursor", cursor, out);
    shared_headers(wire.origin, origins, now, out);
    connection(wire.framing, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends the refusal of a session that has not been answered yet, as a problem document (RFC 9457). The
/// connection is closed afterwards.
pub fn refusal_response(
    refusal: &Refusal,
    wire: Wire,
    origins: &Origins,
    now: Time,
    retry: Duration,
    out: &mut Vec<u8>,
) {
    refuse(refusal, Framing::LengthClose, wire.origin, origins, now, retry, out);
}

/// Appends the refusal of a request, as a problem document (RFC 9457). `retry` is told with 503 and 507, rounded
/// up to seconds. Only [`Framing::Length`] keeps the connection open.
pub fn refuse(
    refusal: &Refusal,
    framing: Framing,
    origin: Option<u8>,
    origins: &Origins,
    now: Time,
    retry: Duration,
    out: &mut Vec<u8>,
) {
    let mut document = Vec::new();
    problem::document(refusal, &mut document);
    status(refusal.code.status, out);
    header("Content-Type", problem::MEDIA_TYPE, out);
    header("Content-Length", document.len(), out);
    if matches!(refusal.code.status, 503 | 507) {
        header("Retry-After", retry.as_millis().div_ceil(1000), out);
    }
    if refusal.code == Code::UPGRADE {
        // RFC 9110 section 15.5.22 and RFC 6455 section 4.4.
        header("Upgrade", "websocket", out);
        header("Sec-WebSocket-Version", "13", out);
    }
    shared_headers(origin, origins, now, out);
    connection(if framing == Framing::Length { framing } else { Framing::LengthClose }, out);
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&document);
}

fn status(status: u16, out: &mut Vec<u8>) {
    "HTTP/1.1 ".put(out);
    status.put(out);
    out.push(b' ');
    problem::phrase(status).put(out);
    "\r\n".put(out);
}

fn header(name: &str, value: impl Put, out: &mut Vec<u8>) {
    name.put(out);
    ": ".put(out);
    value.put(out);
    "\r\n".put(out);
}

/// What every response carries. A cached or sniffed response would be held back or misread.
fn shared_headers(origin: Option<u8>, origins: &Origins, now: Time, out: &mut Vec<u8>) {
    header("Date", HttpDate(now), out);
    header("Cache-Control", "no-store", out);
    header("X-Content-Type-Options", "nosniff", out);
    if origins.value(0).is_some() {
        header("Vary", "Origin", out);
    }
    if let Some(value) = origin.and_then(|index| origins.value(index)) {
        header("Access-Control-Allow-Origin", value, out);
        header("Access-Control-Expose-Headers", EXPOSED, out);
    }
}

fn connection(framing: Framing, out: &mut Vec<u8>) {
    match framing {
        Framing::Chunked => header("Transfer-Encoding", "chunked", out),
        Framing::Close | Framing::LengthClose => header("Connection", "close", out),
        Framing::Length | Framing::WebSocket(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Code, CursorPart, Epoch, Form, LogId, Position, protocol};

    fn wire(name: &str, framing: Framing, origin: Option<u8>) -> Wire {
        Wire { protocol: protocol::by_name(name).unwrap(), form: Form::Body, framing, origin }
    }

    const NOW: Time = Time(1_795_428_000_000);

    fn origins() -> Origins {
        Origins::new(["https://a.example", "https://b.example"])
    }

    fn cursor() -> Cursor {
        Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(7), position: Position(9) }])
    }

    /// The head as an independent parser reads it: status, headers with lower-case names, and what follows.
    fn read(bytes: &[u8]) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut response = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(end) = response.parse(bytes).unwrap() else { panic!("half a head") };
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let headers = response.headers.iter().map(|h| (h.name.to_lowercase(), text(h.value))).collect();
        (response.code.unwrap(), headers, bytes[end..].to_vec())
    }

    fn get<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(other, _)| other == name).map(|(_, value)| &**value)
    }

    #[test]
    fn a_stream_is_neither_sniffed_nor_cached_nor_buffered() {
        let mut out = Vec::new();
        stream_head(wire("sse", Framing::Chunked, Some(1)), &origins(), NOW, &mut out);
        let (status, headers, rest) = read(&out);
        assert_eq!((status, rest.len()), (200, 0));
        for (name, value) in [
            ("content-type", "text/event-stream"),
            ("date", "Mon, 23 Nov 2026 10:00:00 GMT"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-accel-buffering", "no"),
            ("transfer-encoding", "chunked"),
            ("access-control-allow-origin", "https://b.example"),
            ("vary", "Origin"),
        ] {
            assert_eq!(get(&headers, name), Some(value), "{name}");
        }
        assert!(get(&headers, "access-control-expose-headers").unwrap().contains("Cursor"));
        out.clear();
        stream_head(wire("sse", Framing::Close, None), &origins(), NOW, &mut out);
        let (_, headers, _) = read(&out);
        assert_eq!(get(&headers, "connection"), Some("close"));
        assert_eq!((get(&headers, "transfer-encoding"), get(&headers, "vary")), (None, Some("Origin")));
        assert_eq!(get(&headers, "access-control-allow-origin"), None);
    }

    #[test]
    fn answers_say_their_length_and_place() {
        let (mut out, cursor) = (Vec::new(), cursor());
        answer_head(wire("poll", Framing::Length, None), &origins(), NOW, 12, &cursor, &mut out);
        let (status, headers, _) = read(&out);
        assert_eq!((status, get(&headers, "content-length")), (200, Some("12")));
        assert_eq!(get(&headers, "cursor"), Some(&*cursor.to_string()));
        assert_eq!(get(&headers, "connection"), None);
        out.clear();
        no_content(wire("poll", Framing::LengthClose, None), &origins(), NOW, &cursor, &mut out);
        let (status, headers, rest) = read(&out);
        assert_eq!((status, rest.len(), get(&headers, "connection")), (204, 0, Some("close")));
        assert_eq!(get(&headers, "cursor"), Some(&*cursor.to_string()));
        // RFC 9110 section 8.6: no Content-Length in a 204.
        assert_eq!(get(&headers, "content-length"), None);
    }

    #[test]
    fn refusals_are_problem_documents_with_their_length() {
        for code in Code::ALL {
            for framing in [Framing::Length, Framing::LengthClose, Framing::Chunked, Framing::Close] {
                let mut out = Vec::new();
                let retry = Duration::from_millis(1200);
                refuse(&Refusal::from(*code), framing, Some(0), &origins(), NOW, retry, &mut out);
                let (status, headers, body) = read(&out);
                assert_eq!(status, code.status);
                assert_eq!(get(&headers, "content-length"), Some(&*body.len().to_string()));
                assert_eq!(get(&headers, "content-type"), Some("application/problem+json"));
                assert_eq!(get(&headers, "retry-after"), matches!(status, 503 | 507).then_some("2"));
                assert_eq!(get(&headers, "connection").is_none(), framing == Framing::Length);
                assert_eq!(get(&headers, "access-control-allow-origin"), Some("https://a.example"));
                assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
            }
        }
    }
}
