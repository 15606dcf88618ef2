//! Appending: one transaction, one sync.

use super::amend;
use super::channel;
use super::error::meaning;
use super::ledger::Change;
use super::remove::{save_changed, save_end};
use super::row;
use super::schema;
use super::sum::Amended;
use super::writer::Writer;
use crate::{Draft, Original, StoreError};
use fanfare_proto::{Amends, Channel, Message, Position, Time, limits};
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

    /// The message at a position, if it is one of this channel.
    pub(super) fn original(
        &self,
        channel: &Channel,
        position: Position,
    ) -> Result<Option<Original>, StoreError> {
        let mut change = self.ledger.change();
        let Some(head) = change.head(&self.connection, channel)? else { return Ok(None) };
        amend::original(&self.connection, position, channel, head)
    }

    /// Appends all drafts, each at its time or at the log's newest if that is later, and does something more in the same
    /// transaction.
    pub(super) fn append_each(
        &mut self,
        drafts: Vec<(Draft, Time)>,
        along: impl FnOnce(&Connection) -> SqlResult<()>,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.make_room()?;
        let (mut rows_added, mut erases) = (0, false);
        let amends = drafts.iter().any(|(draft, _)| draft.content.amends.is_some());
        self.erase_thoroughly(amends)?;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let mut change = self.ledger.change();
        let mut rows = row::insertion(&transaction).map_err(meaning)?;
        let add = |(draft, time): (Draft, Time)| {
            let time = change.status().time.max(time);
            change.status().time = time;
            if draft.is_momentary(time) {
                return pass(&transaction, &mut change, draft);
            }
            rows_added += 1;
            erases |= matches!(draft.content.amends, Some(Amends::Deletes(_)));
            add(&transaction, &mut rows, &mut change, draft)
        };
        let messages: Vec<Arc<Message>> = drafts.into_iter().map(add).collect::<Result<_, _>>()?;
        drop(rows);
        along(&transaction).map_err(meaning)?;
        if erases {
            // What is not flushed is counted again after a crash, but rows that a flushed head counts have changed.
            save_changed(&transaction, &mut change).map_err(meaning)?;
        } else if messages.last().is_some_and(|last| last.is_momentary()) {
            // No row says that its position is used.
            save_end(&transaction, change.status(), 0).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        let changed = change.done();
        self.ledger.accept(changed, true);
        self.ledger.unflushed += rows_added;
        if erases {
            self.note_change();
        } else {
            self.mark.note(self.ledger.status.head, self.changes);
        }
        self.erased |= erases;
        self.erase_thoroughly(false)?;
        Ok(messages)
    }

    /// Whether what is freed from now on is overwritten wherever it is. To overwrite more than is asked for harms nothing: it
    /// ends with a later append.
    fn erase_thoroughly(&mut self, thoroughly: bool) -> Result<(), StoreError> {
        if self.thorough == thoroughly {
            return Ok(());
        }
        match schema::erase_thoroughly(&self.connection, thoroughly) {
            Ok(()) => self.thorough = thoroughly,
            Err(error) if thoroughly => return Err(meaning(error)),
            Err(_) => {}
        }
        Ok(())
    }
}

/// Gives a message that is for a moment its position. Nothing of it is kept.
fn pass(connection: &Connection, change: &mut Change<'_>, draft: Draft) -> Result<Arc<Message>, StoreError> {
    let previous = change.head(connection, &draft.channel)?.map(|head| head.head);
    let status = change.status();
    status.head = Position(status.head.0 + 1);
    Ok(Arc::new(draft.at(status.head, previous, status.time)))
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
    let message = draft.at(position, Some(head.head), time);
    let (amended, freed) = match message.content.amends {
        Some(amends) => amend::amend(connection, amends, position).map_err(meaning)?,
        None => (Amended::default(), 0),
    };
    let size = message.content.size() as u64;
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

#[cfg(test)]
mod tests {
    use super::super::{SqliteLog, SqliteOptions};
    use crate::{Draft, Log};
    use fanfare_proto::{Amends, Channel, Content, Keeping, Namespace, Namespaces, Pattern, Position, Time};
    use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
    use std::sync::Arc;

    #[test]
    fn a_commit_stands_if_erasing_does_not_end_and_that_ends_later() {
        let dir = tempfile::tempdir().unwrap();
        let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
        let log = SqliteLog::open(dir.path(), Arc::new(rules), SqliteOptions::default()).unwrap();
        let say = |amends| {
            let content = Content { amends, body: "x".into(), ..Content::default() };
            let channel = Channel::parse("a").unwrap();
            let draft = Draft { channel, id: None, publisher: None, expires: None, content };
            log.append(vec![draft], Time(1)).map(|said| said[0].position)
        };
        let refuse = |action: &str| {
            let action = action.to_owned();
            let judge = move |context: AuthContext<'_>| match context.action {
                AuthAction::Pragma { pragma_name: "secure_delete", pragma_value: Some(value) }
                    if value.contains(&action) =>
                {
                    Authorization::Deny
                }
                _ => Authorization::Allow,
            };
            log.writer.lock().unwrap().connection.authorizer(Some(judge)).unwrap();
        };
        let is_thorough = || {
            let writer = log.writer.lock().unwrap();
            writer.connection.pragma_query_value(None, "secure_delete", |row| row.get::<_, u32>(0)).unwrap()
                == 1
        };
        let first = say(None).unwrap();
        refuse("fast");
        assert_eq!(say(Some(Amends::Replaces(first))), Ok(Position(2)), "it is kept, and said so");
        assert_eq!(say(None), Ok(Position(3)));
        assert!(is_thorough());
        refuse("nothing");
        say(None).unwrap();
        assert!(!is_thorough(), "with a later one it ends");
        refuse("on");
        assert!(say(Some(Amends::Deletes(first))).is_err(), "what could not be erased is not deleted");
        assert_eq!(log.status().head, Position(4));
    }
}
