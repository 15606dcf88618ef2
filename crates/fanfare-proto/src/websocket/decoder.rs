//! What a client sends (RFC 6455 section 5.4): frames become messages, in any pieces, read strictly.

use super::frame::{HEADER, Header};
use super::text::Utf8;
use super::{CloseCode, Inflater, Opcode};

/// What is wrong, and the code to close with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Violation {
    /// The code.
    pub code: CloseCode,
    /// For people; short enough for a close frame.
    pub reason: &'static str,
}

impl Violation {
    pub(super) fn new(code: CloseCode, reason: &'static str) -> Violation {
        Violation { code, reason }
    }
}

/// One thing that was received whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<'a> {
    /// A message of text.
    Text(&'a str),
    /// A message of bytes.
    Binary(&'a [u8]),
    /// To be answered with a pong of the same payload.
    Ping(&'a [u8]),
    /// An answer to a ping, or to none.
    Pong(&'a [u8]),
    /// The peer ends the conversation, perhaps with a code and a reason. Nothing is read after it.
    Close(Option<(CloseCode, &'a str)>),
}

/// A message that is not complete.
#[derive(Debug, Clone, Copy)]
struct Begun {
    opcode: Opcode,
    compressed: bool,
}

/// Reads what one client sends. Without an unfinished frame or message it holds no memory beside itself.
#[derive(Debug)]
pub struct Decoder {
    /// Bytes of a head that is not complete.
    head: [u8; HEADER],
    head_length: u8,
    frame: Option<Header>,
    /// Bytes of the frame's payload that were read.
    read: u64,
    begun: Option<Begun>,
    utf8: Utf8,
    /// The payload of the message so far.
    message: Vec<u8>,
    /// The payload of a control frame, which may stand between those of a message.
    control: Vec<u8>,
    most: usize,
    deflate: bool,
    ended: bool,
}

impl Decoder {
    /// For messages of at most so many bytes; `deflate`: compression was agreed on.
    pub fn new(most: usize, deflate: bool) -> Decoder {
        Decoder {
            head: [0; HEADER],
            head_length: 0,
            frame: None,
            read: 0,
            begun: None,
            utf8: Utf8::default(),
            message: Vec::new(),
            control: Vec::new(),
            most,
            deflate,
            ended: false,
        }
    }

    /// Reads on until something was received whole. Answers how many of the bytes were taken, and what it was; all
    /// bytes were taken if it was nothing. After a violation the conversation is over.
    pub fn read<'a>(
        &'a mut self,
        bytes: &[u8],
        inflater: &'a mut Inflater,
    ) -> Result<(usize, Option<Received<'a>>), Violation> {
        let mut taken = 0;
        if self.ended {
            return Ok((bytes.len(), None));
        }
        if self.begun.is_none() {
            self.message = Vec::new();
        }
        loop {
            let Some(header) = self.frame else {
                taken += self.read_head(&bytes[taken..])?;
                if self.frame.is_none() {
                    return Ok((taken, None));
                }
                continue;
            };
            taken += self.read_payload(&header, &bytes[taken..])?;
            if self.read < header.length {
                return Ok((taken, None));
            }
            self.frame = None;
            self.head_length = 0;
            if header.opcode.is_control() {
                return Ok((taken, Some(self.take_control(header.opcode)?)));
            }
            if header.fin {
                return Ok((taken, Some(self.take_message(inflater)?)));
            }
        }
    }

    /// Whether something was begun and is not complete.
    pub fn is_amid(&self) -> bool {
        self.head_length > 0 || self.frame.is_some() || self.begun.is_some()
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.message.capacity() + self.control.capacity()
    }

    /// Reads on in a head. Answers how many bytes were taken.
    fn read_head(&mut self, bytes: &[u8]) -> Result<usize, Violation> {
        let mut taken = 0;
        loop {
            let length = usize::from(self.head_length);
            let wanted = Header::size(&self.head[..length]);
            if length == wanted && length >= 2 {
                let header = Header::parse(&self.head[..length], self.deflate)?;
                self.begin(header)?;
                return Ok(taken);
            }
            let piece = &bytes[taken..bytes.len().min(taken + wanted - length)];
            if piece.is_empty() {
                return Ok(taken);
            }
            self.head[length..length + piece.len()].copy_from_slice(piece);
            self.head_length += piece.len() as u8;
            taken += piece.len();
        }
    }

    fn begin(&mut self, header: Header) -> Result<(), Violation> {
        let wrong = |reason| Err(Violation::new(CloseCode::PROTOCOL_ERROR, reason));
        match (header.opcode, self.begun) {
            (Opcode::Continuation, None) => return wrong("nothing is begun that could go on"),
            (Opcode::Text | Opcode::Binary, Some(_)) => return wrong("a message begins within another"),
            (Opcode::Text | Opcode::Binary, None) => {
                self.begun = Some(Begun { opcode: header.opcode, compressed: header.compressed });
                self.utf8 = Utf8::default();
            }
            _ => {}
        }
        let room = self.most - self.message.len();
        if !header.opcode.is_control() && header.length > room as u64 {
            return Err(Violation::new(CloseCode::TOO_LARGE, "the message is too large"));
        }
        (self.frame, self.read) = (Some(header), 0);
        self.control.clear();
        Ok(())
    }

    /// Reads on in a payload. Answers how many bytes were taken.
    fn read_payload(&mut self, header: &Header, bytes: &[u8]) -> Result<usize, Violation> {
        let left = usize::try_from(header.length - self.read).unwrap_or(usize::MAX);
        let piece = &bytes[..bytes.len().min(left)];
        let into = if header.opcode.is_control() { &mut self.control } else { &mut self.message };
        let from = into.len();
        into.extend_from_slice(piece);
        unmask(&mut into[from..], header.mask, self.read);
        self.read += piece.len() as u64;
        let text = self.begun.is_some_and(|begun| begun.opcode == Opcode::Text && !begun.compressed);
        if text && !header.opcode.is_control() && !self.utf8.push(&self.message[from..]) {
            return Err(not_utf8());
        }
        Ok(piece.len())
    }

    fn take_message<'a>(&'a mut self, inflater: &'a mut Inflater) -> Result<Received<'a>, Violation> {
        let Some(begun) = self.begun.take() else { return Ok(Received::Binary(&[])) };
        let payload = match begun.compressed {
            true => inflater.inflate(&self.message, self.most)?,
            false => &self.message,
        };
        match begun.opcode {
            Opcode::Text => std::str::from_utf8(payload).map(Received::Text).map_err(|_| not_utf8()),
            _ => Ok(Received::Binary(payload)),
        }
    }

    fn take_control(&mut self, opcode: Opcode) -> Result<Received<'_>, Violation> {
        match opcode {
            Opcode::Ping => Ok(Received::Ping(&self.control)),
            Opcode::Pong => Ok(Received::Pong(&self.control)),
            _ => {
                self.ended = true;
                close(&self.control).map(Received::Close)
            }
        }
    }
}

fn not_utf8() -> Violation {
    Violation::new(CloseCode::INVALID_PAYLOAD, "text is UTF-8")
}

/// Reads the payload of a close frame (RFC 6455 section 5.5.1).
fn close(payload: &[u8]) -> Result<Option<(CloseCode, &str)>, Violation> {
    let wrong = |reason| Err(Violation::new(CloseCode::PROTOCOL_ERROR, reason));
    match payload {
        [] => Ok(None),
        [_] => wrong("a close code has two bytes"),
        [first, second, reason @ ..] => {
            let code = CloseCode(u16::from_be_bytes([*first, *second]));
            if !code.may_be_sent() {
                return wrong("this close code is not for sending");
            }
            let reason = std::str::from_utf8(reason).map_err(|_| not_utf8())?;
            Ok(Some((code, reason)))
        }
    }
}

/// Takes the mask off bytes that stand at this place of a payload.
fn unmask(bytes: &mut [u8], mask: [u8; 4], at: u64) {
    let shift = (at % 4) as usize;
    for (byte, key) in bytes.iter_mut().zip(mask.iter().cycle().skip(shift)) {
        *byte ^= key;
    }
}
