//! Floods over HTTP/2: frames that cost the sender little. They end their connection or are taken at the pace at which
//! they are answered; memory stays bounded, and others are served meanwhile.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::Server;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Bytes of a flood, unless the server ends it before.
const FLOOD: usize = 64 * 1024 * 1024;
/// And its time.
const TIME: Duration = Duration::from_secs(2);
/// By how much the process may grow meanwhile.
const GROWTH: usize = 50 * 1024 * 1024;

/// A frame (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Sends a beginning and then the same again and again, reading nothing or everything. Answers how much was taken.
fn flood(server: &Server, begin: &[u8], again: &[u8], reads: bool) -> usize {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&[PREFACE, begin].concat()).unwrap();
    stream.set_nonblocking(true).unwrap();
    let (bytes, began) = (again.repeat(64 * 1024 / again.len() + 1), Instant::now());
    let (mut sent, mut at, mut trash) = (0, 0, vec![0; 64 * 1024]);
    while sent < FLOOD && began.elapsed() < TIME {
        match stream.write(&bytes[at..]) {
            Ok(written) => {
                sent += written;
                at = (at + written) % bytes.len();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
        if reads && matches!(stream.read(&mut trash), Ok(0)) {
            break;
        }
    }
    sent
}

#[test]
fn floods_are_bounded_and_harm_nobody() {
    let server = Server::start();
    let mut reader = server.peer();
    reader.get("/c/a?via=ndjson").head();
    // What a request for `/` is in HPACK (RFC 7541), by its static table: GET, http, /, and an authority.
    let request = b"\x82\x86\x84\x41\x01x";
    let stream = 1;
    let floods: [(&str, Vec<u8>, Vec<u8>); 6] = [
        ("pings", Vec::new(), frame(0x6, 0, 0, &[7; 8])),
        ("settings", Vec::new(), frame(0x4, 0, 0, &[0, 3, 0, 0, 0, 100])),
        ("empty settings", Vec::new(), frame(0x4, 0, 0, b"")),
        (
            "continuations",
            frame(0x1, 0, stream, request),
            frame(0x9, 0, stream, &[0x00, 0x01, b'a', 0x01, b'b']),
        ),
        ("empty continuations", frame(0x1, 0, stream, request), frame(0x9, 0, stream, b"")),
        ("empty data", frame(0x1, 0x4, stream, b"\x83\x86\x84\x41\x01x"), frame(0x0, 0, stream, b"")),
    ];
    let before = resident();
    for (number, (name, begin, again)) in floods.iter().enumerate() {
        for reads in [true, false] {
            std::thread::scope(|scope| {
                let flooding = scope.spawn(|| flood(&server, begin, again, reads));
                while !flooding.is_finished() {
                    let word = format!("{name} {number} {reads}");
                    server.publish("a", &word);
                    reader.chunks_to(&word);
                }
                let sent = flooding.join().unwrap();
                let grown = resident().saturating_sub(before);
                println!("{name}, reading {reads}: {} KiB taken, {} KiB grown", sent / 1024, grown / 1024);
                assert!(grown < GROWTH, "{name}: {grown} bytes");
            });
        }
    }
}
