//! A message as a row. What is absent is NULL; tags are a JSON object.

use super::channel;
use super::error::{damage, meaning};
use super::heads::ChannelId;
use super::sum::{Amended, Link, Said};
use crate::StoreError;
use bytes::Bytes;
use fanfare_proto::{Amends, Became, Channel, Content, Message, Position, TagValue, Tags, Time};
use rusqlite::{CachedStatement, Connection, OptionalExtension, Result, Row, Statement, params};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// A position as it is stored and compared: SQLite's integers end at 2^63 - 1.
pub(super) fn place(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}

/// The statement for [`insert`], prepared once for many messages.
pub(super) fn insertion(connection: &Connection) -> Result<CachedStatement<'_>> {
    connection.prepare_cached(
        "INSERT INTO message (position, previous, channel, time, size, sum, expires, id, publisher, key, priority,
             tags, event, content_type, notice, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )
}

pub(super) fn insert(
    connection: &Connection,
    statement: &mut Statement<'_>,
    channel: ChannelId,
    message: &Message,
    amended: &Amended,
) -> Result<()> {
    let Message { position, previous, time, content, .. } = message;
    let (body, size): (&[u8], _) = (&content.body, content.size());
    let link =
        Link { position: *position, previous: *previous, channel, time: *time, size: Some(size as u64) };
    let (tags, expires) = (tags_text(&content.tags), message.expires.map(|expires| expires.0.cast_signed()));
    let texts = [
        message.id.as_deref(),
        message.publisher.as_deref(),
        content.key.as_deref(),
        tags.as_deref(),
        content.event.as_deref(),
        content.content_type.as_deref(),
        content.notice.as_deref(),
    ];
    let said = Said { expires, priority: content.priority, texts, body };
    statement.execute(params![
        position.0,
        previous.map(|previous| previous.0),
        channel.0,
        // All 64 bits, so that a moment comes back as it was.
        time.0.cast_signed(),
        size,
        link.with(said.sum() ^ amended.sum()),
        expires,
        message.id,
        message.publisher,
        content.key,
        content.priority,
        tags,
        content.event,
        content.content_type,
        content.notice,
        (!body.is_empty()).then_some(body),
    ])?;
    if *amended != Amended::default() {
        amend(connection, *position, amended)?;
    }
    Ok(())
}

/// What few rows say. Nearly all are written without, and bind less.
fn amend(connection: &Connection, position: Position, amended: &Amended) -> Result<()> {
    let [replaces, deletes, edit] =
        [amended.replaces, amended.deletes, amended.edit].map(|place| place.map(|place| place.0));
    connection
        .prepare_cached("UPDATE message SET replaces = ?2, deletes = ?3, edit = ?4 WHERE position = ?1")?
        .execute(params![position.0, replaces, deletes, edit])?;
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

/// Reads the message at a position, and which edit its row names; `None` if there is none (any more).
pub(super) fn fetch(
    connection: &Connection,
    position: Position,
    channel: &Channel,
) -> std::result::Result<Option<(Message, Option<Position>)>, StoreError> {
    let fetch = || {
        let mut statement = connection.prepare_cached(
            "SELECT previous, channel, time, size, sum, expires, priority, id, publisher, key, tags, event,
                 content_type, notice, body, replaces, deletes, edit, deleted
             FROM message WHERE position = ?1 AND size IS NOT NULL",
        )?;
        statement.query_row([place(position)], |row| decode(row, position, channel)).optional()
    };
    fetch().map_err(meaning)?.map(|(decoded, edit)| Ok((with_tags(decoded)?, edit))).transpose()
}

/// The message of a row whose first columns are those of [`fetch`].
pub(super) fn message(
    row: &Row<'_>,
    position: Position,
    channel: &Channel,
) -> std::result::Result<Message, StoreError> {
    with_tags(decode(row, position, channel).map_err(meaning)?.0)
}

fn with_tags((message, tags): (Message, Option<String>)) -> std::result::Result<Message, StoreError> {
    let tags = tags.map(|tags| parse_tags(&tags)).transpose()?.unwrap_or_default();
    Ok(Message { content: Content { tags, ..message.content }, ..message })
}

/// A message without its tags, and their text; and which edit its row names.
type Decoded = ((Message, Option<String>), Option<Position>);

/// What is said is checked, too.
fn decode(row: &Row<'_>, position: Position, channel: &Channel) -> Result<Decoded> {
    let (link, sum) = Link::from_row(row, 0, position)?;
    let text = |column| row.get_ref(column)?.as_str_or_null().map_err(rusqlite::Error::from);
    let body = row.get_ref(14)?.as_blob_or_null()?.unwrap_or_default();
    let [id, publisher, key, tags, event, content_type, notice] =
        [text(7)?, text(8)?, text(9)?, text(10)?, text(11)?, text(12)?, text(13)?];
    let texts = [id, publisher, key, tags, event, content_type, notice];
    let said = Said { expires: row.get(5)?, priority: row.get(6)?, texts, body };
    let amended = Amended::from_row(row, 15)?;
    if sum.is_some_and(|sum| sum != said.sum() ^ amended.sum()) {
        return Err(damage(format!("what the message at position {position} says was changed by no server")));
    }
    let own = |text: Option<&str>| text.map(Into::into);
    let content = Content {
        key: own(key),
        priority: said.priority,
        tags: Tags::new(),
        event: own(event),
        content_type: own(content_type),
        notice: own(notice),
        body: Bytes::copy_from_slice(body),
        amends: amended.replaces.map(Amends::Replaces).or(amended.deletes.map(Amends::Deletes)),
        became: amended.deleted.then_some(Became::Deleted),
    };
    let message = Message {
        channel: channel.clone(),
        position,
        previous: link.previous,
        time: link.time,
        id: own(id),
        publisher: own(publisher),
        expires: said.expires.map(|expires| Time(expires.cast_unsigned())),
        content,
    };
    Ok(((message, tags.map(str::to_owned)), amended.edit))
}
