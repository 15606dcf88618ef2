//! A whole server calls what its configuration allows, and nothing else of this machine.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_server::{Config, Server};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A target that takes one request and says what it was.
fn target() -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut all, mut buffer) = (String::new(), [0; 4096]);
        while !all.ends_with('}') {
            let read = stream.read(&mut buffer).unwrap();
            all.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        sender.send(all).unwrap();
    });
    (address, receiver)
}

fn start(allow: &[&str]) -> (tempfile::TempDir, Server) {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        data: data.path().to_owned(),
        egress_allow: allow.iter().map(|range| range.parse().unwrap()).collect(),
        ..Config::default()
    };
    (data, Server::start(&config, None).unwrap())
}

fn hook(server: &Server, target: &str) -> String {
    let wish = format!("{{\"url\": \"http://{target}/in\", \"patterns\": [\"a\"]}}");
    let made = ask(server.address(), "POST", "/webhooks", &wish);
    assert!(made.starts_with("HTTP/1.1 201 "), "{made}");
    let place = made.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
    assert!(ask(server.address(), "POST", "/c/a", "hello").starts_with("HTTP/1.1 201 "));
    place
}

fn until(server: &Server, path: &str, text: &str) {
    let began = Instant::now();
    loop {
        let answer = ask(server.address(), "GET", path, "");
        if answer.contains(text) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{path} never has {text}: {answer}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_server_delivers_to_what_it_may_call_and_counts_it() {
    let (_data, server) = start(&["127.0.0.1/32"]);
    let (address, heard) = target();
    let place = hook(&server, &address.to_string());
    let request = heard.recv_timeout(Duration::from_secs(30)).unwrap();
    assert!(request.starts_with("POST /in ") && request.contains("\"body\":\"hello\""), "{request}");
    until(&server, &place, "\"delivered\":1");
    let id = place.strip_prefix("/webhooks/").unwrap();
    until(&server, "/metrics", &format!("fanfare_webhook_delivered_total{{webhook=\"{id}\"}} 1"));
    server.stop(Duration::ZERO);
}

#[test]
fn a_server_calls_nothing_of_this_machine_by_default() {
    let (_data, server) = start(&[]);
    let (address, heard) = target();
    let wish = format!("{{\"url\": \"http://{address}/in\", \"patterns\": [\"a\"]}}");
    let refused = ask(server.address(), "POST", "/webhooks", &wish);
    assert!(refused.starts_with("HTTP/1.1 403 ") && refused.contains("is loopback"), "{refused}");
    let place = hook(&server, &format!("localhost:{}", address.port()));
    until(&server, &place, "is loopback");
    assert!(heard.try_recv().is_err());
    server.stop(Duration::ZERO);
}
