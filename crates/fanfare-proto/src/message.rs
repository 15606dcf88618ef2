//! What is said: the request to say it, and the message it becomes.

use crate::put::hex;
use crate::{Amends, Became, Channel, Position, Time, When};
use bytes::Bytes;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

/// What filters see: names to values, in the order of the names.
pub type Tags = BTreeMap<Box<str>, TagValue>;

/// The value of a tag.
#[derive(Debug, Clone, PartialEq)]
pub enum TagValue {
    /// Text.
    Text(Box<str>),
    /// A finite number.
    Number(f64),
    /// True or false.
    Bool(bool),
}

/// What a publisher says; the same in the request and in the message.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Content {
    /// A newer message with the same key replaces the older.
    pub key: Option<Box<str>>,
    /// 1 (least) to 5 (most); 3 when absent.
    pub priority: Option<u8>,
    /// What filters see.
    pub tags: Tags,
    /// The kind of event; becomes `event:` on an event stream.
    pub event: Option<Box<str>>,
    /// Media type of the body; `None` means text when the body is UTF-8, else bytes.
    pub content_type: Option<Box<str>>,
    /// What a person sees: JSON text of an object, kept as it came.
    pub notice: Option<Box<str>>,
    /// The body exactly as it came.
    pub body: Bytes,
    /// Which earlier message this edits or deletes.
    pub amends: Option<Amends>,
    /// What became of it; nobody publishes that.
    pub became: Option<Became>,
}

impl Content {
    /// The event that says that a key has no value any more.
    pub const DELETED: &'static str = "$deleted";

    /// The bytes that limits and retention count: the body, and the text of the fields.
    pub fn size(&self) -> usize {
        let texts = [&self.key, &self.event, &self.content_type, &self.notice];
        let fields: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        let tags: usize = self.tags.keys().map(|name| name.len() + 16).sum();
        self.body.len() + fields + tags
    }
}

/// A request to add a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Publish {
    /// Where to.
    pub channel: Channel,
    /// The publisher's idempotency key (design rule 23).
    pub id: Option<Box<str>>,
    /// Not delivered later than this after it was accepted.
    pub ttl: Option<Duration>,
    /// When it is to be published: at once unless said. What is said for later becomes a [`Schedule`](crate::Schedule).
    pub when: Option<When>,
    /// What is said.
    pub content: Content,
}

/// An accepted publish. Immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Where.
    pub channel: Channel,
    /// Its place in the log.
    pub position: Position,
    /// The message before it in the same channel; `None` for the first.
    pub previous: Option<Position>,
    /// When it was accepted.
    pub time: Time,
    /// The publisher's idempotency key; readers see one made of time and position where there is none.
    pub id: Option<Box<str>>,
    /// Who published it: the grant's subject, where it has one. Not shown to readers.
    pub publisher: Option<Box<str>>,
    /// Not delivered from this moment on.
    pub expires: Option<Time>,
    /// What is said.
    pub content: Content,
}

impl Message {
    /// The id that readers see.
    pub fn shown_id(&self) -> Cow<'_, str> {
        match &self.id {
            Some(id) => Cow::Borrowed(id),
            None => {
                let mut id = Vec::with_capacity(24);
                hex(self.time.0, &mut id);
                id.push(b'-');
                hex(self.position.0, &mut id);
                Cow::Owned(String::from_utf8(id).unwrap_or_default())
            }
        }
    }

    /// Whether the message is no longer to be delivered.
    pub fn is_expired(&self, now: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether the message expired as soon as it was accepted: it is for those who are at the head then. It takes a position,
    /// and a log has nothing else of it (design rule 12).
    pub fn is_momentary(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= self.time)
    }

    /// Whether the message says that its key has no value any more.
    pub fn is_tombstone(&self) -> bool {
        self.content.key.is_some() && self.content.event.as_deref() == Some(Content::DELETED)
    }
}
