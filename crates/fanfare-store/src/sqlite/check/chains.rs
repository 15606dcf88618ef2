//! Every message in order of position, held against the row of its channel.
//!
//! A row is **live** if it comes after everything that is gone of its channel and after everything that waits to be
//! cleared. The live rows of a channel, removed ones among them, are one unbroken chain.

use super::chain::{Chain, Met};
use super::{Findings, Part};
use crate::StoreError;
use crate::sqlite::channel;
use crate::sqlite::copy::{Progress, Watch};
use crate::sqlite::error::meaning;
use crate::sqlite::look::stored_namespaces;
use crate::sqlite::row;
use crate::sqlite::sum::Link;
use fanfare_proto::{Message, NamespaceId, Namespaces, Position};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};
use std::collections::{HashMap, HashSet};

/// Messages after which somebody is told how far it is.
const TELL: u64 = 1 << 14;

pub(super) fn look(
    snapshot: &Connection,
    findings: &mut Findings,
    watch: Watch<'_>,
) -> Result<(), StoreError> {
    let mut chains = Chains::read(snapshot, findings)?;
    chains.read_milestones(snapshot, findings).map_err(meaning)?;
    let columns =
        "SELECT previous, channel, time, size, sum, expires, priority, id, publisher, key, tags, event,
                       content_type, notice, body, replaces, deletes, edit, deleted, position FROM message ORDER BY position";
    let mut statement = snapshot.prepare(columns).map_err(meaning)?;
    let mut rows = statement.query([]).map_err(meaning)?;
    let (head, mut looked, mut first) = (findings.checked.head.0, 0u64, None);
    while let Some(row) = rows.next().map_err(meaning)?.filter(|_| !findings.is_full()) {
        let take = || SqlResult::Ok((row.get(19)?, row.get(1)?));
        let (position, id): (i64, i64) = take().map_err(meaning)?;
        chains.meet(row, position, id, findings)?;
        let first = *first.get_or_insert(position.unsigned_abs());
        if looked.is_multiple_of(TELL) {
            let done = position.unsigned_abs() - first;
            watch(Progress::Looked { done, all: head.saturating_sub(first) });
        }
        looked += 1;
    }
    chains.finish(findings);
    Ok(())
}

/// All channels, as far as they were met.
struct Chains {
    by_id: HashMap<i64, Chain>,
    /// Channels whose rows cannot be read, which was told. What is said of their messages says nothing.
    unread: HashSet<i64>,
    /// Of these channels, everything up to here waits to be cleared.
    clearing: HashMap<i64, i64>,
    /// Rows of channels count all messages up to here.
    flushed: i64,
    /// Time rises with position.
    time: u64,
}

impl Chains {
    fn read(snapshot: &Connection, findings: &mut Findings) -> Result<Chains, StoreError> {
        let namespaces = match snapshot.prepare("SELECT 1 FROM meta").and_then(|mut meta| meta.exists([])) {
            Ok(false) => Namespaces::new([]),
            _ => stored_namespaces(snapshot)?,
        };
        let floors = floors(snapshot).map_err(meaning)?;
        let floor_of =
            |id: NamespaceId| floors.get(namespaces.get(id).pattern.as_str()).copied().unwrap_or(0);
        let clearing = clearing(snapshot).map_err(meaning)?;
        let (mut by_id, mut unread) = (HashMap::new(), HashSet::new());
        let rows =
            "SELECT name, id, head, total, messages, bytes, trimmed_through, reason, floor, sum FROM channel";
        let mut statement = snapshot.prepare(rows).map_err(meaning)?;
        let mut rows = statement.query([]).map_err(meaning)?;
        while let Some(row) = rows.next().map_err(meaning)? {
            let take = || SqlResult::Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?));
            let (name, id) = take().map_err(meaning)?;
            // A wrong name is told elsewhere.
            let Ok(name) = channel::parse(&name) else { continue };
            let namespace = namespaces.id_of(name.as_str());
            let head = match channel::from_row(row, 1, namespace).map_err(meaning) {
                Ok(head) => head,
                Err(StoreError::Corrupt(text)) => {
                    findings.add(Part::Channels, format!("{name}: {text}"));
                    unread.insert(id);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let cleared = clearing.get(&id).copied().unwrap_or(0);
            by_id.insert(id, Chain::new(name, head, cleared, floor_of(namespace)));
        }
        let flushed = "SELECT flushed FROM meta";
        let flushed = snapshot.query_row(flushed, [], |row| row.get(0)).optional().map_err(meaning)?;
        Ok(Chains { by_id, unread, clearing, flushed: flushed.unwrap_or(0), time: 0 })
    }

    /// Gives each channel its milestones.
    fn read_milestones(&mut self, snapshot: &Connection, findings: &mut Findings) -> SqlResult<()> {
        let mut statement =
            snapshot.prepare("SELECT channel, position FROM milestone ORDER BY channel, position")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (id, position): (i64, i64) = (row.get(0)?, row.get(1)?);
            if self.clearing.get(&id).is_some_and(|through| position <= *through) {
                continue;
            }
            match self.by_id.get_mut(&id) {
                Some(chain) => chain.add_milestone(position),
                None if self.unread.contains(&id) => {}
                None => {
                    let what = format!("{position} is one of channel number {id}, which does not exist");
                    findings.add(Part::Milestones, what);
                }
            }
        }
        Ok(())
    }

    fn meet(
        &mut self,
        row: &rusqlite::Row<'_>,
        position: i64,
        id: i64,
        findings: &mut Findings,
    ) -> Result<(), StoreError> {
        if position < 1 {
            findings.add(Part::Messages, format!("there is a message at {position}"));
            return Ok(());
        }
        let waits = self.clearing.get(&id).is_some_and(|through| position <= *through);
        let Some(chain) = self.by_id.get_mut(&id) else {
            if !waits && !self.unread.contains(&id) {
                let what = format!("{position} is of channel number {id}, which does not exist");
                findings.add(Part::Messages, what);
            }
            return Ok(());
        };
        let place = Position(position.unsigned_abs());
        let read = || -> Result<(Link, Option<Message>), StoreError> {
            let link = Link::from_row(row, 0, place).map_err(meaning)?.0;
            // A removed message is a link alone.
            let message = link.size.map(|_| row::message(row, place, chain.name())).transpose()?;
            Ok((link, message))
        };
        let (link, message) = match read() {
            Ok(read) => read,
            Err(StoreError::Corrupt(text)) => {
                findings
                    .add(Part::Messages, format!("{position} of {} cannot be read: {text}", chain.name()));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if link.time.0 < self.time {
            findings.add(Part::Messages, format!("{position} is earlier than the one before it"));
        }
        self.time = self.time.max(link.time.0);
        if let Some(message) = &message {
            check_size(message, link.size, findings);
            check_amends(message, findings);
        }
        let Link { previous, size, .. } = link;
        let met = Met { position, previous, size, waits, flushed: position <= self.flushed };
        chain.meet(&met, findings);
        Ok(())
    }

    fn finish(self, findings: &mut Findings) {
        findings.checked.channels = self.by_id.len() as u64;
        let mut chains: Vec<_> = self.by_id.into_values().collect();
        chains.sort_by(|one, other| one.name().cmp(other.name()));
        for chain in chains {
            findings.checked.messages += chain.messages();
            if !findings.is_full() {
                chain.finish(findings);
            }
        }
    }
}

/// What is edited or deleted was said before.
fn check_amends(message: &Message, findings: &mut Findings) {
    let Some(amends) = message.content.amends else { return };
    if amends.target() >= message.position {
        let (position, field, target) = (message.position, amends.field(), amends.target());
        let what = format!("{position} of {} {field} {target}, which is not before it", message.channel);
        findings.add(Part::Messages, what);
    }
}

/// The size that is noted is that of the contents.
fn check_size(message: &Message, size: Option<u64>, findings: &mut Findings) {
    let found = message.content.size() as u64;
    if found != size.unwrap_or(0) {
        let (position, noted) = (message.position, size.unwrap_or(0));
        let what = format!("{position} of {} has {found} bytes, and {noted} are noted", message.channel);
        findings.add(Part::Messages, what);
    }
}

fn floors(snapshot: &Connection) -> SqlResult<HashMap<String, i64>> {
    let mut statement = snapshot.prepare("SELECT pattern, floor FROM namespace")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn clearing(snapshot: &Connection) -> SqlResult<HashMap<i64, i64>> {
    let mut statement = snapshot.prepare("SELECT channel, max(through) FROM clearing GROUP BY channel")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}
