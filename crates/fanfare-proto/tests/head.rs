//! Request heads: what is read, what is refused and with which words, and that cuts change nothing.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fanfare_proto::{BodyLength, Head, Refusal, Version, limits};
use proptest::prelude::*;

type Read = Result<Option<(String, usize)>, Refusal>;

/// What parsing answers, as a value that owns its text.
fn read(bytes: &[u8]) -> Read {
    Ok(Head::parse(bytes)?.map(|(head, end)| (format!("{head:?}"), end)))
}

/// What a reader that gets one byte at a time sees first.
fn read_slowly(bytes: &[u8]) -> Read {
    let first = (0..=bytes.len()).map(|end| read(&bytes[..end])).find(|read| !matches!(read, Ok(None)));
    first.unwrap_or(Ok(None))
}

fn head(text: &str) -> Head<'_> {
    Head::parse(text.as_bytes()).unwrap().unwrap().0
}

fn get(lines: &str) -> String {
    format!("GET /c/a HTTP/1.1\r\nHost: x\r\n{lines}\r\n")
}

#[test]
fn a_head_is_read_and_its_end_found() {
    let text = "\r\nPOST /c/a%20b?last=3&as=body HTTP/1.1\r\nHost: push.example:8080\r\nAccept:  text/html \r\n\
                accept: */*\r\nContent-Length: 12\r\n\r\nhello world!GET / HTTP/1.1\r\n";
    let (head, end) = Head::parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(&text[end..end + 12], "hello world!");
    assert_eq!((head.method, head.version), ("POST", Version::Http11));
    assert_eq!((head.path(), head.query()), ("/c/a%20b", "last=3&as=body"));
    assert_eq!((head.text("ACCEPT"), head.get("missing")), (Some("text/html"), None));
    assert_eq!(head.all("accept").collect::<Vec<_>>(), [&b"text/html"[..], b"*/*"]);
    assert_eq!(
        (head.body(), head.keep_alive(), head.expect_continue()),
        (BodyLength::Length(12), true, false)
    );
}

#[test]
fn forms_of_the_target() {
    for (line, path, query) in [
        ("GET /", "/", ""),
        ("GET /a?b?c", "/a", "b?c"),
        ("GET /caf\u{e9}", "/caf\u{e9}", ""),
        ("OPTIONS *", "*", ""),
        ("GET http://X:80/a?b", "/a", "b"),
        ("GET HTTP://x:80", "/", ""),
        ("GET http://x:80?q", "/", "q"),
    ] {
        let text = format!("{line} HTTP/1.1\r\nHost: x:80\r\n\r\n");
        let head = head(&text);
        assert_eq!((head.path(), head.query()), (path, query), "{line}");
    }
}

#[test]
fn connections_and_bodies() {
    let post = |version: &str, lines: &str| format!("POST / HTTP/{version}\r\nHost: x\r\n{lines}\r\n");
    for (version, lines, keep, body, waits) in [
        ("1.1", "", true, BodyLength::None, false),
        ("1.1", "Connection: Upgrade, CLOSE\r\n", false, BodyLength::None, false),
        ("1.1", "Connection: a\r\nConnection: close\r\n", false, BodyLength::None, false),
        ("1.0", "", false, BodyLength::None, false),
        ("1.0", "Connection: Keep-Alive\r\n", true, BodyLength::None, false),
        ("1.0", "Content-Length: 0\r\nExpect: 100-continue\r\n", false, BodyLength::Length(0), false),
        ("1.1", "Transfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n", true, BodyLength::Chunked, true),
        ("1.1", "Expect: 100-continue\r\n", true, BodyLength::None, false),
    ] {
        let text = post(version, lines);
        let head = head(&text);
        let said = (head.keep_alive(), head.body(), head.expect_continue());
        assert_eq!(said, (keep, body, waits), "{version} {lines:?}");
    }
    assert!(Head::parse(b"GET / HTTP/1.0\r\n\r\n").unwrap().is_some(), "HTTP/1.0 needs no Host");
}

/// Each text is refused with this status and these words, also when its bytes come one at a time.
fn refused(table: &[(String, u16, &str)]) {
    for (text, status, why) in table {
        let shown = &text[..text.floor_char_boundary(200)];
        let refusal = Head::parse(text.as_bytes()).expect_err(shown);
        assert_eq!(refusal.code.status, *status, "{shown:?}: {refusal}");
        assert!(refusal.detail.contains(why), "{shown:?}: {refusal}");
        if text.len() < 1000 {
            assert_eq!(read_slowly(text.as_bytes()), Err(refusal), "{shown:?}");
        }
    }
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    refused(&[
        ("GET / HTTP/1.1\r\n\r\n".into(), 400, "no Host"),
        (get("Host: x\r\n"), 400, "two Host"),
        (get("Host: y\r\n"), 400, "two Host"),
        ("GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n".into(), 400, "two Host"),
        (get("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "both Content-Length"),
        (get("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "two Content-Length"),
        (get("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, "two Content-Length"),
        (get("Content-Length: +5\r\n"), 400, "plain number"),
        (get("Content-Length: 5,5\r\n"), 400, "plain number"),
        (get("Content-Length: 0x5\r\n"), 400, "plain number"),
        (get("Content-Length: -5\r\n"), 400, "plain number"),
        (get("Content-Length:\r\n"), 400, "plain number"),
        (get("Content-Length: 99999999999999999999\r\n"), 400, "plain number"),
        (get("Transfer-Encoding: xchunked\r\n"), 400, "not `chunked`"),
        (get("Transfer-Encoding: chunked, identity\r\n"), 400, "not `chunked`"),
        (get("Transfer-Encoding: gzip, chunked\r\n"), 400, "not `chunked`"),
        (get("Transfer-Encoding:\r\n"), 400, "not `chunked`"),
        (get("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "two Transfer-Encoding"),
        ("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".into(), 400, "HTTP/1.0 has no"),
    ]);
}

#[test]
fn what_is_malformed_or_too_large_is_refused() {
    let line = |line: &str| format!("{line}\r\nHost: x\r\n\r\n");
    refused(&[
        ("GET / HTTP/1.1\nHost: x\n\n".into(), 400, "LF alone"),
        (get("A: b\n"), 400, "LF alone"),
        (get("A: b\r\n folded\r\n"), 400, "line 4 of the request head: it begins with white space"),
        (get(" A: b\r\n"), 400, "line 3 of the request head: it begins with white space"),
        (get("A : b\r\n"), 400, "line 3 of the request head: there is white space before the colon"),
        (get("A\t: b\r\n"), 400, "white space before the colon"),
        (get("A: b\rc\r\n"), 400, "byte 4 is 0x0d"),
        (get("A: b\0c\r\n"), 400, "byte 4 is 0x00"),
        (get("A: b\u{7f}c\r\n"), 400, "byte 4 is 0x7f"),
        (get("A(: b\r\n"), 400, "byte 1 is 0x28"),
        (get(": b\r\n"), 400, "no name"),
        (get("nonsense\r\n"), 400, "no colon"),
        ("GET http://evil/ HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "not the one in the Host"),
        ("GET http://x:81/ HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "not the one in the Host"),
        ("GET http://a@x/ HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "Host is not"),
        ("GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "begins neither"),
        (line("CONNECT x:80 HTTP/1.1"), 400, "begins neither"),
        (line("GET * HTTP/1.1"), 400, "begins neither"),
        (line("GET /a#b HTTP/1.1"), 400, "fragment"),
        (line("GET  / HTTP/1.1"), 400, "first line"),
        (line("GET /  HTTP/1.1"), 400, "first line"),
        (line("GET / a HTTP/1.1"), 400, "first line"),
        (line("GET /"), 400, "first line"),
        (line("GET / HTTX/1.1"), 400, "first line"),
        (line("GET / HTTP/1.11"), 400, "first line"),
        (line("GET / http/1.1"), 400, "first line"),
        (line("GET / HTTP/2.0"), 505, "HTTP/2.0"),
        (line("GET / HTTP/1.2"), 505, "HTTP/1.2"),
        (line("GET / HTTP/0.9"), 505, "HTTP/0.9"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(), 505, "HTTP/2.0"),
        (line("G\u{e9}T / HTTP/1.1"), 400, "byte 1"),
        ("\u{16}\u{3}\u{1}".into(), 400, "TLS"),
        (" GET / HTTP/1.1\r\n\r\n".into(), 400, "byte 0"),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "byte 0"),
        ("\nGET / HTTP/1.1\r\nHost: x\r\n\r\n".into(), 400, "byte 0"),
        (line(&format!("GET /{} HTTP/1.1", "a".repeat(limits::TARGET_BYTES))), 414, "8193 bytes"),
        (line(&format!("GET /{} HTTP/1.1", "a".repeat(limits::HEAD_BYTES))), 414, "8192 are allowed"),
        (get(&"A: b\r\n".repeat(limits::HEADERS)), 431, "more than 64"),
        (get(&format!("A: {}\r\n", "b".repeat(limits::HEAD_BYTES))), 431, "more than 16384 bytes"),
        (get(&format!("A: {}\r\n", "b".repeat(500 * 1024))), 431, "more than 16384 bytes"),
    ]);
}

#[test]
fn hosts() {
    let parse = |host: &str| {
        let text = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Head::parse(text.as_bytes()).map(|found| found.is_some())
    };
    for host in ["x", "x:80", "a.b-c_d", "127.0.0.1:8080", "[::1]", "[::1]:80", "[fe80::1]:1", "x:"] {
        assert_eq!(parse(host), Ok(true), "{host}");
    }
    for host in [
        "", "a b", "a,b", "a/b", "u@a", "a:b", "a:99999", "a:1:2", ":80", "[::1", "[]", "[x]", "[::1]x",
        "a\u{e9}",
    ] {
        let refusal = parse(host).expect_err(host);
        assert!(refusal.detail.starts_with("Host is not"), "{host}: {refusal}");
    }
}

#[test]
fn limits_are_exact() {
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(length - 1));
    assert!(Head::parse(target(limits::TARGET_BYTES).as_bytes()).is_ok());
    assert!(Head::parse(target(limits::TARGET_BYTES + 1).as_bytes()).is_err());
    assert!(Head::parse(get(&"A: b\r\n".repeat(limits::HEADERS - 1)).as_bytes()).is_ok());
    let padded = |length: usize| get(&format!("A: {}\r\n", "b".repeat(length - get("A: \r\n").len())));
    let full = padded(limits::HEAD_BYTES);
    assert_eq!(full.len(), limits::HEAD_BYTES);
    assert!(matches!(Head::parse(full.as_bytes()), Ok(Some((_, limits::HEAD_BYTES)))));
    assert!(Head::parse(&full.as_bytes()[..full.len() - 1]).unwrap().is_none());
    assert_eq!(Head::parse(padded(limits::HEAD_BYTES + 1).as_bytes()).unwrap_err().code.status, 431);
}

/// Pieces of heads, well-formed and not, so that random joins come near the rules.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(&b"GET / HTTP/1.1\r\n"[..]),
        Just(&b"\r\n"[..]),
        Just(&b"Host: x\r\n"[..]),
        Just(&b"\n"[..]),
        Just(&b"\r"[..]),
        Just(&b" "[..]),
        Just(&b":"[..]),
        Just(&b"Content-Length: 5\r\n"[..]),
        Just(&b"Transfer-Encoding: chunked\r\n"[..]),
        Just(&b"POST http://x/a HTTP/1.0\r\n"[..]),
        Just(&b"HTTP/3.0"[..]),
        Just(&b"\0\x80\xff"[..]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cuts_change_nothing(bytes in pieces()) {
        let whole = read(&bytes);
        prop_assert_eq!(read_slowly(&bytes), whole.clone());
        if let Ok(Some((_, end))) = &whole {
            let mut longer = bytes.clone();
            longer.extend_from_slice(b"more\n\0");
            prop_assert_eq!(&read(&longer), &whole);
            prop_assert_eq!(&bytes[end - 4..*end], b"\r\n\r\n");
        }
    }

    #[test]
    fn random_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(read_slowly(&bytes), read(&bytes));
    }

    #[test]
    fn a_changed_byte_is_answered_alike(at in 0usize..200, byte in any::<u8>()) {
        let mut bytes = get("Accept: text/event-stream\r\nLast-Event-ID: abc\r\nContent-Length: 0\r\n").into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        prop_assert_eq!(read_slowly(&bytes), read(&bytes));
    }
}
