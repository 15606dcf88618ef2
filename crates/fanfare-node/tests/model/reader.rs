//! A client: a socket with little room, and a strict reading of event lines.

use crate::held::Held;
use crate::world::Manner;
use fanfare_node::{Outcome, Sink};
use serde_json::Value;
use std::io;

/// A socket that takes only so many bytes.
#[derive(Default)]
pub struct Socket {
    pub room: usize,
    pub bytes: Vec<u8>,
}

impl Sink for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let written = bytes.len().min(self.room);
        self.room -= written;
        self.bytes.extend_from_slice(&bytes[..written]);
        Ok(written)
    }

    fn write_parts(&mut self, parts: &[&[u8]; 3]) -> io::Result<usize> {
        self.write(&parts.concat())
    }
}

/// What a reader heard.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    Message { channel: String, position: u64, body: String },
    Gap { from: u64, to: u64 },
}

/// One client over several connections.
#[derive(Default)]
pub struct Reader {
    pub socket: Socket,
    /// What this connection has brought, if it brings changes.
    pub held: Option<Held>,
    pub open: bool,
    pub selection: usize,
    pub manner: Manner,
    /// What was superseded by one of the first so many may be left out.
    pub latest_until: usize,
    pub filter: usize,
    pub cursor: Option<String>,
    pub heard: Vec<Heard>,
    /// Index into the list of everything published: nothing before it is to be heard...
    pub allowed: usize,
    /// ...and everything from here on is.
    pub wanted: usize,
    /// What was removed before this connection, and how much had been heard by then.
    pub removed: (Vec<String>, usize),
    pub last: Option<Outcome>,
}

impl Reader {
    /// Reads the whole lines that have arrived.
    pub fn read(&mut self) {
        while let Some(end) = self.socket.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.socket.bytes.drain(..=end).collect();
            let line: Value = serde_json::from_slice(&line).unwrap();
            let line = match &mut self.held {
                Some(held) => held.whole(line),
                None => line,
            };
            if let Some(channel) = line.get("channel") {
                self.heard.push(Heard::Message {
                    channel: channel.as_str().unwrap().to_owned(),
                    position: line["position"].as_u64().unwrap(),
                    body: line["body"].as_str().unwrap().to_owned(),
                });
            } else if let Some(gap) = line.get("gap") {
                let place = |name: &str| gap[name].as_u64().unwrap();
                self.heard.push(Heard::Gap { from: place("from"), to: place("to") });
            } else {
                assert!(line.get("error").is_none() && line.get("closing").is_none(), "{line}");
            }
            if let Some(cursor) = line["cursor"].as_str() {
                self.cursor = Some(cursor.to_owned());
            }
        }
    }

    /// The server ends: what it had said has arrived, and no more.
    pub fn cut_after_reading(&mut self) {
        self.read();
        self.cut();
    }

    /// The connection breaks: what had not arrived whole is gone.
    pub fn cut(&mut self) {
        self.socket = Socket::default();
        self.open = false;
    }
}
