//! What nobody should send: each is refused as the documents say, and the server serves on.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stdout, reason = "says which case failed")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};
use support::http::{Answer, Held, Kept, ask, get, publish};
use support::server::{PATIENCE, Server, until};

/// What is sent, byte for byte, and the refusal: status, name, and what its detail mentions.
struct Case {
    what: &'static str,
    sent: Vec<u8>,
    status: u16,
    name: &'static str,
    detail: &'static str,
}

fn case(what: &'static str, sent: impl Into<Vec<u8>>, status: u16, name: &'static str) -> Case {
    Case { what, sent: sent.into(), status, name, detail: "" }
}

impl Case {
    fn saying(self, detail: &'static str) -> Case {
        Case { detail, ..self }
    }
}

fn request(line: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}{length}\r\n{body}")
}

fn reading(target: &str) -> String {
    request(&format!("GET {target}"), "", "")
}

fn publishing(body: &str) -> String {
    request("POST /publish", "Content-Type: application/json\r\n", body)
}

fn chunked(body: &str) -> String {
    format!("POST /c/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{body}")
}

fn framing() -> Vec<Case> {
    let get = "GET /c/a HTTP/1.1\r\n";
    let both = "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n";
    vec![
        case("no Host", format!("{get}\r\n"), 400, "bad-request").saying("Host"),
        case("two Hosts", format!("{get}Host: x\r\nHost: x\r\n\r\n"), 400, "bad-request").saying("Host"),
        case("two framings", format!("POST /c/a HTTP/1.1\r\nHost: x\r\n{both}\r\n"), 400, "bad-request"),
        case("two lengths", request("POST /c/a", "Content-Length: 1\r\n", "ab"), 400, "bad-request"),
        case("a length with a sign", request("POST /c/a", "Content-Length: +1\r\n", ""), 400, "bad-request"),
        case("another coding", request("POST /c/a", "Transfer-Encoding: gzip\r\n", ""), 400, "bad-request"),
        case("a chunk beyond 64 bits", chunked("10000000000000001\r\nx"), 400, "bad-request"),
        case("a chunk of a signed size", chunked("-1\r\nx"), 400, "bad-request"),
        case("a chunk longer than its size", chunked("1\r\nxyz\r\n0\r\n\r\n"), 400, "bad-request"),
        case("bare LF", "GET /c/a HTTP/1.1\nHost: x\n\n", 400, "bad-request"),
        case("one bare LF", "GET /c/a HTTP/1.1\r\nHost: x\nAccept: */*\r\n\r\n", 400, "bad-request"),
        case("a folded line", request("GET /c/a", "A: b\r\n c\r\n", ""), 400, "bad-request"),
        case("space before a colon", request("GET /c/a", "A : b\r\n", ""), 400, "bad-request"),
        case("a NUL in a header", request("GET /c/a", "A: \0\r\n", ""), 400, "bad-request"),
        case("no HTTP", "\x16\x03\x01\x02\0\x01\0\x01\r\n\r\n", 400, "bad-request"),
        case("another version", "GET /c/a HTTP/2.0\r\nHost: x\r\n\r\n", 505, "http-version"),
    ]
}

fn sizes() -> Vec<Case> {
    let large = "x".repeat(64 * 1024 + 1);
    let chunk = format!("{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    let announced = request("POST /c/a", "Content-Length: 99999999999\r\n", "");
    let head = request("GET /c/a", &format!("A: {}\r\n", "x".repeat(16 * 1024)), "");
    let lines = |count: usize| request("GET /c/a", &"A: b\r\n".repeat(count - 1), "");
    let target = format!("/c/a?last={}", "0".repeat(8 * 1024));
    let many: Vec<String> = (0..257).map(|number| format!("channel=c{number}")).collect();
    let batch = format!("[{}]", vec![r#"{"channel":"a","body":""}"#; 1001].join(","));
    vec![
        case("a body too large", request("POST /c/a", "", &large), 413, "too-large"),
        case("a chunked body too large", chunked(&chunk), 413, "too-large"),
        case("a body announced too large", announced, 413, "too-large"),
        case("a head too large", head, 431, "head-too-large"),
        case("65 headers", lines(65), 431, "head-too-large"),
        case("a target too long", reading(&target), 414, "target-too-long"),
        case("a name too long", reading(&format!("/c/{}", "x".repeat(257))), 400, "bad-name"),
        case("a name of 33 segments", reading(&format!("/c/{}", ["x"; 33].join("/"))), 400, "bad-name"),
        case("257 subscriptions", reading(&format!("/subscribe?{}", many.join("&"))), 400, "too-many"),
        case("1001 messages", publishing(&batch), 400, "too-many"),
        case("a batch too large", publishing(&" ".repeat(4 * 1024 * 1024 + 1)), 413, "too-large"),
    ]
}

fn contents() -> Vec<Case> {
    let json = |body: &str| publishing(body);
    let mut no_text = json(r#"{"channel":"a","body":"x"}"#).into_bytes();
    let end = no_text.len() - 3;
    no_text[end] = 0xFF;
    let deep = format!(r#"{{"channel":"a","body":{}"#, "[".repeat(100_000));
    vec![
        case("an empty segment", reading("/c/a//b"), 400, "bad-name").saying("segment 2"),
        case("a name of the server", request("POST /c/$a", "", "x"), 403, "forbidden"),
        case("publishing to a pattern", request("POST /c/a/*", "", "x"), 400, "bad-name"),
        case("an encoded slash", reading("/c/a%2Fb"), 400, "bad-name"),
        case("not UTF-8", reading("/c/%FF%FE"), 400, "bad-name"),
        case("raw bytes in the target", b"GET /c/\xff HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request"),
        case("half a percent code", reading("/c/a%2"), 400, "bad-name"),
        case("a right-to-left override", reading("/c/a%E2%80%AEb"), 400, "bad-name"),
        case("not JSON", json(r#"{"channel":"a","body":"x""#), 400, "bad-json"),
        case("JSON that is not UTF-8", no_text, 400, "bad-json"),
        case("deep JSON", json(&deep), 400, "bad-json"),
        case("an unknown field", json(r#"{"channel":"a","bdy":"x"}"#), 400, "unknown-field").saying("`body`"),
        case("a field of another type", json(r#"{"channel":"a","body":"x","ttl":[]}"#), 400, "bad-field"),
        case("not base64", json(r#"{"channel":"a","body_base64":"%"}"#), 400, "bad-field"),
        case("an unknown parameter", reading("/c/a?lats=3"), 400, "unknown-field").saying("`last`"),
        case("last out of range", reading("/c/a?last=10001"), 400, "bad-field"),
        case("a bad priority", request("POST /c/a?priority=9", "", "x"), 400, "bad-field"),
        case("no such protocol", reading("/c/a?via=pigeon"), 400, "bad-field"),
        case("a bad Accept", request("GET /c/a", "Accept: image/png\r\n", ""), 406, "not-acceptable"),
        case("no such method", request("BREW /c/a", "", ""), 405, "method-not-allowed"),
        case("no such path", reading("/nothing/here"), 404, "not-found"),
    ]
}

/// Sends the bytes while the answer is read: what is refused early need not be read to its end.
fn answer(server: &Server, sent: &[u8]) -> Answer {
    let mut connection = Kept::open(server.address);
    let _ = connection.write(sent);
    connection.answer()
}

#[track_caller]
fn assert_refused(what: &str, answer: &Answer, status: u16, name: &str, detail: &str) {
    assert_eq!((answer.status, &*name_of(answer)), (status, name), "{what}: {answer:?}");
    assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{what}");
    assert!(problem["detail"].as_str().unwrap().contains(detail), "{what}: {problem}");
}

fn name_of(answer: &Answer) -> String {
    serde_json::from_slice::<serde_json::Value>(&answer.body)
        .ok()
        .and_then(|problem| Some(problem["name"].as_str()?.to_owned()))
        .unwrap_or_default()
}

#[track_caller]
fn assert_serves(server: &Server, body: &str) {
    publish(server.address, "well", body);
    assert_eq!(get(server.address, "/c/well?last=1").bodies(), [body]);
}

fn slips() -> Vec<Case> {
    let keys = "Key: a\r\nKey: b\r\n";
    let edit = "Replaces: 1\r\nContent-Length: 0\r\n";
    let ack = |body: &str| request("POST /readers/r/ack", "", body);
    let put = |body: &str| request("PUT /readers/r", "", body);
    let held = "`wait=30` or `via=sse`";
    vec![
        case("two headers of a field", request("POST /c/a", keys, "x"), 400, "bad-field")
            .saying("key: the header"),
        case("two more", request("POST /c/live/a", keys, "x"), 400, "bad-field").saying("more than once"),
        case("an edit that empties", request("POST /c/a", edit, ""), 400, "bad-field").saying("no body"),
        case("ack of nothing", ack("{}"), 400, "bad-field").saying("it may ask for ack, nack"),
        case("ack of what is no object", ack("[1]"), 400, "bad-json").saying(r#"{"ack":[17]}"#),
        case("another request", ack(r#"{"ping":true}"#), 400, "unknown-field")
            .saying("known here: ack, nack"),
        case("a slip of a reader's", put(r#"{"patterns":["a"],"ackwait":5}"#), 400, "unknown-field")
            .saying("did you mean `ack_wait`?"),
        case("a reader of a page", reading("/c/a?reader=r"), 400, "unknown-field").saying(held),
        case("presence of a page", reading("/c/a?presence=me"), 400, "unknown-field").saying(held),
    ]
}

fn run(cases: Vec<Case>) {
    let server = Server::start();
    for Case { what, sent, status, name, detail } in cases {
        println!("{what}");
        assert_refused(what, &answer(&server, &sent), status, name, detail);
        assert_serves(&server, what);
    }
}

#[test]
fn requests_that_could_mean_two_things_are_refused() {
    run(framing());
}

#[test]
fn what_is_larger_than_allowed_is_refused() {
    run(sizes());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    run(contents());
}

#[test]
fn slips_are_told_what_is_taken_here() {
    run(slips());
}

#[test]
fn the_largest_allowed_is_served() {
    let server = Server::start();
    let body = "x".repeat(64 * 1024);
    publish(server.address, "a", &body);
    let latest = get(server.address, "/c/a/$latest");
    assert_eq!((latest.status, latest.body.len()), (200, body.len()));
    let served = answer(&server, request("GET /c/a", &"A: b\r\n".repeat(63), "").as_bytes());
    assert_eq!(served.status, 200, "64 header lines");
    let many: Vec<String> = (0..256).map(|number| format!("channel=c{number}")).collect();
    let held = Held::open(server.address, &format!("GET /subscribe?{} HTTP/1.1", many.join("&")));
    assert_eq!(held.status, 200, "256 subscriptions");
}

#[test]
fn damaged_cursors_are_refused_and_never_mean_a_wrong_place() {
    let server = Server::start();
    let said = publish(server.address, "a", "1");
    let cursor = said["cursor"].as_str().unwrap();
    let damaged = (0..cursor.len()).map(|length| cursor[..length].to_owned());
    let swapped = format!("{}{}", &cursor[1..], &cursor[..1]);
    let texts = ["x", "AAAA", "AQEA", "-", "17", "%00", &"A".repeat(4000), &swapped];
    for text in damaged.skip(1).chain(texts.map(str::to_owned)) {
        for way in ["", "&via=sse", "&via=stream", "&wait=1"] {
            let refused = ask(server.address, &format!("GET /c/a?after={text}{way} HTTP/1.1"), b"");
            assert_refused(&format!("{text}{way}"), &refused, 400, "bad-cursor", "");
        }
    }
    let refused = ask(server.address, "GET /c/a?via=sse HTTP/1.1\nLast-Event-ID: x", b"");
    assert_refused("Last-Event-ID", &refused, 400, "bad-cursor", "");
    assert_serves(&server, "still");
}

#[test]
fn the_cursor_of_another_store_is_a_gap() {
    let (server, other) = (Server::start(), Server::start());
    let foreign = publish(other.address, "a", "elsewhere");
    publish(server.address, "a", "here");
    let page = get(server.address, &format!("/c/a?after={}", foreign["cursor"].as_str().unwrap()));
    assert_eq!(page.json()["gap"]["reason"], "epoch", "{page:?}");
    assert_eq!(page.bodies(), ["here"]);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        assert!(entry.file_type().unwrap().is_file(), "{entry:?}");
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn a_cursor_from_before_a_restore_is_a_gap() {
    let mut server = Server::start();
    publish(server.address, "a", "1");
    server.terminate();
    assert!(server.wait().success());
    let backup = server.folder().join("backup");
    copy(&server.data(), &backup);
    server.restart();
    publish(server.address, "a", "2");
    let newest = publish(server.address, "a", "3");
    server.kill();
    std::fs::remove_dir_all(server.data()).unwrap();
    copy(&backup, &server.data());
    server.restart();
    let target = format!("/c/a?after={}", newest["cursor"].as_str().unwrap());
    let page = get(server.address, &target);
    assert_eq!(page.json()["gap"]["reason"], "went-back", "{page:?}");
    publish(server.address, "a", "other 2");
    let page = get(server.address, &target);
    assert_eq!(page.json()["gap"]["reason"], "went-back", "{page:?}");
    assert!(page.bodies().contains(&"other 2".to_owned()), "{page:?}");
}

/// Everything that comes until the server closes, and how long that took.
fn until_closed(mut stream: TcpStream) -> (String, Duration) {
    let begin = Instant::now();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = Vec::new();
    if let Err(error) = stream.read_to_end(&mut said) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "after {:?}", begin.elapsed());
    }
    (String::from_utf8_lossy(&said).into_owned(), begin.elapsed())
}

#[test]
fn half_a_head_and_silence_ends_in_about_ten_seconds() {
    let server = Server::start();
    let open = |sent: &[u8]| {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(sent).unwrap();
        stream
    };
    let streams = [&b""[..], b"G", b"GET /c/a HTTP/1.1\r\nHost: x\r\n"].map(open);
    std::thread::scope(|scope| {
        for waiting in streams.map(|stream| scope.spawn(|| until_closed(stream))) {
            let (said, time) = waiting.join().unwrap();
            assert!(said.is_empty() || said.starts_with("HTTP/1.1 408 "), "{said}");
            assert!((Duration::from_secs(8)..Duration::from_secs(20)).contains(&time), "{time:?} {said}");
        }
        assert_serves(&server, "meanwhile");
    });
}

#[test]
fn a_head_that_drips_does_not_live_longer() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    let begin = Instant::now();
    while stream.write_all(b"G").is_ok() {
        assert!(begin.elapsed() < Duration::from_secs(20), "still open");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(begin.elapsed() > Duration::from_secs(8), "{:?}", begin.elapsed());
    assert_serves(&server, "still");
}

#[test]
fn a_body_that_is_too_slow_is_refused() {
    let server = Server::start();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"POST /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n").unwrap();
    let mut reader = stream.try_clone().unwrap();
    let dripping = std::thread::spawn(move || {
        let end = Instant::now() + Duration::from_secs(30);
        while stream.write_all(&[b'x'; 50]).is_ok() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let begin = Instant::now();
    reader.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut said = [0; 13];
    reader.read_exact(&mut said).unwrap();
    assert_eq!(String::from_utf8_lossy(&said), "HTTP/1.1 408 ");
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
    drop(reader);
    dripping.join().unwrap();
    assert_eq!(get(server.address, "/c/a").bodies(), [""; 0]);
    assert_serves(&server, "still");
}

#[test]
fn a_reader_that_never_reads_harms_nobody_and_loses_nothing() {
    const COUNT: usize = 300;
    let server = Server::start();
    let open = || Held::open(server.address, "GET /c/a?via=sse HTTP/1.1");
    let (mut stalled, mut reader) = (open(), open());
    let filler = "x".repeat(60 * 1024);
    let expect = |held: &mut Held, number: usize| {
        let wanted = format!("data: {number} ");
        let data = held.data();
        assert!(data.as_ref().is_some_and(|data| data.starts_with(&wanted)), "no {number}");
    };
    for number in 0..COUNT {
        publish(server.address, "a", &format!("{number} {filler}"));
        expect(&mut reader, number);
    }
    let memory = resident(&server);
    assert!(memory < COUNT as u64 * 60 * 1024, "{memory} bytes for one reader that does not read");
    (0..COUNT).for_each(|number| expect(&mut stalled, number));
    until("the server serves", || get(server.address, "/readyz").status == 200);
}

/// Bytes of memory that are the server's own: proc(5), RssAnon.
fn resident(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}
