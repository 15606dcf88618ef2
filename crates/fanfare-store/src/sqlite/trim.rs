//! Retention and clean-up, in short steps: removed chains are cleared, and then go what is superseded, what channels have too many of,
//! what is too old, and what is too much for a namespace or for the whole store. At last, channels that are empty are
//! forgotten, if there are too many.
//!
//! A step works until its time is over, saves the channels it touched and commits. Readers and publishers go on
//! in between.

use super::error::meaning;
use super::heads::{ChannelId, Head};
use super::ledger::{Change, Ledger};
use super::remove::{drop_channel, save_changed};
use super::row::Names;
use super::sum::Link;
use super::writer::Writer;
use super::{clear, compact, crowd, forget, oldest};
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{LogStatus, StoreError, Trimmed};
use fanfare_proto::{Channel, GapReason, NamespaceId, Position, Time, limits};
use rusqlite::{Connection, Result as SqlResult, Row, TransactionBehavior};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time for one kind of work in a step. There are five; saving and the commit come on top.
const STAGE_TIME: Duration = Duration::from_millis(2);
/// Rows looked at for one kind of work in a step at the most.
const STAGE_ROWS: u32 = 1024;
/// After so many steps in a row that left work undone...
const BEHIND: u32 = 32;
/// ...a step may do so many times as much, and publishers wait longer: a commit adds up to two thousand messages, and
/// retention must not fall behind for ever.
const HURRY: u32 = 3;
/// Channels touched in one step at the most: each is a row to save, and with many channels a page of its own.
const STEP_CHANNELS: usize = 128;
/// Bytes freed in one step at the most; one message more may pass it.
const STEP_BYTES: u64 = 4 * 1024 * 1024;

/// A row that retention looks at.
pub(super) struct Oldest {
    pub(super) link: Link,
    sum: Option<u64>,
    pub(super) expires: Option<Time>,
}

impl Oldest {
    /// From the columns position, previous, channel, time, size, sum, expires.
    pub(super) fn from_row(row: &Row<'_>) -> SqlResult<Oldest> {
        let (link, sum) = Link::unchecked(row, 1, Position(row.get(0)?))?;
        let expires = row.get::<_, Option<i64>>(6)?.map(|expires| Time(expires.cast_unsigned()));
        Ok(Oldest { link, sum, expires })
    }

    /// Refuses a row that was changed by no server: it may be another's that would go.
    pub(super) fn check(&self) -> SqlResult<()> {
        self.link.check(self.sum)
    }
}

/// One step: its transaction, what it changes and what it may still do.
pub(super) struct Step<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a mut Names,
    pub(super) rules: &'a Rules,
    pub(super) now: Time,
    change: Change<'a>,
    /// By how much the limits of time, rows and bytes are raised.
    pace: u32,
    deadline: Instant,
    rows: u32,
    bytes: u64,
    removed: u64,
    superseded: u64,
    through: Position,
    wrote: bool,
    /// Whether something was left undone.
    more: bool,
    /// Up to where rows of channels with milestones went.
    milestones: HashMap<ChannelId, Position>,
}

impl<'a> Step<'a> {
    fn new(
        connection: &'a Connection,
        change: Change<'a>,
        rules: &'a Rules,
        names: &'a mut Names,
        now: Time,
        pace: u32,
    ) -> Self {
        Step {
            connection,
            names,
            rules,
            now,
            change,
            pace,
            deadline: Instant::now(),
            rows: 0,
            bytes: 0,
            removed: 0,
            superseded: 0,
            through: Position::START,
            wrote: false,
            more: false,
            milestones: HashMap::new(),
        }
    }

    /// Begins another kind of work: each has its time and its rows, so that none keeps the others from theirs for ever.
    fn begin_stage(&mut self) {
        self.deadline = Instant::now() + STAGE_TIME * self.pace;
        self.rows = 0;
    }

    /// Whether to stop: asked when there is work left to do.
    pub(super) fn is_over(&mut self) -> bool {
        let over = self.rows >= STAGE_ROWS * self.pace
            || self.bytes >= STEP_BYTES * u64::from(self.pace)
            || self.change.touched().len() >= STEP_CHANNELS
            || Instant::now() >= self.deadline;
        self.more |= over;
        over
    }

    /// Counts a row that was looked at.
    pub(super) fn look(&mut self) {
        self.rows += 1;
    }

    pub(super) fn head(&mut self, channel: &Channel) -> Result<Option<&mut Head>, StoreError> {
        self.change.head(self.connection, channel)
    }

    pub(super) fn space(&mut self, namespace: NamespaceId) -> &mut super::ledger::Space {
        self.change.space(namespace)
    }

    pub(super) fn status(&mut self) -> &LogStatus {
        self.change.status()
    }

    /// Runs a statement that changes rows by numbers; answers how many.
    pub(super) fn execute(&mut self, statement: &str, values: impl rusqlite::Params) -> SqlResult<usize> {
        self.wrote = true;
        self.connection.prepare_cached(statement)?.execute(values)
    }

    /// Something is left for the next step.
    pub(super) fn leave_undone(&mut self) {
        self.more = true;
    }

    /// Drops a channel, if it has no messages. Its namespace remembers what is gone of it.
    pub(super) fn forget(&mut self, channel: &Channel) -> Result<(), StoreError> {
        if self.head(channel)?.is_none_or(|head| head.messages > 0) {
            return Ok(());
        }
        self.wrote = true;
        let dropped = drop_channel(self.connection, &mut self.change, self.rules, channel)?;
        dropped.iter().for_each(|head| self.names.forget(head.id));
        Ok(())
    }

    /// Deletes the row of a message, whatever it is.
    pub(super) fn delete(&mut self, position: Position) -> SqlResult<()> {
        self.execute("DELETE FROM message WHERE position = ?1", [position.0])?;
        Ok(())
    }

    /// Retention lets the oldest row of a channel go. Who missed one that had expired missed nothing.
    pub(super) fn lose(&mut self, channel: &Channel, row: &Oldest) -> Result<(), StoreError> {
        row.check().map_err(meaning)?;
        let Link { position, size, .. } = row.link;
        self.delete(position).map_err(meaning)?;
        let expired = row.expires.is_some_and(|expires| expires <= self.now);
        let Some(head) = self.change.head(self.connection, channel)? else { return Ok(()) };
        if head.total >= limits::INDEX_EVERY {
            self.milestones.insert(head.id, position);
        }
        head.floor = head.floor.max(position);
        let Some(size) = size else { return Ok(()) };
        head.messages = head.messages.saturating_sub(1);
        head.bytes = head.bytes.saturating_sub(size);
        if !expired {
            head.gone.raise(Gone { through: position, reason: GapReason::Trimmed });
        }
        let namespace = head.namespace;
        self.change.discount(namespace, 1, size);
        self.removed += 1;
        self.through = self.through.max(position);
        self.bytes += size;
        Ok(())
    }

    /// Deletes the row of a message that another one has superseded, or what was left of one; what is chained to it is the
    /// caller's.
    pub(super) fn supersede(&mut self, channel: &Channel, row: Link) -> Result<(), StoreError> {
        self.delete(row.position).map_err(meaning)?;
        let Some(head) = self.change.head(self.connection, channel)? else { return Ok(()) };
        let Some(size) = row.size else { return Ok(()) };
        head.messages = head.messages.saturating_sub(1);
        head.bytes = head.bytes.saturating_sub(size);
        let namespace = head.namespace;
        self.change.discount(namespace, 1, size);
        self.superseded += 1;
        self.bytes += size;
        Ok(())
    }

    fn save(&mut self) -> SqlResult<()> {
        save_changed(self.connection, &mut self.change)?;
        let passed = "DELETE FROM milestone WHERE channel = ?1 AND position <= ?2";
        let mut statement = self.connection.prepare_cached(passed)?;
        for (id, through) in &self.milestones {
            statement.execute((id.0, through.0))?;
        }
        Ok(())
    }
}

impl Writer {
    /// One step of everything.
    pub(super) fn trim(&mut self, now: Time) -> Result<Trimmed, StoreError> {
        // Flushing and trimming take turns.
        self.flushed_last = !self.flushed_last && self.flush_is_due();
        if self.flushed_last {
            self.flush_step()?;
            return Ok(Trimmed { more: true, ..Trimmed::default() });
        }
        let trimmed = self.trim_step(now)?;
        Ok(Trimmed { more: trimmed.more || self.pass.is_some(), ..trimmed })
    }

    fn trim_step(&mut self, now: Time) -> Result<Trimmed, StoreError> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        self.ledger.due.wake(now);
        let ledger = &self.ledger;
        let pace = if self.unfinished >= BEHIND { HURRY } else { 1 };
        let mut step = Step::new(&transaction, ledger.change(), &ledger.rules, &mut self.names, now, pace);
        step.begin_stage();
        clear::step(&mut step)?;
        step.begin_stage();
        let compacted = compact::step(&mut step, &ledger.due, self.walk.take())?;
        step.begin_stage();
        let waits = |channel: &Channel| {
            ledger.due.channels.contains(channel) && compacted.done.iter().all(|(done, ..)| done != channel)
        };
        let crowd = crowd::step(&mut step, &ledger.crowded, self.resume.as_ref(), waits)?;
        step.begin_stage();
        let first_space = oldest::trim_spaces(&mut step, self.first_space)?;
        step.begin_stage();
        let bottom = oldest::trim_store(&mut step, self.bottom, self.most_bytes)?;
        let settled = forget::step(&mut step, &ledger.empty, self.most_empty)?;
        let Step { removed, superseded, through, more, .. } = step;
        let trimmed = Trimmed { removed, superseded, through, more };
        let wrote = step.wrote;
        if wrote {
            step.save().map_err(meaning)?;
        }
        let mut changed = step.change.done();
        if !wrote {
            // Heads that were only looked at may be newer than their rows, and stay so.
            changed.leave_heads();
        }
        transaction.commit().map_err(meaning)?;
        self.ledger.accept(changed, false);
        self.unfinished = if trimmed.more { self.unfinished.saturating_add(1) } else { 0 };
        crowd.done.iter().for_each(|channel| {
            self.ledger.crowded.remove(channel);
        });
        settled.iter().for_each(|id| {
            self.ledger.empty.remove(id);
        });
        let Ledger { due, rules, .. } = &mut self.ledger;
        for (channel, namespace, done) in compacted.done {
            due.walked(rules, namespace, &channel, done);
        }
        self.walk = compacted.walk;
        (self.resume, self.bottom, self.first_space) = (crowd.resume, bottom, first_space);
        Ok(trimmed)
    }
}
