//! One WebSocket's bytes: the head of the answer, then frames (RFC 6455 section 5.2). The server's have no mask, and
//! messages of runs have no parts.

use super::{Cut, Event, Hear};
use crate::outcome::Result;
use memchr::memmem;

/// How much of a conversation was taken.
#[derive(Debug, Default)]
pub struct Socket {
    open: bool,
    /// A head or a frame whose end was not read yet.
    cut: Cut,
}

/// An empty pong, masked with zeros.
const PONG: &[u8] = b"\x8a\x80\0\0\0\0";

impl Socket {
    /// Whether the head was read.
    pub fn is_open(&self) -> bool {
        self.open
    }

    /// Takes what was read.
    pub fn take(&mut self, bytes: &[u8], hear: Hear<'_>, answer: &mut Vec<u8>) -> Result<()> {
        let open = &mut self.open;
        self.cut.join(bytes, |bytes| {
            let mut rest = bytes;
            if !*open {
                let Some(end) = memmem::find(bytes, b"\r\n\r\n") else { return Ok(0) };
                if !bytes.starts_with(b"HTTP/1.1 101 ") {
                    let said = String::from_utf8_lossy(bytes);
                    return Err(format!("a WebSocket was answered:\n{said}").into());
                }
                *open = true;
                rest = &bytes[end + 4..];
            }
            while let Some((first, payload, after)) = frame(rest) {
                match first {
                    0x81 | 0x82 => hear(&Event { name: b"", data: payload })?,
                    0x89 => answer.extend_from_slice(PONG),
                    _ => return Err(format!("a frame begins with {first:#x}").into()),
                }
                rest = after;
            }
            Ok(bytes.len() - rest.len())
        })
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
    use crate::ears::{Ear, heard_however_cut};

    #[test]
    fn frames_are_found_wherever_reads_cut_them() {
        let long = [&[0x82, 126, 1, 0][..], &[b'y'; 256]].concat();
        let bytes = [&b"HTTP/1.1 101 X\r\nA: b\r\n\r\n\x81\x02hi\x89\x00"[..], &long, b"\x81\x01z"].concat();
        let (heard, answer) = heard_however_cut(Ear::websocket, &bytes);
        assert_eq!(heard.iter().map(|(_, data)| data.len()).collect::<Vec<_>>(), [2, 256, 1]);
        assert_eq!(answer, super::PONG);
        assert!(Ear::websocket().take(b"HTTP/1.1 503 No\r\n\r\n", &mut |_| Ok(()), &mut Vec::new()).is_err());
    }
}
