//! The rows of channels.

use super::error::damage;
use super::heads::{ChannelId, Head};
use super::sum;
use crate::StoreError;
use crate::gone::Gone;
use fanfare_proto::{Channel, GapReason, NamespaceId, Position};
use rusqlite::{Connection, OptionalExtension, Result, Row, params};

/// A head from the columns id, head, total, messages, bytes, trimmed_through, reason, floor, sum, from a column on;
/// checked.
pub(super) fn from_row(row: &Row<'_>, first: usize, namespace: NamespaceId) -> Result<Head> {
    let head = Head {
        id: ChannelId(row.get(first)?),
        namespace,
        head: Position(row.get(first + 1)?),
        total: row.get(first + 2)?,
        messages: row.get(first + 3)?,
        bytes: row.get(first + 4)?,
        gone: gone(row, first + 5)?,
        floor: Position(row.get(first + 7)?),
    };
    match row.get::<_, Option<i64>>(first + 8)? {
        Some(sum) if sum != sum::of_channel(&head) => {
            Err(damage(format!("the row of the channel number {} was changed by no server", head.id.0)))
        }
        _ => Ok(head),
    }
}

/// What is gone, from two columns of a row.
pub(super) fn gone(row: &Row<'_>, first: usize) -> Result<Gone> {
    let reason = if row.get::<_, i64>(first + 1)? == 1 { GapReason::Purged } else { GapReason::Trimmed };
    Ok(Gone { through: Position(row.get(first)?), reason })
}

/// A reason as it is stored.
pub(super) fn reason(gone: Gone) -> i64 {
    i64::from(gone.reason == GapReason::Purged)
}

pub(super) fn load(connection: &Connection, name: &str, namespace: NamespaceId) -> Result<Option<Head>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, head, total, messages, bytes, trimmed_through, reason, floor, sum FROM channel
         WHERE name = ?1",
    )?;
    statement.query_row([name], |row| from_row(row, 0, namespace)).optional()
}

/// The same by number.
pub(super) fn load_by_id(connection: &Connection, id: ChannelId) -> Result<Option<Head>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, head, total, messages, bytes, trimmed_through, reason, floor, sum FROM channel WHERE id = ?1",
    )?;
    statement.query_row([id.0], |row| from_row(row, 0, NamespaceId(0))).optional()
}

/// Makes the row of a channel without messages.
pub(super) fn insert(connection: &Connection, name: &str, head: &Head) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO channel (id, name, head, total, messages, bytes, trimmed_through, reason, floor, sum)
         VALUES (?1, ?2, 0, 0, 0, 0, ?3, ?4, 0, ?5)",
    )?;
    let sum = sum::of_channel(head);
    statement.execute(params![head.id.0, name, head.gone.through.0, reason(head.gone), sum])?;
    Ok(())
}

/// Writes what appending changes.
pub(super) fn save_counts(connection: &Connection, head: &Head) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "UPDATE channel SET head = ?2, total = ?3, messages = ?4, bytes = ?5, floor = ?6, sum = ?7 WHERE id = ?1",
    )?;
    let Head { id, head: newest, total, messages, bytes, floor, .. } = head;
    statement.execute(params![id.0, newest.0, total, messages, bytes, floor.0, sum::of_channel(head)])?;
    Ok(())
}

/// Writes everything.
pub(super) fn save(connection: &Connection, head: &Head) -> Result<()> {
    save_counts(connection, head)?;
    let mut statement = connection.prepare_cached(
        "UPDATE channel SET trimmed_through = ?2, reason = ?3
         WHERE id = ?1 AND (trimmed_through != ?2 OR reason != ?3)",
    )?;
    statement.execute(params![head.id.0, head.gone.through.0, reason(head.gone)])?;
    Ok(())
}

pub(super) fn delete(connection: &Connection, id: ChannelId) -> Result<()> {
    connection.prepare_cached("DELETE FROM channel WHERE id = ?1")?.execute([id.0])?;
    Ok(())
}

pub(super) fn name_of(connection: &Connection, id: ChannelId) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached("SELECT name FROM channel WHERE id = ?1")?;
    statement.query_row([id.0], |row| row.get(0)).optional()
}

/// A stored name as a channel.
pub(super) fn parse(name: &str) -> std::result::Result<Channel, StoreError> {
    let wrong = |error| StoreError::Corrupt(format!("the channel name {name:?} is stored, but {error}"));
    Channel::parse(name).map_err(wrong)
}
