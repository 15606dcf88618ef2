//! A WebSocket by hand: texts out, objects in.

use super::http::Kept;
use serde_json::Value;
use std::net::SocketAddr;

pub struct Socket(Kept);

impl Socket {
    pub fn open(address: SocketAddr, target: &str) -> Socket {
        let mut kept = Kept::open(address);
        let head = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        kept.write(head.as_bytes()).unwrap();
        let answer = kept.answer();
        assert_eq!(answer.status, 101, "{answer:?}");
        Socket(kept)
    }

    /// Sends a text, masked with zeros.
    pub fn say(&mut self, text: &str) {
        let mut frame = vec![0x81];
        match u16::try_from(text.len()).unwrap() {
            short @ 0..126 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write(&frame).unwrap();
    }

    /// The next object.
    pub fn hear(&mut self) -> Value {
        loop {
            let [first, second] = self.0.bytes();
            let length = match second {
                126 => usize::from(u16::from_be_bytes(self.0.bytes())),
                127 => u64::from_be_bytes(self.0.bytes()) as usize,
                short => usize::from(short),
            };
            let mut payload = vec![0; length];
            self.0.read(&mut payload);
            match first {
                0x81 => return serde_json::from_slice(&payload).unwrap(),
                0x89 => {}
                _ => panic!("{first:#x} {payload:?}"),
            }
        }
    }
}
