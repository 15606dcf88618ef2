//! What is heard: messages, and ranges in which some may be missing (`docs/wire.md`, "The envelope", "Gaps").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fanfare_proto::Content;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

/// A message with its fields.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Message {
    /// The channel it was published to.
    pub channel: String,
    /// Its place in the log: only grows, is not dense.
    pub position: u64,
    /// The position of the message before it in the same channel.
    pub previous: Option<u64>,
    /// When it was accepted: RFC 3339, UTC.
    pub time: String,
    /// The publisher's id, else one made by the server.
    pub id: String,
    /// A newer message with the same key replaces it.
    pub key: Option<String>,
    /// How urgent it is, 1 to 5.
    pub priority: Option<u8>,
    /// Tags: text, numbers, true and false.
    pub tags: Map<String, Value>,
    /// The kind of event.
    pub event: Option<String>,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// What a person sees: a JSON object.
    pub notice: Option<String>,
    /// Not delivered from this moment on.
    pub expires: Option<String>,
    /// It is an edit of the message at this position, which it replaces.
    pub replaces: Option<u64>,
    /// It is a delete of the message at this position; it has no body.
    pub deletes: Option<u64>,
    /// It is shown as the edit at this position has it.
    pub edited: Option<u64>,
    /// It was deleted: nothing of what it said is left.
    pub deleted: bool,
    /// The body as it was published. JSON that had line ends has spaces in their place.
    pub body: Vec<u8>,
    /// Where a reader is that has heard this message; none on what a later subscription brings of the past.
    pub cursor: Option<String>,
    /// Which time an acked reader is given it, from 1; none for other readers.
    pub attempt: Option<u32>,
    raw: String,
}

/// Messages after `from` up to `to` may be missing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Gap {
    /// The last position before the gap.
    pub from: u64,
    /// The last position of the gap; less than `from` if nobody can tell.
    pub to: u64,
    /// `trimmed`, `purged`, `epoch` or `went-back`.
    pub reason: String,
}

/// An envelope as it comes.
#[derive(Deserialize)]
struct Envelope<'a> {
    channel: String,
    position: u64,
    previous: Option<u64>,
    time: String,
    id: String,
    key: Option<String>,
    priority: Option<u8>,
    #[serde(default)]
    tags: Map<String, Value>,
    event: Option<String>,
    content_type: Option<String>,
    #[serde(borrow)]
    notice: Option<&'a RawValue>,
    expires: Option<String>,
    replaces: Option<u64>,
    deletes: Option<u64>,
    edited: Option<u64>,
    #[serde(default)]
    deleted: bool,
    #[serde(borrow, default, deserialize_with = "present")]
    body: Option<&'a RawValue>,
    body_base64: Option<String>,
    cursor: Option<String>,
    attempt: Option<u32>,
}

/// A value that is there, even if it is null.
fn present<'de: 'a, 'a, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'a RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Message {
    /// Reads an envelope.
    pub(crate) fn parse(raw: String) -> Result<Message, String> {
        let envelope: Envelope<'_> = serde_json::from_str(&raw).map_err(|error| error.to_string())?;
        let body = envelope.body()?;
        let Envelope { channel, position, previous, time, id, key, priority, tags, event, .. } = envelope;
        let Envelope { content_type, notice, expires, cursor, attempt, .. } = envelope;
        let Envelope { replaces, deletes, edited, deleted, .. } = envelope;
        let notice = notice.map(|notice| notice.get().to_owned());
        Ok(Message {
            channel,
            position,
            previous,
            time,
            id,
            key,
            priority,
            tags,
            event,
            content_type,
            notice,
            expires,
            replaces,
            deletes,
            edited,
            deleted,
            body,
            cursor,
            attempt,
            raw,
        })
    }

    /// The body, if it is UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    /// It ends its key: whoever knows a value of it can forget that.
    pub fn ends_key(&self) -> bool {
        self.event.as_deref() == Some(Content::DELETED) && self.key.is_some() && self.body.is_empty()
    }

    /// It tells of others and has no body of its own: a delete, what was deleted, or the end of a key.
    pub fn says_nothing(&self) -> bool {
        self.deleted || self.deletes.is_some() || self.ends_key()
    }

    /// The body as JSON.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// The envelope as it came: one line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }
}

impl Envelope<'_> {
    fn body(&self) -> Result<Vec<u8>, String> {
        if let Some(text) = &self.body_base64 {
            return STANDARD.decode(text).map_err(|error| error.to_string());
        }
        let Some(raw) = self.body else { return Ok(Vec::new()) };
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) if !self.is_json() => Ok(text.into_bytes()),
            _ => Ok(raw.get().as_bytes().to_vec()),
        }
    }

    fn is_json(&self) -> bool {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence == "application/json" || essence.ends_with("+json")
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match &*self.reason {
            "trimmed" => "retention let them go before they were heard",
            "purged" => "somebody removed them",
            "epoch" => "the cursor is of another store, or of live messages that a restart forgot",
            "went-back" => "the store is older than the cursor, as after restoring a backup",
            other => other,
        };
        let Gap { from, to, .. } = self;
        if to < from {
            return write!(f, "messages may be missing: {why}");
        }
        write!(f, "messages after position {from} up to {to} may be missing: {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fields: &str) -> Vec<u8> {
        let envelope = format!(r#"{{"channel":"a","position":1,"time":"t","id":"i","cursor":"c",{fields}}}"#);
        let message = Message::parse(envelope.clone()).unwrap();
        assert_eq!((message.raw(), message.cursor.as_deref()), (&*envelope, Some("c")));
        message.body
    }

    #[test]
    fn a_body_is_what_was_published() {
        for (fields, expected) in [
            (r#""body":"a \"b\"\n""#, "a \"b\"\n"),
            (r#""content_type":"application/json","body":{"a": [1]}"#, r#"{"a": [1]}"#),
            (r#""content_type":"application/json","body":"text""#, r#""text""#),
            (r#""content_type":"application/json","body":null"#, "null"),
            (r#""content_type":"text/plain","body":"x""#, "x"),
            (r#""body_base64":"aGk=""#, "hi"),
            (r#""key":"k""#, ""),
        ] {
            assert_eq!(body(fields), expected.as_bytes(), "{fields}");
        }
        assert!(Message::parse(r#"{"channel":"a"}"#.into()).is_err());
    }
}
