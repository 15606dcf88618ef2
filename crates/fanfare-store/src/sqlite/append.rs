//! Appending: one transaction, one sync.

use super::channel;
use super::error::meaning;
use super::ledger::Change;
use super::row;
use super::writer::Writer;
use crate::{Draft, StoreError};
use fanfare_proto::{Message, Position, Time, limits};
use rusqlite::{Connection, Result as SqlResult, Statement, TransactionBehavior};
use std::sync::Arc;

impl Writer {
    /// Appends all drafts or none.
    pub(super) fn append(&mut self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        if drafts.is_empty() {
            return Ok(Vec::new());
        }
        self.append_each(drafts.into_iter().map(|draft| (draft, now)), |_| Ok(()))
    }

    /// Appends all drafts, each at its time or at the log's newest if that is later, and does something more in the same
    /// transaction.
    pub(super) fn append_each(
        &mut self,
        drafts: impl ExactSizeIterator<Item = (Draft, Time)>,
        along: impl FnOnce(&Connection) -> SqlResult<()>,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.make_room()?;
        let count = drafts.len() as u64;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let mut change = self.ledger.change();
        let mut rows = row::insertion(&transaction).map_err(meaning)?;
        let add = |(draft, time)| {
            change.status().time = change.status().time.max(time);
            add(&transaction, &mut rows, &mut change, draft)
        };
        let messages: Vec<Arc<Message>> = drafts.map(add).collect::<Result<_, _>>()?;
        drop(rows);
        along(&transaction).map_err(meaning)?;
        transaction.commit().map_err(meaning)?;
        let changed = change.done();
        self.ledger.accept(changed, true);
        self.ledger.unflushed += count;
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
    let size = message.content.size() as u64;
    head.head = position;
    head.total += 1;
    head.messages += 1;
    head.bytes += size;
    let head = *head;
    row::insert(rows, head.id, &message).map_err(meaning)?;
    if head.total.is_multiple_of(limits::INDEX_EVERY) {
        let milestone = "INSERT INTO milestone (channel, position) VALUES (?1, ?2)";
        let mut statement = connection.prepare_cached(milestone).map_err(meaning)?;
        statement.execute([head.id.0, position.0]).map_err(meaning)?;
    }
    change.status().head = position;
    change.count(&message.channel, head, size);
    Ok(Arc::new(message))
}
