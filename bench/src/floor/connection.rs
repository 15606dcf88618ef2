//! One connection of the floor: requests until one asks to hear, then a place in a feed.

use super::feed::{FORMS, Feed, Form};
use memchr::memmem;
use mio::net::TcpStream;
use std::io::{ErrorKind, Read, Write};

/// What a request asks for.
pub enum Asked<'a> {
    Publish(&'a [u8]),
    /// To hear, from now on or after so many messages.
    Hear(Form, Option<usize>),
}

/// A connection.
pub struct Connection {
    pub stream: TcpStream,
    /// The socket is full.
    pub blocked: bool,
    /// It hears since a moment ago.
    pub fresh: bool,
    hears: Option<(Form, u64)>,
    cut: Vec<u8>,
}

impl Connection {
    pub fn new(stream: TcpStream) -> Connection {
        Connection { stream, blocked: false, fresh: false, hears: None, cut: Vec::new() }
    }

    /// Its place, if it hears this feed.
    pub fn place(&self, feed: usize) -> Option<u64> {
        self.hears.filter(|(form, _)| *form as usize == feed).map(|(_, place)| place)
    }

    /// Reads all there is; hands on what is asked. Answers whether the connection lives.
    pub fn read(&mut self, buffer: &mut [u8], ask: &mut dyn FnMut(Asked<'_>) -> Option<(Form, u64)>) -> bool {
        self.fresh = false;
        loop {
            let length = match self.stream.read(buffer) {
                Ok(0) => return false,
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return false,
            };
            if self.hears.is_none() && !self.take(&buffer[..length], ask) {
                return false;
            }
            if length < buffer.len() {
                return true;
            }
        }
    }

    fn take(&mut self, bytes: &[u8], ask: &mut dyn FnMut(Asked<'_>) -> Option<(Form, u64)>) -> bool {
        self.cut.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(head) = memmem::find(&self.cut[used..], b"\r\n\r\n") {
            let (head, rest) = self.cut[used..].split_at(head + 4);
            if head.starts_with(b"GET ") {
                let has = |mark| memmem::find(head, mark).is_some();
                let form = match () {
                    () if has(b"\r\nUpgrade: websocket\r\n") => Form::WebSocket,
                    () if has(b"via=ndjson") => Form::Lines,
                    () => Form::EventStream,
                };
                let heard = number(head, b"after=");
                self.hears = ask(Asked::Hear(form, heard));
                self.fresh = heard.is_some();
                self.cut = Vec::new();
                return true;
            }
            let Some(length) = number(head, b"Content-Length: ") else { return false };
            let Some(body) = rest.get(..length) else { break };
            ask(Asked::Publish(body));
            used += head.len() + length;
        }
        self.cut.drain(..used);
        true
    }

    /// Writes all messages that are pending, up to `most` at a time. Answers whether the connection lives.
    pub fn write(&mut self, feeds: &[Feed; FORMS], most: usize) -> bool {
        self.blocked = false;
        let Some((form, place)) = &mut self.hears else { return true };
        loop {
            let bytes = feeds[*form as usize].from(*place, most);
            if bytes.is_empty() {
                return true;
            }
            match self.stream.write(bytes) {
                Ok(written) => *place += written as u64,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    return true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return false,
            }
        }
    }
}

/// The number behind a mark.
fn number(head: &[u8], mark: &[u8]) -> Option<usize> {
    crate::publisher::number_after(head, mark).map(|number| number as usize)
}
