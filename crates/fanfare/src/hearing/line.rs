//! Lines of a held-open response: messages, and what the server tells beside them.

use crate::remote::{Duty, Envelope, Lost};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::io::{self, BufRead, Read};
use std::time::Duration;

/// Bytes of a line: the largest body there can be, with every byte escaped, and its fields.
const LINE_BYTES: u64 = 6 * fanfare_proto::limits::BODY_BYTES_MAX as u64 + 128 * 1024;

/// What a line says.
pub enum Line<'a> {
    /// A message.
    Message(Box<Envelope<'a>>),
    /// Something else.
    Note(Note<'a>),
}

/// What is not a message. A cursor alone is a sign of life.
#[derive(Deserialize)]
pub struct Note<'a> {
    /// Where the session is.
    #[serde(borrow)]
    pub cursor: Option<Cow<'a, str>>,
    /// Messages may be missing.
    pub gap: Option<Lost>,
    /// The session ends.
    pub closing: Option<Closing>,
    /// Something was refused; the session goes on.
    pub error: Option<Complaint>,
    channel: Option<IgnoredAny>,
}

/// Why a session ends, and what to do.
#[derive(Deserialize)]
pub struct Closing {
    pub detail: String,
    pub retry: Duty,
    retry_ms: u64,
}

/// What was refused.
#[derive(Deserialize)]
pub struct Complaint {
    pub detail: String,
}

impl Closing {
    /// How long to wait before coming back.
    pub fn after(&self) -> Duration {
        Duration::from_millis(self.retry_ms)
    }
}

impl<'a> Line<'a> {
    /// Reads a line.
    pub fn parse(line: &'a [u8]) -> Result<Line<'a>, String> {
        let wrong = |error: serde_json::Error| format!("it sent a line that is not understood: {error}");
        let note: Note<'a> = serde_json::from_slice(line).map_err(wrong)?;
        if note.channel.is_none() {
            return Ok(Line::Note(note));
        }
        serde_json::from_slice(line).map(|message| Line::Message(Box::new(message))).map_err(wrong)
    }
}

/// Reads the next line without its end, into a buffer; `false` at the end of the response.
pub fn read(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    reader.by_ref().take(LINE_BYTES).read_until(b'\n', line)?;
    match line.pop() {
        Some(b'\n') => Ok(true),
        None => Ok(false),
        Some(_) if line.len() as u64 + 1 >= LINE_BYTES => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any message"))
        }
        // Half a line: the connection was cut, and what it said was not heard.
        Some(_) => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(text: &str) -> Note<'_> {
        match Line::parse(text.as_bytes()).unwrap() {
            Line::Note(note) => note,
            Line::Message(message) => panic!("{message:?}"),
        }
    }

    #[test]
    fn messages_and_notes_are_told_apart() {
        let message = br#"{"channel":"a","position":3,"time":"t","id":"i","body":"x","cursor":"C"}"#;
        let Line::Message(message) = Line::parse(message).unwrap() else { panic!("not a message") };
        assert_eq!((&*message.channel, message.position, &*message.cursor), ("a", 3, "C"));
        assert_eq!(note(r#"{"cursor":"C"}"#).cursor.as_deref(), Some("C"));
        assert!(note(r#"{"gap":{"from":1,"to":3,"reason":"trimmed"},"cursor":"C"}"#).gap.is_some());
        let closing =
            r#"{"closing":{"code":1001,"name":"draining","detail":"d","retry":"now","retry_ms":1500}}"#;
        let closing = note(closing).closing.unwrap();
        assert_eq!((closing.retry, closing.after()), (Duty::Now, Duration::from_millis(1500)));
        assert!(Line::parse(b"not json").is_err());
    }

    #[test]
    fn half_a_line_was_not_heard() {
        let (mut reader, mut line) = (&b"one\n\nthr"[..], Vec::new());
        let mut lines = Vec::new();
        while read(&mut reader, &mut line).unwrap() {
            lines.push(line.clone());
        }
        assert_eq!(lines, [&b"one"[..], b""]);
    }
}
