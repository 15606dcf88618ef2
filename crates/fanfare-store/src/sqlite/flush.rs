//! Writing channel heads to their rows, in batches and in short steps.
//!
//! A pass writes every head that was newer than its row when the pass began, in the order of the rows, and then
//! notes that the rows count all messages up to that moment. A row also says up to where it counts by itself, so
//! a pass that is cut short harms nothing.

use super::channel;
use super::error::meaning;
use super::heads::{ChannelId, Head};
use super::writer::Writer;
use crate::StoreError;
use fanfare_proto::{Channel, Position};
use rusqlite::TransactionBehavior;
use std::time::{Duration, Instant};

/// Heads written in one step at the most.
const STEP: usize = 500;
/// Time in which a step ends, apart from its commit.
const STEP_TIME: Duration = Duration::from_millis(8);
/// Time for writing all heads when the store is closed.
const END_TIME: Duration = Duration::from_secs(3);
/// Heads beyond what fits in memory that are let pile up, so that they are written together.
const SURPLUS: usize = 512;

/// A pass over the heads that are newer than their rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pass {
    /// What the rows count up to once it is through.
    through: Position,
    next: ChannelId,
}

impl Writer {
    /// Whether heads are to be written now: enough has come together, or nothing else is going on.
    pub(super) fn flush_is_due(&mut self) -> bool {
        let idle = std::mem::replace(&mut self.head_at_last_look, self.ledger.status.head);
        let idle = idle == self.ledger.status.head;
        let unflushed = self.ledger.unflushed;
        self.pass.is_some() || unflushed >= self.flush_every || (idle && unflushed > 0)
    }

    /// One step of the pass that is under way, or of a new one. Answers whether it is through.
    pub(super) fn flush_step(&mut self) -> Result<bool, StoreError> {
        let begun = Pass { through: self.ledger.status.head, next: ChannelId(0) };
        let pass = *self.pass.get_or_insert(begun);
        if pass.next == ChannelId(0) {
            self.ledger.unflushed = 0;
        }
        let batch: Vec<(ChannelId, Channel)> =
            self.ledger.dirty.range(pass.next..).take(STEP).map(|(id, name)| (*id, name.clone())).collect();
        let heads = &self.ledger.shared.heads;
        let heads = batch.iter().map(|(id, name)| (*id, name, heads.peek(name.as_str())));
        let heads: Vec<(ChannelId, &Channel, Option<Head>)> = heads.collect();
        let deadline = Instant::now() + STEP_TIME;
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let mut written = 0;
        for (_, _, head) in &heads {
            if let Some(head) = head {
                channel::save_counts(&transaction, head).map_err(meaning)?;
            }
            written += 1;
            if Instant::now() >= deadline {
                break;
            }
        }
        let through = written == heads.len() && written < STEP;
        if through {
            let note = "UPDATE meta SET flushed = ?1, head = ?2, time = ?3";
            let status = &self.ledger.status;
            let values = (pass.through.0, status.head.0, status.time.0.cast_signed());
            transaction.execute(note, values).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        for (id, name, head) in &heads[..written] {
            if let Some(head) = head {
                self.ledger.shared.heads.refresh(name, *head);
            }
            self.ledger.dirty.remove(id);
        }
        let next = heads[..written].last().map_or(pass.next, |(id, _, _)| ChannelId(id.0 + 1));
        self.pass = (!through).then_some(Pass { next, ..pass });
        Ok(through)
    }

    /// Writes all heads, unless it takes too long: what is not written is read again at the next start.
    pub(super) fn flush_at_end(&mut self) {
        let deadline = Instant::now() + END_TIME;
        while self.ledger.unflushed > 0 || self.pass.is_some() {
            if Instant::now() >= deadline || self.flush_step().is_err() {
                return;
            }
        }
    }

    /// Lets go of heads that do not fit in memory, once there are some; those newer than their rows are written.
    pub(super) fn make_room(&mut self) -> Result<(), StoreError> {
        if self.ledger.shared.heads.surplus_len() < SURPLUS {
            return Ok(());
        }
        let mut surplus = self.ledger.shared.heads.surplus();
        surplus.sort_unstable_by_key(|(_, head, _)| head.id);
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        for (_, head, _) in surplus.iter().filter(|(_, _, dirty)| *dirty) {
            channel::save_counts(&transaction, head).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        for (channel, head, _) in &surplus {
            self.ledger.shared.heads.remove(channel);
            self.ledger.dirty.remove(&head.id);
        }
        Ok(())
    }
}
