//! Retention and clean-up, in short steps: heads are written, removed chains cleared, and then go what channels
//! have too many of, what is too old, and what is too much for a namespace or for the whole store.
//!
//! A step works until its time is over, saves the channels it touched and commits. Readers and publishers go on
//! in between.

use super::clear;
use super::error::meaning;
use super::heads::{ChannelId, Head};
use super::ledger::{Change, cost};
use super::remove::save_changed;
use super::row::{Names, place};
use super::writer::{Writer, save_space};
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{StoreError, Trimmed};
use fanfare_proto::{Channel, GapReason, NamespaceId, Position, Time, limits};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, TransactionBehavior};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time in which a step ends, apart from saving what it touched and its commit.
const STEP_TIME: Duration = Duration::from_millis(6);
/// Rows looked at in one step at the most; and so channels saved at its end.
const STEP_ROWS: u32 = 1024;
/// Bytes freed in one step at the most; one message more may pass it.
const STEP_BYTES: u64 = 4 * 1024 * 1024;

/// One step: its transaction, what it changes and what it may still do.
pub(super) struct Step<'a> {
    pub(super) connection: &'a Connection,
    change: Change<'a>,
    rules: &'a Rules,
    names: &'a mut Names,
    now: Time,
    deadline: Instant,
    rows: u32,
    bytes: u64,
    removed: u64,
    /// Whether anything was written.
    pub(super) wrote: bool,
    /// Up to where rows of channels with milestones went.
    milestones: HashMap<ChannelId, Position>,
}

impl Step<'_> {
    /// Whether the step has to end.
    pub(super) fn is_over(&self) -> bool {
        self.rows >= STEP_ROWS || self.bytes >= STEP_BYTES || Instant::now() >= self.deadline
    }

    /// Counts a row that was looked at.
    pub(super) fn look(&mut self) {
        self.rows += 1;
    }

    /// Deletes the row of a message, whatever it is.
    pub(super) fn delete(&mut self, position: Position) -> SqlResult<()> {
        self.wrote = true;
        let delete = "DELETE FROM message WHERE position = ?1";
        self.connection.prepare_cached(delete)?.execute([position.0])?;
        Ok(())
    }

    /// Retention lets the oldest row of a channel go. Who missed one that had expired missed nothing.
    fn lose(&mut self, channel: &Channel, row: &Oldest) -> Result<(), StoreError> {
        self.delete(row.position).map_err(meaning)?;
        let expired = row.expires.is_some_and(|expires| expires <= self.now);
        let Some(head) = self.change.head(self.connection, channel)? else { return Ok(()) };
        if head.total >= limits::INDEX_EVERY {
            self.milestones.insert(head.id, row.position);
        }
        let Some(size) = row.size else { return Ok(()) };
        head.messages = head.messages.saturating_sub(1);
        head.bytes = head.bytes.saturating_sub(size);
        if !expired {
            head.gone.raise(Gone { through: row.position, reason: GapReason::Trimmed });
        }
        let namespace = head.namespace;
        self.change.discount(namespace, 1, size);
        self.removed += 1;
        self.bytes += size;
        Ok(())
    }

    fn save(&self) -> SqlResult<()> {
        save_changed(self.connection, &self.change)?;
        let passed = "DELETE FROM milestone WHERE channel = ?1 AND position <= ?2";
        let mut statement = self.connection.prepare_cached(passed)?;
        for (id, through) in &self.milestones {
            statement.execute((id.0, through.0))?;
        }
        Ok(())
    }
}

/// A row that retention looks at.
struct Oldest {
    position: Position,
    channel: ChannelId,
    time: Time,
    /// `None`: removed before.
    size: Option<u64>,
    expires: Option<Time>,
}

impl Writer {
    /// One step of everything.
    pub(super) fn trim(&mut self, now: Time) -> Result<Trimmed, StoreError> {
        // Flushing and trimming take turns.
        self.flushed_last = !self.flushed_last && self.flush_is_due();
        if self.flushed_last {
            self.flush_step()?;
            return Ok(Trimmed { removed: 0, more: true });
        }
        let trimmed = self.trim_step(now)?;
        Ok(Trimmed { more: trimmed.more || self.pass.is_some(), ..trimmed })
    }

    fn trim_step(&mut self, now: Time) -> Result<Trimmed, StoreError> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let transaction = begun.map_err(meaning)?;
        let mut step = Step {
            connection: &transaction,
            change: self.ledger.change(),
            rules: &self.ledger.rules,
            names: &mut self.names,
            now,
            deadline: Instant::now() + STEP_TIME,
            rows: 0,
            bytes: 0,
            removed: 0,
            wrote: false,
            milestones: HashMap::new(),
        };
        clear::step(&mut step)?;
        let mut uncrowded = Vec::new();
        for channel in &self.ledger.crowded {
            if step.is_over() {
                break;
            }
            if uncrowd(&mut step, &self.ledger.rules, channel)? {
                uncrowded.push(channel.clone());
            }
        }
        for (id, rule) in self.ledger.rules.namespaces().iter() {
            let before = step.change.space(id).floor;
            trim_space(&mut step, id, self.ledger.rules.of(id))?;
            let space = *step.change.space(id);
            if step.wrote && space.floor > before {
                save_space(&transaction, rule.pattern.as_str(), &space).map_err(meaning)?;
            }
        }
        let bottom = trim_store(&mut step, self.bottom, self.most_bytes)?;
        let trimmed = Trimmed { removed: step.removed, more: step.is_over() };
        if step.wrote {
            step.save().map_err(meaning)?;
        }
        let changed = step.change.done();
        transaction.commit().map_err(meaning)?;
        self.ledger.accept(changed, false);
        uncrowded.iter().for_each(|channel| {
            self.ledger.crowded.remove(channel);
        });
        self.bottom = bottom;
        Ok(trimmed)
    }
}

/// Lets the oldest messages of a channel go that are beyond its limit. Answers whether it is at its limit.
fn uncrowd(step: &mut Step<'_>, rules: &Rules, channel: &Channel) -> Result<bool, StoreError> {
    let Some(head) = step.change.head(step.connection, channel)?.map(|head| *head) else { return Ok(true) };
    let mut left = rules.excess(head.namespace, head.messages);
    let mut from = Some(head.gone.through);
    while let (Some(place), true) = (from, left > 0) {
        if step.is_over() {
            return Ok(false);
        }
        let (run, end) = oldest_run(step, &head, place).map_err(meaning)?;
        for row in run {
            if left == 0 {
                break;
            }
            step.look();
            step.lose(channel, &row)?;
            left -= u64::from(row.size.is_some());
        }
        from = end;
    }
    Ok(true)
}

/// The oldest rows of a channel after a place, up to its next milestone or its head, and where that is; `None`
/// when there is nothing after it.
fn oldest_run(step: &Step<'_>, head: &Head, from: Position) -> SqlResult<(Vec<Oldest>, Option<Position>)> {
    let connection = step.connection;
    let milestone =
        "SELECT position FROM milestone WHERE channel = ?1 AND position > ?2 ORDER BY position LIMIT 1";
    let mut statement = connection.prepare_cached(milestone)?;
    let milestone: Option<u64> = statement.query_row((head.id.0, from.0), |row| row.get(0)).optional()?;
    let end = milestone.map(Position);
    let mut statement = connection.prepare_cached(
        "SELECT position, channel, time, size, expires, previous FROM message WHERE position = ?1",
    )?;
    let (mut run, mut next) = (Vec::new(), Some(end.unwrap_or(head.head)));
    while let Some(at) = next.filter(|at| *at > from) {
        let found = statement.query_row([at.0], |row| Ok((oldest(row)?, row.get::<_, Option<u64>>(5)?)));
        let Some((row, previous)) = found.optional()? else { break };
        run.push(row);
        next = previous.map(Position);
    }
    run.reverse();
    Ok((run, end))
}

fn oldest(row: &rusqlite::Row<'_>) -> SqlResult<Oldest> {
    Ok(Oldest {
        position: Position(row.get(0)?),
        channel: ChannelId(row.get(1)?),
        time: Time(row.get::<_, i64>(2)?.cast_unsigned()),
        size: row.get(3)?,
        expires: row.get::<_, Option<i64>>(4)?.map(|expires| Time(expires.cast_unsigned())),
    })
}

/// The oldest rows of the log after a place.
fn rows_after(connection: &Connection, from: Position) -> SqlResult<Vec<Oldest>> {
    let mut statement = connection.prepare_cached(
        "SELECT position, channel, time, size, expires FROM message WHERE position > ?1 ORDER BY position LIMIT 128",
    )?;
    statement.query_map([place(from)], oldest)?.collect()
}

/// Lets the oldest of a namespace go: what is too old, and what is too much.
fn trim_space(
    step: &mut Step<'_>,
    id: NamespaceId,
    keep: fanfare_proto::Retention,
) -> Result<(), StoreError> {
    while !step.is_over() {
        let rows = rows_after(step.connection, step.change.space(id).floor).map_err(meaning)?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in rows {
            let too_much = step.change.space(id).bytes > keep.bytes;
            if step.is_over() || !(too_much || row.time.after(keep.age) <= step.now) {
                return Ok(());
            }
            step.look();
            let name = step.names.get(step.connection, row.channel)?;
            if let Some(channel) = name.filter(|name| step.rules.id_of(name.as_str()) == id)
                && is_live(step, &channel, &row)?
            {
                step.lose(&channel, &row)?;
            }
            step.change.space(id).floor = row.position;
        }
    }
    Ok(())
}

/// Lets the oldest of all go while the store is too large. Answers up to where nothing is left.
fn trim_store(step: &mut Step<'_>, mut bottom: Position, most: u64) -> Result<Position, StoreError> {
    while cost(&step.change.status) > most && !step.is_over() {
        let rows = rows_after(step.connection, bottom).map_err(meaning)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if step.is_over() || cost(&step.change.status) <= most {
                break;
            }
            step.look();
            if let Some(channel) = step.names.get(step.connection, row.channel)?
                && is_live(step, &channel, &row)?
            {
                step.lose(&channel, &row)?;
            }
            bottom = row.position;
        }
    }
    Ok(bottom)
}

/// Whether a row is its channel's; else it belongs to a removed chain, which is cleared by itself.
fn is_live(step: &mut Step<'_>, channel: &Channel, row: &Oldest) -> Result<bool, StoreError> {
    let head = step.change.head(step.connection, channel)?;
    Ok(head.is_some_and(|head| head.id == row.channel && head.gone.through < row.position))
}
