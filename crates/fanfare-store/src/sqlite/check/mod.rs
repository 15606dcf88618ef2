//! Checking a store: what SQLite says about the file, and then what this store promises about what is in it.
//!
//! - [`tables`]: what small tables say about themselves and each other;
//! - [`chains`]: every message in order, held against its channel's row and milestones;
//! - [`chain`]: one channel of these.
//!
//! All in one snapshot and read only, so a server may have the store open; while the check runs, its write-ahead log
//! cannot start over.

mod chain;
mod chains;
mod tables;

use super::copy::{Progress, Watch, head_of};
use super::error::meaning;
use super::look::file_of;
use super::mark::End;
use super::{mark, schema};
use crate::StoreError;
use fanfare_proto::{Position, limits};
use rusqlite::{Connection, Result as SqlResult};
use std::fmt;
use std::path::Path;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checked {
    /// What is wrong; at most [`limits::DAMAGES`].
    pub damages: Vec<Damage>,
    /// Whether the check stopped because more is wrong than it tells.
    pub more: bool,
    /// Channels there are.
    pub channels: u64,
    /// Messages kept.
    pub messages: u64,
    /// The newest position ever given out.
    pub head: Position,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Where.
    pub part: Part,
    /// What.
    pub what: String,
}

/// A part of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// The file itself, as SQLite sees it.
    File,
    /// What is known of the whole log.
    Log,
    /// Messages and how they are chained.
    Messages,
    /// Channels and what they count.
    Channels,
    /// The index of every 64th message.
    Milestones,
    /// What is noted about namespaces.
    Namespaces,
    /// Removed chains that wait to be cleared.
    Clearing,
    /// Records.
    Records,
}

impl Part {
    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Part::File => "file",
            Part::Log => "log",
            Part::Messages => "messages",
            Part::Channels => "channels",
            Part::Milestones => "milestones",
            Part::Namespaces => "namespaces",
            Part::Clearing => "clearing",
            Part::Records => "records",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.part.name(), self.what)
    }
}

/// Checks the store of a folder, or a file that is one, say a backup. Errors are about looking at all; damage is an
/// answer.
pub fn check(store: &Path, watch: Watch<'_>) -> Result<Checked, StoreError> {
    let file = file_of(store);
    // Before the snapshot: what was noted by then is in it.
    let noted = mark::noted(&file)?;
    match schema::open_looker(&file) {
        Ok(mut connection) => all(&mut connection, noted, watch),
        Err(StoreError::Corrupt(text)) => {
            let mut findings = Findings::default();
            findings.add(Part::File, text);
            Ok(findings.checked)
        }
        Err(error) => Err(error),
    }
}

/// Checks a store that is open, and whether it holds what was noted.
pub(super) fn all(
    connection: &mut Connection,
    noted: Option<End>,
    watch: Watch<'_>,
) -> Result<Checked, StoreError> {
    let mut findings = Findings::default();
    let mut look = || -> Result<(), StoreError> {
        let snapshot = connection.transaction().map_err(meaning)?;
        watch(Progress::Verifying);
        look_at_file(&snapshot, &mut findings).map_err(meaning)?;
        // Of a file that is not whole, rows say nothing for sure.
        if findings.checked.damages.is_empty() {
            findings.checked.head = head_of(&snapshot).map_err(meaning)?;
            let lost = noted.map(|noted| noted.is_lost_from(&snapshot)).transpose()?.flatten();
            lost.into_iter().for_each(|what| findings.add(Part::Log, what));
            tables::look(&snapshot, &mut findings).map_err(meaning)?;
            chains::look(&snapshot, &mut findings, watch)?;
        }
        Ok(())
    };
    match look() {
        Err(StoreError::Corrupt(text)) => findings.add(Part::File, text),
        other => other?,
    }
    Ok(findings.checked)
}

/// What is found, as far as it is told.
#[derive(Default)]
struct Findings {
    checked: Checked,
}

impl Findings {
    fn add(&mut self, part: Part, what: impl Into<String>) {
        if self.is_full() {
            self.checked.more = true;
        } else {
            self.checked.damages.push(Damage { part, what: what.into() });
        }
    }

    fn is_full(&self) -> bool {
        self.checked.damages.len() >= limits::DAMAGES
    }
}

fn look_at_file(snapshot: &Connection, findings: &mut Findings) -> SqlResult<()> {
    let mut statement = snapshot.prepare("PRAGMA integrity_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        line.lines().filter(|line| *line != "ok").for_each(|line| findings.add(Part::File, line));
    }
    Ok(())
}
