//! One WebSocket's bytes: the head of the answer, then frames (RFC 6455 section 5.2). The server's have no mask, and
//! messages of runs have no parts.

use super::Event;
use crate::outcome::Result;
use memchr::memmem;

/// How much of a conversation was taken.
#[derive(Debug, Default)]
pub struct Socket {
    open: bool,
    /// A head or a frame whose end was not read yet.
    cut: Vec<u8>,
    /// Pings that were not answered yet.
    pub pings: usize,
}

/// An empty pong, masked with zeros.
pub const PONG: &[u8] = b"\x8a\x80\0\0\0\0";

impl Socket {
    /// Whether the head was read.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8], hear: &mut dyn FnMut(&Event<'_>) -> Result<()>) -> Result<()> {
        let joined;
        let mut bytes = bytes;
        if !self.cut.is_empty() {
            self.cut.extend_from_slice(bytes);
            joined = std::mem::take(&mut self.cut);
            bytes = &joined;
        }
        if !self.open {
            let Some(end) = memmem::find(bytes, b"\r\n\r\n") else {
                self.cut.extend_from_slice(bytes);
                return Ok(());
            };
            if !bytes.starts_with(b"HTTP/1.1 101 ") {
                return Err(format!("a WebSocket was answered:\n{}", String::from_utf8_lossy(bytes)).into());
            }
            self.open = true;
            bytes = &bytes[end + 4..];
        }
        while let Some((first, payload, rest)) = frame(bytes) {
            match first {
                0x81 | 0x82 => hear(&Event { name: b"", data: payload })?,
                0x89 => self.pings += 1,
                _ => return Err(format!("a frame begins with {first:#x}").into()),
            }
            bytes = rest;
        }
        self.cut.extend_from_slice(bytes);
        Ok(())
    }
}

/// The first frame, if it is whole: its first byte, its payload, and what follows.
fn frame(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let (length, rest) = match head[1] {
        126 => rest
            .split_first_chunk::<2>()
            .map(|(digits, rest)| (usize::from(u16::from_be_bytes(*digits)), rest))?,
        127 => rest
            .split_first_chunk::<8>()
            .map(|(digits, rest)| (u64::from_be_bytes(*digits) as usize, rest))?,
        short => (usize::from(short), rest),
    };
    let (payload, rest) = rest.split_at_checked(length)?;
    Some((head[0], payload, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_wherever_reads_cut_them() {
        let long = [&[0x82, 126, 1, 0][..], &[b'y'; 256]].concat();
        let bytes = [&b"HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x02hi\x89\x00"[..], &long, b"\x81\x01z"].concat();
        for cut in 1..bytes.len() {
            let (mut socket, mut heard) = (Socket::default(), Vec::new());
            for part in [&bytes[..cut], &bytes[cut..]] {
                let mut hear = |event: &Event<'_>| {
                    heard.push(event.data.len());
                    Ok(())
                };
                socket.take(part, &mut hear).unwrap();
            }
            assert_eq!((heard, socket.pings), (vec![2, 256, 1], 1), "cut at {cut}");
        }
        assert!(Socket::default().take(b"HTTP/1.1 503 No\r\n\r\n", &mut |_| Ok(())).is_err());
    }
}
