//! Envelopes on their way, each with the line it came from.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fanfare_proto::limits;
use serde_json::{Map, Value};
use std::io::Write;

/// Messages that are sent together, at most [`limits::BATCH_MESSAGES`] and [`limits::BATCH_BYTES`].
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

/// One message.
#[derive(Debug)]
pub struct Entry {
    /// The number of its line, from 1.
    pub line: u64,
    /// Its envelope, as a line.
    pub envelope: Vec<u8>,
}

/// How lines become envelopes.
#[derive(Debug)]
pub struct Shape {
    /// The fields that all have, as JSON without the last brace.
    start: Vec<u8>,
    /// What ids begin with.
    id: String,
    /// Whether bodies are text; else they travel as base64, so that no byte changes.
    text: bool,
}

impl Shape {
    /// Envelopes with these fields, of which there is at least one. Bodies with a media type of their own are taken as they are.
    pub fn new(fields: &Map<String, Value>, id: String, text: bool) -> Shape {
        let mut start = Value::from(fields.clone()).to_string().into_bytes();
        start.pop();
        Shape { start, id, text }
    }

    /// The envelope of a line.
    pub fn entry(&self, line: u64, body: &[u8]) -> Entry {
        let mut envelope = Vec::with_capacity(self.start.len() + body.len() + body.len() / 8 + 64);
        envelope.extend_from_slice(&self.start);
        let id = Value::from(format!("{}-{line}", self.id));
        // Writing into a Vec cannot fail.
        let _ = match std::str::from_utf8(body) {
            Ok(text) if self.text => write!(envelope, ",\"id\":{id},\"body\":{}}}", Value::from(text)),
            _ => write!(envelope, ",\"id\":{id},\"body_base64\":\"{}\"}}", STANDARD.encode(body)),
        };
        Entry { line, envelope }
    }
}

impl Entry {
    /// Whether the server could take it at all.
    pub fn fits(&self) -> bool {
        self.envelope.len() < limits::BATCH_BYTES
    }
}

impl Batch {
    /// Whether there is room for one more.
    pub fn has_room(&self, entry: &Entry) -> bool {
        self.entries.len() < limits::BATCH_MESSAGES && self.bytes + entry.envelope.len() < limits::BATCH_BYTES
    }

    /// Adds one.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.envelope.len() + 1;
        self.entries.push(entry);
    }

    /// Whether there is nothing to send.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The messages, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Keeps those for which the answer, in order, is true.
    pub fn keep(&mut self, answers: &[bool]) {
        let mut answers = answers.iter();
        self.entries.retain(|_| answers.next().copied().unwrap_or(true));
        self.bytes = self.entries.iter().map(|entry| entry.envelope.len() + 1).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(text: bool, body: &[u8]) -> Value {
        let fields = serde_json::from_str(r#"{"channel":"a\"b"}"#).unwrap();
        let entry = Shape::new(&fields, "run".into(), text).entry(7, body);
        assert!(!entry.envelope.contains(&b'\n'));
        serde_json::from_slice(&entry.envelope).unwrap()
    }

    #[test]
    fn a_line_becomes_an_envelope() {
        let expected = serde_json::json!({"channel": "a\"b", "id": "run-7", "body": "x \"y\" \\ \u{1}é"});
        assert_eq!(envelope(true, "x \"y\" \\ \u{1}é".as_bytes()), expected);
        assert_eq!(envelope(true, b"\xff")["body_base64"], "/w==");
        assert_eq!(envelope(false, b"{}")["body_base64"], "e30=");
    }

    #[test]
    fn a_batch_has_limits() {
        let entry = |bytes| Entry { line: 1, envelope: vec![b'x'; bytes] };
        let mut batch = Batch::default();
        while batch.has_room(&entry(1)) {
            batch.push(entry(1));
        }
        assert_eq!(batch.entries().len(), limits::BATCH_MESSAGES);
        let mut batch = Batch::default();
        while batch.has_room(&entry(100_000)) {
            batch.push(entry(100_000));
        }
        let bytes: usize = batch.entries().iter().map(|entry| entry.envelope.len() + 1).sum();
        assert!(bytes <= limits::BATCH_BYTES);
        assert!(!entry(limits::BATCH_BYTES).fits());
    }

    #[test]
    fn what_was_accepted_is_not_sent_again() {
        let mut batch = Batch::default();
        (1..=3).for_each(|line| batch.push(Entry { line, envelope: vec![b'0' + line as u8] }));
        batch.keep(&[false, true, false]);
        assert_eq!(batch.entries().iter().map(|entry| entry.line).collect::<Vec<_>>(), [2]);
    }
}
