//! The one connection that writes, and opening it.

use super::beyond::{self, Beyond};
use super::channel;
use super::compact::Walk;
use super::crowd::Resume;
use super::error::meaning;
use super::flush::Pass;
use super::heads::{Head, Heads};
use super::ledger::{Ledger, Shared, Space};
use super::mark::{End, Mark};
use super::options::SqliteOptions;
use super::place::Place;
use super::row::Names;
use super::schema;
use super::settle::settle;
use super::sum::Link;
use crate::compact::Due;
use crate::gone::Gone;
use crate::retention::Rules;
use crate::{LogStatus, StoreError};
use fanfare_proto::{Channel, Epoch, Position, Time};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, TransactionBehavior};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Of a file in which no log has begun yet.
const NO_LIFE: Epoch = Epoch(0);

/// The right to write.
pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) ledger: Ledger,
    pub(super) names: Names,
    pub(super) mark: Mark,
    pub(super) place: Place,
    /// Transactions that were not an append.
    pub(super) changes: u64,
    /// Heads are written after so many messages.
    pub(super) flush_every: u64,
    pub(super) pass: Option<Pass>,
    /// Tells whether anything was appended since it was asked last.
    pub(super) head_at_last_look: Position,
    /// Bytes that the whole log may cost.
    pub(super) most_bytes: u64,
    /// Channels without messages that are remembered.
    pub(super) most_empty: usize,
    /// Whether the last step of trimming wrote heads.
    pub(super) flushed_last: bool,
    /// Steps of trimming in a row that left work undone.
    pub(super) unfinished: u32,
    /// Where trimming crowded channels goes on.
    pub(super) resume: Option<Resume>,
    /// A walk for what is superseded, under way.
    pub(super) walk: Option<Walk>,
    /// With which namespace the next step begins.
    pub(super) first_space: usize,
    /// Nothing at all is left up to here.
    pub(super) bottom: Position,
    /// What was said was erased, and may still be in the write-ahead log.
    pub(super) erased: bool,
    /// What is freed is overwritten wherever it is.
    pub(super) thorough: bool,
}

impl Writer {
    /// Takes what the file says, and reads again the messages that the rows of channels do not count yet. Answers, too,
    /// what is there beyond the rules.
    pub(super) fn open(
        opened: schema::Opened,
        dir: &Path,
        rules: Rules,
        options: &SqliteOptions,
    ) -> Result<(Writer, Vec<Beyond>), StoreError> {
        let schema::Opened { mut connection, new_life } = opened;
        let (mut status, flushed) = read_meta(&connection).map_err(meaning)?;
        let new_epoch = (new_life || status.epoch == NO_LIFE).then(|| Epoch(fastrand::u32(1..)));
        status.epoch = new_epoch.unwrap_or(status.epoch);
        let spaces = vec![Space::UNTOUCHED; rules.namespaces().iter().count()];
        let shared = Arc::new(Shared::new(Heads::new(options.heads), status));
        let mut ledger = Ledger {
            shared,
            rules,
            status,
            spaces,
            crowded: BTreeSet::new(),
            due: Due::default(),
            empty: BTreeSet::new(),
            unflushed: 0,
        };
        let mut names = Names::default();
        let too_many = sum_channels(&connection, &mut ledger)?;
        read_again(&connection, &mut ledger, &mut names, flushed)?;
        // Only now: of what is damaged nothing is changed.
        schema::begin_writing(&connection, &dir.join(super::NAME))?;
        if let Some(epoch) = new_epoch {
            begin_life(&connection, epoch).map_err(meaning)?;
        }
        let stored = read_spaces(&mut connection, &ledger.rules).map_err(meaning)?;
        for (space, stored) in ledger.spaces.iter_mut().zip(stored) {
            (space.gone, space.floor) = (stored.gone, stored.floor);
        }
        let beyond = beyond::find(&connection, &ledger, &mut names, &too_many, options.bytes)?;
        let end = End::of(&connection).map_err(meaning)?;
        let mark = Mark::begin(dir, end)?;
        let place = Place::of(&dir.join(super::NAME));
        let head_at_last_look = ledger.status.head;
        let writer = Writer {
            connection,
            ledger,
            names,
            mark,
            place,
            changes: end.changes,
            flush_every: options.flush_every,
            pass: None,
            head_at_last_look,
            most_bytes: options.bytes,
            most_empty: options.empty_channels,
            flushed_last: false,
            unfinished: 0,
            resume: None,
            walk: None,
            first_space: 0,
            bottom: Position::START,
            erased: false,
            thorough: false,
        };
        Ok((writer, beyond))
    }

    /// Commits something small and moves everything into the file, to see that this connection can.
    pub(super) fn touch(&mut self) -> Result<(), StoreError> {
        self.place.check()?;
        let mut commit = || {
            let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            begun.execute("UPDATE meta SET changes = changes + 1", [])?;
            begun.commit()
        };
        commit().map_err(meaning)?;
        settle(&self.connection)?;
        self.note_change();
        Ok(())
    }

    /// Notes how far the store has come, after a transaction that was not an append.
    pub(super) fn note_change(&mut self) {
        let changes =
            || self.connection.prepare_cached("SELECT changes FROM meta")?.query_row([], |row| row.get(0));
        self.changes = changes().unwrap_or(self.changes);
        self.mark.note(self.ledger.status.head, self.changes);
    }
}

/// Adds up what the rows of channels count. Answers how many messages of each namespace its channels have too many of.
fn sum_channels(connection: &Connection, ledger: &mut Ledger) -> Result<Vec<u64>, StoreError> {
    let mut too_many = vec![0; ledger.spaces.len()];
    let mut sum = || {
        let mut statement = connection.prepare(
            "SELECT name, id, head, total, messages, bytes, trimmed_through, reason, floor, sum FROM channel",
        )?;
        let mut rows = statement.query([])?;
        let (mut crowded, mut due) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            let name = row.get_ref(0)?.as_str()?;
            let namespace = ledger.rules.id_of(name);
            let Head { id, messages, bytes, .. } = channel::from_row(row, 1, namespace)?;
            ledger.spaces[usize::from(namespace.0)].bytes += bytes;
            ledger.status.messages += messages;
            ledger.status.bytes += bytes;
            if messages == 0 {
                ledger.empty.insert(id);
            }
            let compact = ledger.rules.of(namespace).compact;
            if ledger.due.is_due(&ledger.rules, namespace, &id, messages) {
                due.push(name.to_owned());
            }
            if ledger.rules.is_crowded(namespace, messages) {
                // What a compact one has too many of may be superseded.
                let excess = if compact { 0 } else { ledger.rules.excess(namespace, messages) };
                too_many[usize::from(namespace.0)] += excess;
                crowded.push(name.to_owned());
            }
        }
        SqlResult::Ok((crowded, due))
    };
    let (crowded, due) = sum().map_err(meaning)?;
    ledger.crowded = crowded.iter().map(|name| channel::parse(name)).collect::<Result<_, _>>()?;
    ledger.due.channels = due.iter().map(|name| channel::parse(name)).collect::<Result<_, _>>()?;
    Ok(too_many)
}

/// Reads the messages after those that all rows of channels count: heads and sums take those that the row of their
/// channel does not count.
fn read_again(
    connection: &Connection,
    ledger: &mut Ledger,
    names: &mut Names,
    flushed: Position,
) -> Result<(), StoreError> {
    let mut change = ledger.change();
    let mut read = 0;
    let mut statement = connection
        .prepare(
            "SELECT position, previous, channel, time, size, sum FROM message WHERE position > ?1 ORDER BY position",
        )
        .map_err(meaning)?;
    let mut rows = statement.query([flushed.0]).map_err(meaning)?;
    while let Some(row) = rows.next().map_err(meaning)? {
        let take = || Link::from_row(row, 1, Position(row.get(0)?));
        let (Link { position, channel, time, size, .. }, _) = take().map_err(meaning)?;
        read += 1;
        let status = change.status();
        status.head = status.head.max(position);
        status.time = status.time.max(time);
        let name: Option<Channel> = names.get(connection, channel)?;
        let Some(name) = name else { continue };
        let Some(head) = change.head(connection, &name)?.filter(|head| head.head < position) else {
            continue;
        };
        head.head = position;
        head.total += 1;
        if let Some(size) = size {
            head.messages += 1;
            head.bytes += size;
            let head = *head;
            change.count(&name, head, size);
        }
    }
    let changed = change.done();
    ledger.accept(changed, true);
    ledger.unflushed = read;
    Ok(())
}

/// Where the log ends, and up to where the rows of channels count; nothing for a new file.
fn read_meta(connection: &Connection) -> SqlResult<(LogStatus, Position)> {
    let read = "SELECT epoch, head, time, flushed FROM meta";
    let take = |row: &rusqlite::Row<'_>| {
        let (epoch, head) = (Epoch(row.get(0)?), Position(row.get(1)?));
        let (time, flushed) = (Time(row.get::<_, i64>(2)?.cast_unsigned()), Position(row.get(3)?));
        Ok((LogStatus { epoch, head, time, messages: 0, bytes: 0 }, flushed))
    };
    let nothing = LogStatus { epoch: NO_LIFE, head: Position::START, time: Time(0), messages: 0, bytes: 0 };
    Ok(connection.query_row(read, [], take).optional()?.unwrap_or((nothing, Position::START)))
}

fn begin_life(connection: &Connection, epoch: Epoch) -> SqlResult<()> {
    let begin = "INSERT INTO meta (only, epoch, head, time, flushed, revision, namespaces)
                 VALUES (1, ?1, 0, 0, 0, 0, '')
                 ON CONFLICT (only) DO UPDATE SET epoch = ?1";
    connection.execute(begin, [epoch.0]).map(|_| ())
}

/// What is stored about namespaces. When other namespaces rule than before, each takes over what is gone in those
/// it overlaps with, so that nothing is lost silently, and trimming starts from the beginning.
fn read_spaces(connection: &mut Connection, rules: &Rules) -> SqlResult<Vec<Space>> {
    let patterns: Vec<&str> = rules.namespaces().iter().map(|(_, rule)| rule.pattern.as_str()).collect();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let before: String = transaction.query_row("SELECT namespaces FROM meta", [], |row| row.get(0))?;
    let stored: Vec<(String, Gone, Position)> = transaction
        .prepare("SELECT pattern, trimmed_through, reason, floor FROM namespace")?
        .query_map([], |row| Ok((row.get(0)?, channel::gone(row, 1)?, Position(row.get(3)?))))?
        .collect::<SqlResult<_>>()?;
    let now = patterns.join("\n");
    if now == before {
        let space = |pattern: &&str| {
            let found = stored.iter().find(|(stored, _, _)| stored == pattern);
            found.map_or(Space::UNTOUCHED, |(_, gone, floor)| Space { bytes: 0, gone: *gone, floor: *floor })
        };
        return Ok(patterns.iter().map(space).collect());
    }
    transaction.execute("DELETE FROM namespace", [])?;
    transaction.execute("UPDATE meta SET namespaces = ?1", [&now])?;
    let mut spaces = Vec::new();
    for (_, rule) in rules.namespaces().iter() {
        let overlaps = |pattern: &str| {
            fanfare_proto::Pattern::parse(pattern).is_ok_and(|pattern| pattern.overlaps(&rule.pattern))
        };
        let gone: Gone = stored.iter().filter(|(p, _, _)| overlaps(p)).map(|(_, gone, _)| *gone).collect();
        let space = Space { gone, ..Space::UNTOUCHED };
        save_space(&transaction, rule.pattern.as_str(), &space)?;
        spaces.push(space);
    }
    transaction.commit()?;
    Ok(spaces)
}

/// Writes what is stored about a namespace.
pub(super) fn save_space(connection: &Connection, pattern: &str, space: &Space) -> SqlResult<()> {
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO namespace (pattern, trimmed_through, reason, floor) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let reason = channel::reason(space.gone);
    statement.execute((pattern, space.gone.through.0, reason, space.floor.0))?;
    Ok(())
}
