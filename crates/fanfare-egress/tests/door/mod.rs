//! Peers to call: real sockets that answer as a test says.

use fanfare_egress::{Addresses, Client, Lookup, Options, Resolver, Target};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a peer heard, for looking at it.
#[derive(Default)]
pub struct Heard {
    pub connections: AtomicUsize,
    pub requests: Mutex<Vec<String>>,
}

/// A peer that answers each request with what a function says, once; without an answer it says nothing, ever.
pub struct Peer {
    pub address: SocketAddr,
    pub heard: Arc<Heard>,
}

impl Peer {
    pub fn new(address: &str, answer: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> Peer {
        let listener = TcpListener::bind(address).unwrap();
        let (address, heard) = (listener.local_addr().unwrap(), Arc::new(Heard::default()));
        let theirs = heard.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                theirs.connections.fetch_add(1, SeqCst);
                let mut stream = stream.unwrap();
                let request = request(&mut stream);
                theirs.requests.lock().unwrap().push(request.clone());
                match answer(&request) {
                    Some(bytes) => drop(stream.write_all(&bytes)),
                    None => silent.push(stream),
                }
            }
        });
        Peer { address, heard }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn connections(&self) -> usize {
        self.heard.connections.load(SeqCst)
    }

    pub fn requests(&self) -> Vec<String> {
        self.heard.requests.lock().unwrap().clone()
    }
}

/// Head and body as they came.
fn request(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|value| value.trim().parse::<usize>().unwrap())
            });
            if body.len() >= length.unwrap_or_default() {
                return text;
            }
        }
        match stream.read(&mut buffer) {
            Ok(read) if read > 0 => all.extend_from_slice(&buffer[..read]),
            _ => return text,
        }
    }
}

/// An answer with a status, header lines and a body.
pub fn answer(status: &str, lines: &str, body: &str) -> Option<Vec<u8>> {
    Some(format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{lines}\r\n{body}", body.len()).into_bytes())
}

pub fn allow(ranges: &[&str]) -> Addresses {
    Addresses::allowing(ranges.iter().map(|range| range.parse().unwrap()).collect())
}

pub fn client(options: Options) -> Client {
    Client::new(options)
}

pub fn local() -> Options {
    Options { addresses: allow(&["127.0.0.0/8"]), ..Options::default() }
}

pub fn target(url: &str) -> Target {
    Target::parse(url).unwrap()
}

/// Answers with what a function says, each time anew.
pub struct Says<F>(pub F);

impl<F: Fn(&str) -> Vec<IpAddr> + Send + Sync> Resolver for Says<F> {
    fn addresses<'a>(&'a self, name: &'a str) -> Lookup<'a> {
        Box::pin(async move { Ok((self.0)(name)) })
    }
}
