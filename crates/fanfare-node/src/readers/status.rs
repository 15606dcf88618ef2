//! How an acked reader does, for whoever looks.

use super::place::{Place, held};
use super::reader::Reader;
use fanfare_proto::{Cursor, History, HistoryPage, ReaderName, ReaderRules, Time};

/// An acked reader as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderStatus {
    /// Its name.
    pub name: ReaderName,
    /// What it hears.
    pub rules: ReaderRules,
    /// When it was made.
    pub created: Time,
    /// When somebody used it last.
    pub used: Time,
    /// Everything up to here is done, or was not wanted.
    pub floor: Cursor,
    /// Messages that were given, or are about to be, and are not done.
    pub unacked: usize,
    /// Its sessions.
    pub sessions: usize,
    /// When the oldest of its messages was accepted that is not done, of those that were read.
    pub oldest: Option<Time>,
    /// Messages that were acknowledged since the server was started.
    pub acked: u64,
    /// Messages that were given again because nobody acknowledged them.
    pub redelivered: u64,
    /// Messages that were given up.
    pub dead: u64,
}

/// What lies before an acked reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderLag {
    /// Messages that are not done...
    pub messages: usize,
    /// ...at the least.
    pub more: bool,
    /// When the oldest was accepted.
    pub oldest: Option<Time>,
}

impl Reader {
    pub(crate) fn status(&self) -> ReaderStatus {
        ReaderStatus {
            name: self.name.clone(),
            rules: self.rules.clone(),
            created: self.created,
            used: self.used,
            floor: self.floor.clone(),
            unacked: self.window.undone().count() + self.earlier.given().len(),
            sessions: self.seats.len(),
            oldest: self.window.undone().next().map(|held| held.message.time),
            acked: self.counts.acked,
            redelivered: self.counts.redelivered,
            dead: self.counts.dead,
        }
    }

    /// What tells what lies before it, for whoever reads the log: the thread of readers does not.
    pub(crate) fn ahead(&self, limit: usize) -> Ahead {
        Ahead {
            history: self.behind(limit),
            done: self.earlier.done().to_vec(),
            held: self.window.undone().count(),
            oldest: self.window.undone().next().map(|held| held.message.time),
        }
    }
}

/// A reader for a moment: what it has read, and where it reads on.
pub(crate) struct Ahead {
    pub(crate) history: History,
    done: Vec<Place>,
    held: usize,
    oldest: Option<Time>,
}

impl Ahead {
    /// Counts what lies before it, with the page that it reads next.
    pub(crate) fn lag(self, page: &HistoryPage) -> ReaderLag {
        let open = held(page).filter(|held| !self.done.contains(&held.place()));
        let ahead: Vec<Time> = open.map(|held| held.message.time).collect();
        let oldest = self.oldest.or(ahead.first().copied());
        ReaderLag { messages: self.held + ahead.len(), more: page.more, oldest }
    }
}
