//! What commands do when where they ask is no Fanfare server, or says nothing.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use support::command::{Job, fanfare};

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let commands: [&[&str]; 5] = [
        &["publish", "a", "x"],
        &["publish", "a", "--lines", "--file", "Cargo.toml"],
        &["history", "a"],
        &["channels"],
        &["top", "--once"],
    ];
    // Beside each other: each waits its whole time.
    let jobs = commands.map(|args| Job::start(&mut fanfare(&url, args)));
    for (job, args) in jobs.into_iter().zip(commands) {
        let told = job.end().with(3).stderr;
        let expected = format!("{url} accepted the connection and did not answer in 10 s\n");
        assert!(told.contains(&expected) && told.contains("is it a Fanfare server?"), "{args:?}: {told}");
    }
}

/// Something that speaks HTTP and answers everything with a status and a page for people; where it is.
fn stranger(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || listener.incoming().flatten().for_each(|stream| drop(answer(stream, status))));
    url
}

fn answer(mut stream: TcpStream, status: &str) -> std::io::Result<()> {
    let (mut asked, mut part) = (Vec::new(), [0; 4096]);
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part)? {
            0 => return Ok(()),
            read => asked.extend_from_slice(&part[..read]),
        }
    }
    let page = "<html>Sorry.</html>";
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{page}",
        page.len()
    )?;
    stream.shutdown(Shutdown::Write)?;
    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
}

#[test]
fn what_is_no_fanfare_server_is_told_as_such_and_not_waited_for() {
    let commands: [&[&str]; 7] = [
        &["subscribe", "a"],
        &["subscribe", "a", "--transport", "long-poll"],
        &["publish", "a", "x"],
        &["publish", "a", "--lines", "--file", "Cargo.toml"],
        &["history", "a"],
        &["channels"],
        &["top", "--once"],
    ];
    for status in
        ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "501 Not Implemented"]
    {
        let url = stranger(status);
        let expected = format!("error: {url} answered {status}, without what a Fanfare server says\n");
        for args in commands {
            let told = Job::start(&mut fanfare(&url, args)).end().with(4).stderr;
            assert!(told.contains(&expected) && told.contains("is the address right?"), "{args:?}: {told}");
        }
    }
}

#[test]
fn a_proxy_whose_server_is_away_is_waited_for() {
    let mut job = Job::start(&mut fanfare(&stranger("503 Service Unavailable"), &["subscribe", "a"]));
    job.told("answered 503 Service Unavailable, without what a Fanfare server says); coming back in");
    assert!(!job.has_ended());
}
