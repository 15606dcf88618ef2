//! Writing channel heads to their rows, in batches and in short steps.
//!
//! A pass writes every head that was newer than its row when the pass began, in the order of the rows, and then
//! notes that the rows count all messages up to that moment. A row also says up to where it counts by itself, so
//! a pass that is cut short harms nothing.

use super::channel;
use super::error::meaning;
use super::heads::{Heads, Place};
use super::writer::Writer;
use crate::StoreError;
use fanfare_proto::Position;
use rusqlite::TransactionBehavior;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
pub(super) struct Pass {
    /// What the rows count up to once it is through.
    through: Position,
    /// Parts of the heads that were looked through for the pass.
    gathered: usize,
    /// The heads to write, part by part, each in the order of the rows, the next one last.
    parts: Vec<Vec<Place>>,
    /// The next head of each part, and of these the next one of all.
    next: BinaryHeap<Reverse<(Place, usize)>>,
}

impl Pass {
    /// Looks through some more parts. Answers whether that were all.
    fn gather(&mut self, heads: &Heads, deadline: Instant) -> bool {
        while self.gathered < heads.parts() && Instant::now() < deadline {
            let mut places = heads.dirty(self.gathered);
            places.reverse();
            self.next.extend(places.pop().map(|place| Reverse((place, self.parts.len()))));
            self.parts.push(places);
            self.gathered += 1;
        }
        self.gathered == heads.parts()
    }

    /// The next head of all, in the order of the rows.
    fn take(&mut self) -> Option<Place> {
        let Reverse((place, part)) = self.next.pop()?;
        self.next.extend(self.parts[part].pop().map(|place| Reverse((place, part))));
        Some(place)
    }

    /// Gives heads back that were not written after all.
    fn give_back(&mut self, places: Vec<Place>) {
        let part = self.parts.len();
        self.next.extend(places.into_iter().map(|place| Reverse((place, part))));
        self.parts.push(Vec::new());
    }
}

impl Writer {
    /// Whether heads are to be written now: enough has come together, or nothing else is going on.
    pub(super) fn flush_is_due(&mut self) -> bool {
        let idle = std::mem::replace(&mut self.head_at_last_look, self.ledger.status.head);
        let idle = idle == self.ledger.status.head;
        let unflushed = self.ledger.unflushed;
        self.pass.is_some() || unflushed >= self.flush_every || (idle && unflushed > 0)
    }

    /// One step of the pass that is under way, or of a new one.
    pub(super) fn flush_step(&mut self) -> Result<(), StoreError> {
        let deadline = Instant::now() + STEP_TIME;
        let mut pass = self.pass.take().unwrap_or_else(|| {
            self.ledger.unflushed = 0;
            let through = self.ledger.status.head;
            Pass { through, gathered: 0, parts: Vec::new(), next: BinaryHeap::new() }
        });
        if pass.gather(&self.ledger.shared.heads, deadline) {
            let places: Vec<Place> = std::iter::from_fn(|| pass.take()).take(STEP).collect();
            let through = (places.len() < STEP).then_some(pass.through);
            match self.write_heads(&places, through) {
                Ok(()) if through.is_some() => return Ok(()),
                Ok(()) => {}
                Err(error) => {
                    pass.give_back(places);
                    self.pass = Some(pass);
                    return Err(error);
                }
            }
        }
        self.pass = Some(pass);
        Ok(())
    }

    /// Writes heads to their rows; `through`, if these are the last of a pass, is what all rows count up to then.
    fn write_heads(&mut self, places: &[Place], through: Option<Position>) -> Result<(), StoreError> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let heads = &self.ledger.shared.heads;
        for place in places {
            if let Some(head) = heads.at(*place) {
                channel::save_counts(&transaction, &head).map_err(meaning)?;
            }
        }
        if let Some(through) = through {
            let note = "UPDATE meta SET flushed = ?1, head = ?2, time = ?3, changes = changes + 1";
            let status = &self.ledger.status;
            let values = (through.0, status.head.0, status.time.0.cast_signed());
            transaction.execute(note, values).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        places.iter().for_each(|place| heads.clean(*place));
        Ok(())
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
        let heads = &self.ledger.shared.heads;
        if heads.surplus() < SURPLUS {
            return Ok(());
        }
        let mut unused = heads.unused();
        unused.sort_unstable_by_key(|(_, head, _)| head.id);
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        for (_, head, _) in unused.iter().filter(|(_, _, dirty)| *dirty) {
            channel::save_counts(&transaction, head).map_err(meaning)?;
        }
        transaction.commit().map_err(meaning)?;
        unused.iter().for_each(|(key, _, _)| heads.remove(*key));
        Ok(())
    }
}
