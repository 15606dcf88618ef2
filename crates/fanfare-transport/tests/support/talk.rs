//! A peer that speaks WebSocket, by hand: so that it can break every rule.

use super::{Peer, Server};
use serde_json::Value;

pub struct Talk {
    pub peer: Peer,
}

impl Talk {
    pub fn open(server: &Server, target: &str) -> Talk {
        Talk::with(server, target, "")
    }

    /// With more header lines.
    pub fn with(server: &Server, target: &str, lines: &str) -> Talk {
        let mut peer = server.peer();
        peer.send(format!(
            "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
        ));
        let head = peer.head();
        assert_eq!(head.status, 101, "{head:?}");
        Talk { peer }
    }

    /// Sends a frame whose first byte is this, masked.
    pub fn frame(&mut self, first: u8, payload: &[u8]) -> &mut Talk {
        self.peer.send(frame(first, payload));
        self
    }

    pub fn say(&mut self, text: &str) -> &mut Talk {
        self.frame(0x81, text.as_bytes())
    }

    /// The next frame: its first byte and its payload.
    pub fn hear(&mut self) -> (u8, Vec<u8>) {
        let head = self.peer.take(2);
        let length = match head[1] {
            126 => self.peer.take(2),
            127 => self.peer.take(8),
            short => vec![short],
        };
        let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        (head[0], self.peer.take(length))
    }

    /// The next text, as JSON; pings are read over.
    pub fn json(&mut self) -> Value {
        loop {
            let (first, payload) = self.hear();
            if first != 0x89 {
                assert_eq!(first, 0x81, "{:?}", String::from_utf8_lossy(&payload));
                return serde_json::from_slice(&payload).unwrap();
            }
        }
    }

    /// The next answer; events are read over.
    pub fn reply(&mut self) -> Value {
        loop {
            let value = self.json();
            if value.get("reply").is_some() {
                return value;
            }
        }
    }

    /// The code and the reason with which the server ends the conversation; after it the connection ends.
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            let (first, payload) = self.hear();
            if first == 0x88 {
                self.peer.assert_closed();
                let (code, reason) = payload.split_at(2);
                return (u16::from_be_bytes([code[0], code[1]]), String::from_utf8(reason.to_vec()).unwrap());
            }
        }
    }
}

/// A masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | short as u8),
        middle @ 126..65_536 => {
            bytes.push(0x80 | 126);
            bytes.extend((middle as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend([1, 2, 3, 4]);
    bytes.extend(payload.iter().zip([1, 2, 3, 4].iter().cycle()).map(|(byte, key)| byte ^ key));
    bytes
}
