//! Removing: what readers see is gone at once, in one small transaction; the rows of a whole chain are cleared
//! later, in short steps ([`clear`](super::clear)).

use super::amend;
use super::chain::link;
use super::channel;
use super::error::{damage, meaning};
use super::heads::{ChannelId, Head};
use super::ledger::Change;
use super::row;
use super::sum::Link;
use super::writer::{Writer, save_space};
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{LogStatus, Removal, StoreError};
use fanfare_proto::{Channel, GapReason, Position, limits};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, TransactionBehavior, params};

impl Writer {
    pub(super) fn remove(&mut self, removal: &Removal) -> Result<bool, StoreError> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let mut change = self.ledger.change();
        let removed = match removal {
            Removal::Message(position) => {
                let id = channel_of(&transaction, *position).map_err(meaning)?;
                let name = match id {
                    Some(id) => self.names.get(&transaction, id)?,
                    None => None,
                };
                match name {
                    Some(name) => remove_with_edits(&transaction, &mut change, &name, *position)?,
                    None => false,
                }
            }
            Removal::Purge(channel) => purge(&transaction, &mut change, channel)?,
            Removal::Drop(channel) => {
                let dropped = drop_channel(&transaction, &mut change, &self.ledger.rules, channel)?;
                dropped.iter().for_each(|head| self.names.forget(head.id));
                dropped.is_some()
            }
        };
        if !removed {
            return Ok(false);
        }
        save_changed(&transaction, &mut change).map_err(meaning)?;
        transaction.commit().map_err(meaning)?;
        let changed = change.done();
        self.ledger.accept(changed, false);
        Ok(true)
    }
}

/// Writes the rows of all channels that a change touched, and the log's head: its newest row may be gone.
pub(super) fn save_changed(connection: &Connection, change: &mut Change<'_>) -> SqlResult<()> {
    for head in change.touched() {
        channel::save(connection, head)?;
    }
    let status = change.status();
    save_end(connection, status, 1)
}

/// Writes where the log ends, for when no row says that; after so many changes that were not an append.
pub(super) fn save_end(connection: &Connection, status: &LogStatus, changes: u32) -> SqlResult<()> {
    let end = "UPDATE meta SET head = ?1, time = ?2, changes = changes + ?3";
    connection.prepare_cached(end)?.execute((status.head.0, status.time.0.cast_signed(), changes))?;
    Ok(())
}

fn channel_of(connection: &Connection, position: Position) -> SqlResult<Option<ChannelId>> {
    let channel = "SELECT channel FROM message WHERE position = ?1 AND size IS NOT NULL";
    let mut statement = connection.prepare_cached(channel)?;
    statement.query_row([row::place(position)], |row| row.get(0).map(ChannelId)).optional()
}

/// Removes a message, and its edits with it.
fn remove_with_edits(
    connection: &Connection,
    change: &mut Change<'_>,
    channel: &Channel,
    position: Position,
) -> Result<bool, StoreError> {
    let edits = amend::edits_of(connection, position).map_err(meaning)?;
    let removed = remove_message(connection, change, channel, position)?;
    // The oldest first: what is before each of them is gone then, if it goes.
    for edit in edits.into_iter().rev().filter(|_| removed) {
        remove_message(connection, change, channel, edit)?;
    }
    Ok(removed)
}

/// Removes one message. While older ones exist, what chains it to them stays.
fn remove_message(
    connection: &Connection,
    change: &mut Change<'_>,
    channel: &Channel,
    position: Position,
) -> Result<bool, StoreError> {
    let Some(head) = change.head(connection, channel)?.filter(|head| head.gone.through < position) else {
        return Ok(false);
    };
    let milestones = head.total >= limits::INDEX_EVERY;
    let (id, newest) = (head.id, *head);
    let delete = || {
        let Some((row, size)) = link(connection, position)?.and_then(|row| Some((row, row.size?))) else {
            return Err(damage(format!("the message at position {position} is there and is not")));
        };
        amend::unlink(connection, position)?;
        let older = "SELECT 1 FROM message WHERE position = ?1";
        let is_oldest = match row.previous {
            Some(previous) => !connection.prepare_cached(older)?.exists([previous.0])?,
            None => true,
        };
        if is_oldest {
            connection.prepare_cached("DELETE FROM message WHERE position = ?1")?.execute([position.0])?;
        } else {
            let empty = "UPDATE message SET size = NULL, sum = ?2, expires = NULL, id = NULL, publisher = NULL,
                    key = NULL, priority = NULL, tags = NULL, event = NULL, content_type = NULL, notice = NULL,
                    body = NULL, replaces = NULL, deletes = NULL, edit = NULL, deleted = NULL
                WHERE position = ?1";
            let sum = Link { size: None, ..row }.with(0);
            connection.prepare_cached(empty)?.execute((position.0, sum))?;
        }
        if is_oldest && milestones {
            let passed = "DELETE FROM milestone WHERE channel = ?1 AND position <= ?2";
            connection.prepare_cached(passed)?.execute((id.0, position.0))?;
        }
        if newest.messages == 1 && (!is_oldest || position < newest.head) {
            // Nothing but what chained the removed ones together is left.
            clear_later(connection, &newest)?;
        }
        let floor = if newest.messages == 1 {
            newest.head
        } else if is_oldest {
            position
        } else {
            Position::START
        };
        SqlResult::Ok((size, floor))
    };
    let (size, floor) = delete().map_err(meaning)?;
    head.floor = head.floor.max(floor);
    head.messages = head.messages.saturating_sub(1);
    head.bytes = head.bytes.saturating_sub(size);
    let namespace = head.namespace;
    change.discount(namespace, 1, size);
    Ok(true)
}

fn purge(connection: &Connection, change: &mut Change<'_>, channel: &Channel) -> Result<bool, StoreError> {
    let Some(head) = change.head(connection, channel)?.filter(|head| head.messages > 0) else {
        return Ok(false);
    };
    head.gone.raise(Gone { through: head.head, reason: GapReason::Purged });
    let before = *head;
    (head.messages, head.bytes) = (0, 0);
    change.discount(before.namespace, before.messages, before.bytes);
    clear_later(connection, &before).map_err(meaning)?;
    Ok(true)
}

/// Drops a channel with all its messages; its namespace remembers what is gone. Answers the head that it had.
pub(super) fn drop_channel(
    connection: &Connection,
    change: &mut Change<'_>,
    rules: &Rules,
    channel: &Channel,
) -> Result<Option<Head>, StoreError> {
    if !purge(connection, change, channel)? && change.head(connection, channel)?.is_none() {
        return Ok(None);
    }
    let Some(head) = change.head(connection, channel)?.map(|head| *head) else { return Ok(None) };
    // Removed messages may have left rows behind even where none is kept.
    clear_later(connection, &head).map_err(meaning)?;
    channel::delete(connection, head.id).map_err(meaning)?;
    let space = change.space(head.namespace);
    space.gone.raise(head.gone);
    let pattern = &rules.namespaces().get(head.namespace).pattern;
    save_space(connection, pattern.as_str(), space).map_err(meaning)?;
    change.drop_channel(channel, head.id);
    Ok(Some(head))
}

/// Notes that all rows of a channel up to its head are to be cleared.
fn clear_later(connection: &Connection, head: &Head) -> SqlResult<()> {
    let note = "INSERT OR IGNORE INTO clearing (channel, through, place) VALUES (?1, ?2, ?2)";
    connection.prepare_cached(note)?.execute(params![head.id.0, head.head.0])?;
    Ok(())
}
