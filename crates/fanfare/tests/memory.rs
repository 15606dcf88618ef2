//! A server that gets no more memory: it refuses, or it ends; either way nothing that was acknowledged is lost, and it
//! comes back.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and says what came"
)]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use support::http::get;
use support::server::{Limit, PATIENCE, Server};

/// Beyond what a server maps at its start, and below what live channels may hold here.
const MEMORY_KIB: u32 = 560_000;
const CONFIG: &str = "[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\nmessages = 100000\n";
/// What is published at the most, more than there is memory for.
const LIVE: u32 = 12_000;
const BODY: usize = 60_000;

/// Publishes; `None` if no answer came.
fn post(
    connection: &mut Option<BufReader<TcpStream>>,
    address: SocketAddr,
    channel: &str,
    body: &str,
) -> Option<u16> {
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => {
            let stream = TcpStream::connect(address).ok()?;
            stream.set_read_timeout(Some(PATIENCE)).ok()?;
            BufReader::new(stream)
        }
    };
    let head = format!(
        "POST /c/{channel} HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(head.as_bytes()).ok()?;
    let (mut line, mut status, mut length) = (String::new(), None, 0);
    while line != "\r\n" {
        line.clear();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        status = status.or_else(|| line.split(' ').nth(1)?.parse().ok());
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()?;
    *connection = Some(stream);
    status
}

#[test]
fn a_server_without_memory_loses_nothing_that_was_acknowledged_and_comes_back() {
    let mut server = Server::limited(Limit::MemoryKib(MEMORY_KIB), CONFIG, &["--workers", "1"]);
    let (mut acknowledged, mut connection, mut refused) = (Vec::new(), None, 0);
    let large = "x".repeat(BODY);
    for number in 0..LIVE {
        match post(&mut connection, server.address, "live/a", &large) {
            Some(201) => {}
            Some(_) => refused += 1,
            None if server.has_ended() => break,
            None => refused += 1,
        }
        if number % 8 == 0
            && post(&mut connection, server.address, "kept/a", &number.to_string()) == Some(201)
        {
            acknowledged.push(number.to_string());
        }
    }
    let ended = server.has_ended();
    println!("{} kept, {refused} refused, ended: {ended}", acknowledged.len());
    assert!(ended || refused > 0, "there was memory enough");
    server.restart();
    assert!(post(&mut None, server.address, "kept/b", "again") == Some(201));
    let page = get(server.address, "/c/kept/a?since=0&limit=1000");
    let found = page.bodies();
    assert!(
        acknowledged.iter().all(|number| found.contains(number)),
        "{found:?} instead of {acknowledged:?}"
    );
}
