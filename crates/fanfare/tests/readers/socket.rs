//! WebSocket (RFC 6455), without extensions: the server's frames have no mask and no parts.

use super::Reader;
use super::response::{Response, bad};
use std::io;
use std::net::SocketAddr;

pub fn read(
    reader: &mut Reader,
    address: SocketAddr,
    target: &str,
    enough: &mut dyn FnMut(&Reader) -> bool,
) -> io::Result<()> {
    let mut response = Response::upgrade(address, &reader.target(target, "via=ws"))?;
    if response.status != 101 {
        return Err(bad(&format!("status {}", response.status)));
    }
    while !enough(reader) {
        let [first, second] = response.bytes()?;
        let length = match second {
            0..126 => usize::from(second),
            126 => usize::from(u16::from_be_bytes(response.bytes()?)),
            127 => u64::from_be_bytes(response.bytes()?) as usize,
            _ => return Err(bad("the server masks")),
        };
        let payload = response.exactly(length)?;
        match first {
            0x81 => {
                let value = serde_json::from_slice(&payload).unwrap();
                reader.take(&value);
                reader.take_cursor(&value);
            }
            0x89 if payload.is_empty() => {}
            _ => return Err(bad(&format!("a frame that begins with {first:#x}"))),
        }
    }
    Ok(())
}
