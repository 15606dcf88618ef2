//! Frames (RFC 6455 section 5.2).
//!
//! ```text
//!  FIN RSV1 RSV2 RSV3 opcode:4 | MASK length:7 | length:16 or 64 | masking key:32 | payload
//! ```

use super::{CloseCode, Deflater, Violation};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// The message goes on.
    Continuation,
    /// A message of text, in UTF-8.
    Text,
    /// A message of bytes.
    Binary,
    /// The end, with a code and a reason.
    Close,
    /// To be answered with a pong of the same payload.
    Ping,
    /// The answer.
    Pong,
}

impl Opcode {
    fn from_bits(bits: u8) -> Option<Opcode> {
        Some(match bits {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    fn bits(self) -> u8 {
        match self {
            Opcode::Continuation => 0x0,
            Opcode::Text => 0x1,
            Opcode::Binary => 0x2,
            Opcode::Close => 0x8,
            Opcode::Ping => 0x9,
            Opcode::Pong => 0xA,
        }
    }

    /// Whether frames of this kind stand between those of a message.
    pub fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// Most bytes of a frame's head.
pub(super) const HEADER: usize = 14;
/// Most bytes of a control frame's payload.
const CONTROL: u64 = 125;

/// The head of a frame from a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) compressed: bool,
    pub(super) opcode: Opcode,
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

impl Header {
    /// The length of the whole head whose first bytes these are, as far as they tell.
    pub(super) fn size(bytes: &[u8]) -> usize {
        let Some(second) = bytes.get(1) else { return 2 };
        let length = match second & 0x7F {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        2 + length + if second & 0x80 == 0 { 0 } else { 4 }
    }

    /// Reads a whole head. `deflate`: RSV1 has been agreed on.
    pub(super) fn parse(bytes: &[u8], deflate: bool) -> Result<Header, Violation> {
        let (first, second) = (bytes[0], bytes[1]);
        let wrong = |reason| Err(Violation::new(CloseCode::PROTOCOL_ERROR, reason));
        let Some(opcode) = Opcode::from_bits(first & 0x0F) else { return wrong("reserved opcode") };
        let (fin, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        if first & 0x30 != 0 || (compressed && !deflate) {
            return wrong("reserved bit set");
        }
        if compressed && !matches!(opcode, Opcode::Text | Opcode::Binary) {
            return wrong("only the first frame of a message says that it is compressed");
        }
        if second & 0x80 == 0 {
            return wrong("client frames are masked");
        }
        let (length, rest) = length(&bytes[1..]);
        if opcode.is_control() && (!fin || length > CONTROL) {
            return wrong("control frames are whole and have at most 125 bytes");
        }
        let shorter = match second & 0x7F {
            126 => length < 126,
            127 => length < 65_536,
            _ => false,
        };
        if shorter || length >> 63 != 0 {
            return wrong("the length is not written in its shortest form");
        }
        let mask = [rest[0], rest[1], rest[2], rest[3]];
        Ok(Header { fin, compressed, opcode, length, mask })
    }
}

/// The length that begins with these bytes, and what follows it.
fn length(bytes: &[u8]) -> (u64, &[u8]) {
    let number = |digits: &[u8]| digits.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    match bytes[0] & 0x7F {
        126 => (number(&bytes[1..3]), &bytes[3..]),
        127 => (number(&bytes[1..9]), &bytes[9..]),
        short => (u64::from(short), &bytes[1..]),
    }
}

/// Appends a whole message or control frame from the server. A message is compressed for a window of so many bits, if
/// that was agreed on and makes it shorter.
pub fn frame(opcode: Opcode, payload: &[u8], bits: Option<u8>, deflater: &mut Deflater, out: &mut Vec<u8>) {
    let deflated = bits.filter(|_| !opcode.is_control()).and_then(|bits| deflater.deflate(payload, bits));
    let sent = deflated.as_deref().unwrap_or(payload);
    header(opcode, deflated.is_some(), sent.len(), out);
    out.extend_from_slice(sent);
}

/// Appends the head of an unfragmented frame; the server's are not masked.
fn header(opcode: Opcode, compressed: bool, length: usize, out: &mut Vec<u8>) {
    out.push(0x80 | if compressed { 0x40 } else { 0 } | opcode.bits());
    match length {
        0..=125 => out.push(length as u8),
        126..=0xFFFF => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

/// Appends a close frame. The reason is cut to what fits.
pub fn close_frame(code: CloseCode, reason: &str, out: &mut Vec<u8>) {
    let most = CONTROL as usize - 2;
    let end = (0..=reason.len().min(most)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or(0);
    header(Opcode::Close, false, end + 2, out);
    out.extend_from_slice(&code.0.to_be_bytes());
    out.extend_from_slice(&reason.as_bytes()[..end]);
}
