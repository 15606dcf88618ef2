//! Appending: one transaction, one sync.

use super::amend;
use super::channel;
use super::error::meaning;
use super::ledger::Change;
use super::remove::save_changed;
use super::row;
use super::schema;
use super::sum::Amended;
use super::writer::Writer;
use crate::{Draft, StoreError};
use fanfare_proto::{Amends, Message, Position, Time, limits};
use rusqlite::{Connection, Result as SqlResult, Statement, TransactionBehavior};
use std::sync::Arc;

impl Writer {
    /// Appends all drafts or none.
    pub(super) fn append(&mut self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        self.append_each(drafts.into_iter().map(|draft| (draft, now)).collect(), |_| Ok(()))
    }

    /// Appends all drafts, each at its time or at the log's newest if that is later, and does something more in the same
    /// transaction.
    pub(super) fn append_each(
        &mut self,
        drafts: Vec<(Draft, Time)>,
        along: impl FnOnce(&Connection) -> SqlResult<()>,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.make_room()?;
        let (count, mut erases) = (drafts.len() as u64, false);
        let amends = drafts.iter().any(|(draft, _)| draft.content.amends.is_some());
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        if amends {
            schema::erase_thoroughly(&transaction, true).map_err(meaning)?;
        }
        let mut change = self.ledger.change();
        let mut rows = row::insertion(&transaction).map_err(meaning)?;
        let add = |(draft, time): (Draft, Time)| {
            change.status().time = change.status().time.max(time);
            erases |= matches!(draft.content.amends, Some(Amends::Deletes(_)));
            add(&transaction, &mut rows, &mut change, draft)
        };
        let messages: Vec<Arc<Message>> = drafts.into_iter().map(add).collect::<Result<_, _>>()?;
        drop(rows);
        along(&transaction).map_err(meaning)?;
        if erases {
            // What is not flushed is counted again after a crash, but rows that a flushed head counts have changed.
            save_changed(&transaction, &mut change).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        let changed = change.done();
        self.ledger.accept(changed, true);
        self.ledger.unflushed += count;
        if erases {
            self.note_change();
        } else {
            self.mark.note(self.ledger.status.head, self.changes);
        }
        self.erased |= erases;
        if amends {
            schema::erase_thoroughly(&self.connection, false).map_err(meaning)?;
        }
        Ok(messages)
    }
}

fn add(
    connection: &Connection,
    rows: &mut Statement<'_>,
    change: &mut Change<'_>,
    draft: Draft,
) -> Result<Arc<Message>, StoreError> {
    let (position, time) = (Position(change.status().head.0 + 1), change.status().time);
    if change.head(connection, &draft.channel)?.is_none() {
        let head = change.create(&draft.channel, position);
        channel::insert(connection, draft.channel.as_str(), &head).map_err(meaning)?;
    }
    let Some(head) = change.head(connection, &draft.channel)? else {
        return Err(StoreError::Corrupt(format!("the channel {} cannot be made", draft.channel)));
    };
    let message = Message {
        channel: draft.channel,
        position,
        previous: (head.head > Position::START).then_some(head.head),
        time,
        id: draft.id,
        publisher: draft.publisher,
        expires: draft.expires,
        content: draft.content,
    };
    let (amended, freed) = match message.content.amends {
        Some(amends) => amend::amend(connection, amends, position).map_err(meaning)?,
        None => (Amended::default(), 0),
    };
    let size = message.kept().size() as u64;
    head.head = position;
    head.total += 1;
    head.messages += 1;
    head.bytes = (head.bytes + size).saturating_sub(freed);
    let head = *head;
    row::insert(connection, rows, head.id, &message, &amended).map_err(meaning)?;
    if head.total.is_multiple_of(limits::INDEX_EVERY) {
        let milestone = "INSERT INTO milestone (channel, position) VALUES (?1, ?2)";
        let mut statement = connection.prepare_cached(milestone).map_err(meaning)?;
        statement.execute([head.id.0, position.0]).map_err(meaning)?;
    }
    change.status().head = position;
    change.count(&message.channel, head, size);
    change.discount(head.namespace, 0, freed);
    Ok(Arc::new(message))
}
