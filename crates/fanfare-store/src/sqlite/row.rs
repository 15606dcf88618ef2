//! A message as a row. What is absent is NULL; tags are a JSON object.

use super::channel;
use super::error::meaning;
use super::heads::ChannelId;
use crate::StoreError;
use bytes::Bytes;
use fanfare_proto::{Channel, Content, Message, Position, TagValue, Tags, Time};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, Row, Statement, params};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// A position as it is stored and compared: SQLite's integers end at 2^63 - 1.
pub(super) fn place(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The statement for [`insert`], prepared once for many messages.
pub(super) fn insertion(connection: &Connection) -> Result<CachedStatement<'_>> {
    connection.prepare_cached(
        "INSERT INTO message (position, previous, channel, time, size, expires, id, publisher, key, priority,
             tags, event, content_type, notice, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )
}

pub(super) fn insert(statement: &mut Statement<'_>, channel: ChannelId, message: &Message) -> Result<()> {
    let content = &message.content;
    let body: &[u8] = &content.body;
    statement.execute(params![
        message.position.0,
        message.previous.map(|previous| previous.0),
        channel.0,
        // All 64 bits, so that a moment comes back as it was.
        message.time.0.cast_signed(),
        content.size(),
        message.expires.map(|expires| expires.0.cast_signed()),
        message.id,
        message.publisher,
        content.key,
        content.priority,
        tags_text(&content.tags),
        content.event,
        content.content_type,
        content.notice,
        (!body.is_empty()).then_some(body),
    ])?;
    Ok(())
}

fn tags_text(tags: &Tags) -> Option<String> {
    let value = |tag: &TagValue| match tag {
        TagValue::Text(text) => Value::from(&**text),
        TagValue::Number(number) => Value::from(*number),
        TagValue::Bool(bool) => Value::from(*bool),
    };
    let object: Map<String, Value> = tags.iter().map(|(name, tag)| (name.to_string(), value(tag))).collect();
    (!object.is_empty()).then(|| Value::Object(object).to_string())
}

fn parse_tags(text: &str) -> std::result::Result<Tags, StoreError> {
    let wrong = |what: &dyn std::fmt::Display| StoreError::Corrupt(format!("stored tags {text:?}: {what}"));
    let object: Map<String, Value> = serde_json::from_str(text).map_err(|error| wrong(&error))?;
    let tag = |(name, value): (String, Value)| {
        let value = match value {
            Value::String(text) => TagValue::Text(text.into()),
            Value::Number(number) => TagValue::Number(number.as_f64().unwrap_or_default()),
            Value::Bool(bool) => TagValue::Bool(bool),
            _ => return Err(wrong(&"neither text nor number nor bool")),
        };
        Ok((name.into_boxed_str(), value))
    };
    object.into_iter().map(tag).collect()
}

/// Names of channels by their numbers, as many as one connection remembers. A number never gets another name.
#[derive(Default)]
pub(super) struct Names {
    known: HashMap<ChannelId, Channel>,
}

impl Names {
    const MOST: usize = 1 << 16;

    /// The name of a channel; `None` if it was dropped.
    pub(super) fn get(
        &mut self,
        connection: &Connection,
        id: ChannelId,
    ) -> std::result::Result<Option<Channel>, StoreError> {
        if let Some(name) = self.known.get(&id) {
            return Ok(Some(name.clone()));
        }
        let Some(name) = channel::name_of(connection, id).map_err(meaning)? else { return Ok(None) };
        let name = channel::parse(&name)?;
        if self.known.len() >= Names::MOST {
            self.known.clear();
        }
        self.known.insert(id, name.clone());
        Ok(Some(name))
    }

    pub(super) fn forget(&mut self, id: ChannelId) {
        self.known.remove(&id);
    }
}

/// Reads the message at a position; `None` if there is none (any more).
pub(super) fn fetch(
    connection: &Connection,
    position: Position,
    channel: &Channel,
) -> std::result::Result<Option<Arc<Message>>, StoreError> {
    let fetch = || {
        let mut statement = connection.prepare_cached(
            "SELECT previous, time, expires, id, publisher, key, priority, tags, event, content_type, notice, body
             FROM message WHERE position = ?1 AND size IS NOT NULL",
        )?;
        statement.query_row([place(position)], |row| decode(row, position, channel)).optional()
    };
    fetch().map_err(meaning)?.map(|decoded| with_tags(decoded).map(Arc::new)).transpose()
}

/// The message of a row whose first columns are those of [`fetch`].
pub(super) fn message(
    row: &Row<'_>,
    position: Position,
    channel: &Channel,
) -> std::result::Result<Message, StoreError> {
    with_tags(decode(row, position, channel).map_err(meaning)?)
}

fn with_tags((message, tags): (Message, Option<String>)) -> std::result::Result<Message, StoreError> {
    let tags = tags.map(|tags| parse_tags(&tags)).transpose()?.unwrap_or_default();
    Ok(Message { content: Content { tags, ..message.content }, ..message })
}

/// A message without its tags, and their text.
fn decode(row: &Row<'_>, position: Position, channel: &Channel) -> Result<(Message, Option<String>)> {
    let text =
        |column| -> Result<Option<Box<str>>> { Ok(row.get_ref(column)?.as_str_or_null()?.map(Into::into)) };
    let content = Content {
        key: text(5)?,
        priority: row.get(6)?,
        tags: Tags::new(),
        event: text(8)?,
        content_type: text(9)?,
        notice: text(10)?,
        body: row.get_ref(11)?.as_blob_or_null()?.map(Bytes::copy_from_slice).unwrap_or_default(),
    };
    let message = Message {
        channel: channel.clone(),
        position,
        previous: row.get::<_, Option<u64>>(0)?.map(Position),
        time: Time(row.get::<_, i64>(1)?.cast_unsigned()),
        id: text(3)?,
        publisher: text(4)?,
        expires: row.get::<_, Option<i64>>(2)?.map(|expires| Time(expires.cast_unsigned())),
        content,
    };
    Ok((message, row.get(7)?))
}
