//! A peer: bytes out, bytes in, and responses read by hand.

use super::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

pub struct Peer {
    pub stream: TcpStream,
    unread: Vec<u8>,
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Response {
    /// The number of a problem document's code.
    pub fn code(&self) -> u64 {
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(document["status"], self.status, "{self:?}");
        document["code"].as_u64().unwrap()
    }

    /// Where a publish was put.
    pub fn position(&self) -> u64 {
        let receipt: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        receipt["position"].as_u64().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (other, value) = line.split_once(": ")?;
            other.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl Peer {
    pub fn connect(address: SocketAddr) -> Peer {
        Peer::new(TcpStream::connect(address).unwrap())
    }

    pub fn new(stream: TcpStream) -> Peer {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Peer { stream, unread: Vec::new() }
    }

    pub fn send(&mut self, text: impl AsRef<[u8]>) -> &mut Peer {
        self.stream.write_all(text.as_ref()).unwrap();
        self
    }

    /// A GET with the usual headers.
    pub fn get(&mut self, target: &str) -> &mut Peer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
    }

    /// A publish that the worker answers itself.
    pub fn post(&mut self, target: &str, body: &str) -> &mut Peer {
        let length = body.len();
        self.send(format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}"))
    }

    /// A publish in chunks, which goes to the API.
    pub fn post_chunked(&mut self, target: &str, body: &str) -> &mut Peer {
        let (head, length) = ("HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked", body.len());
        self.send(format!("POST {target} {head}\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"))
    }

    /// No more will be sent.
    pub fn half_close(&mut self) -> &mut Peer {
        self.stream.shutdown(Shutdown::Write).unwrap();
        self
    }

    /// Reads some more; false at the end. A reset is no end: what was on its way would be lost.
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(read) => {
                    self.unread.extend_from_slice(&buffer[..read]);
                    return read > 0;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => panic!("{error}, after {:?}", String::from_utf8_lossy(&self.unread)),
            }
        }
    }

    /// Whether there is something to read now.
    pub fn has_more(&mut self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let more = !self.unread.is_empty() || self.stream.peek(&mut [0]).is_ok();
        self.stream.set_nonblocking(false).unwrap();
        more
    }

    /// Reads up to and with a text.
    pub fn read_to(&mut self, end: &str) -> String {
        let mut from = 0;
        loop {
            let found = self.unread[from..].windows(end.len()).position(|window| window == end.as_bytes());
            if let Some(at) = found {
                let read: Vec<u8> = self.unread.drain(..from + at + end.len()).collect();
                return String::from_utf8(read).unwrap();
            }
            from = self.unread.len().saturating_sub(end.len());
            assert!(self.fill(), "ended before {end:?}, after {:?}", String::from_utf8_lossy(&self.unread));
        }
    }

    pub fn read_exact(&mut self, length: usize) -> String {
        String::from_utf8(self.take(length)).unwrap()
    }

    /// So many bytes.
    pub fn take(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            assert!(self.fill(), "ended within a body");
        }
        self.unread.drain(..length).collect()
    }

    /// Reads everything to the end of the connection.
    pub fn read_end(&mut self) -> String {
        String::from_utf8(self.read_end_bytes()).unwrap()
    }

    /// The same, where it need not be text.
    pub fn read_end_bytes(&mut self) -> Vec<u8> {
        while self.fill() {}
        std::mem::take(&mut self.unread)
    }

    pub fn head(&mut self) -> Response {
        let head = self.read_to("\r\n\r\n");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head, body: String::new() }
    }

    /// A whole response with its length.
    pub fn response(&mut self) -> Response {
        let mut response = self.head();
        let length = response.header("content-length").map_or(0, |length| length.parse().unwrap());
        response.body = self.read_exact(length);
        response
    }

    /// The connection ends here.
    pub fn assert_closed(&mut self) {
        assert_eq!(self.read_end(), "", "nothing more was expected");
    }

    /// The next chunk of a stream.
    pub fn chunk(&mut self) -> String {
        let size = self.read_to("\r\n");
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let chunk = self.read_exact(size + 2);
        chunk[..size].to_owned()
    }

    /// Chunks of a stream up to one that holds a text.
    pub fn chunks_to(&mut self, text: &str) -> String {
        let mut chunks = String::new();
        while !chunks.contains(text) {
            chunks += &self.chunk();
        }
        chunks
    }
}
