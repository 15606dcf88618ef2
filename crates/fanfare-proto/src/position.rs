//! Places in logs.

use crate::limits;
use crate::put::Put;
use std::fmt;

/// A message's place in one log: only grows, is never reused, is not dense (design rule 3). The first message
/// has a position above [`Position::START`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Position(pub u64);

impl Position {
    /// Before every message.
    pub const START: Position = Position(0);
}

impl Put for Position {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One life of a log. A log that lost or replaced its contents has another epoch, so that an old cursor is
/// recognised instead of meaning a wrong place. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(pub u32);

/// Which of a node's logs: an index below [`limits::LOGS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LogId(pub u8);

impl LogId {
    /// The store's log: synced before a publisher is answered.
    pub const KEPT: LogId = LogId(0);
    /// The memory log: forgotten when the node ends.
    pub const LIVE: LogId = LogId(1);

    /// As an index into a [`Mark`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// The set of logs that a session reads, as bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LogSet(pub u8);

impl LogSet {
    /// This set and one more log.
    #[must_use]
    pub fn with(self, log: LogId) -> LogSet {
        LogSet(self.0 | 1 << log.0)
    }

    /// Whether the log is in the set.
    pub fn contains(self, log: LogId) -> bool {
        self.0 & 1 << log.0 != 0
    }

    /// The logs of the set, lowest first.
    pub fn iter(self) -> impl Iterator<Item = LogId> {
        (0..limits::LOGS as u8).map(LogId).filter(move |log| self.contains(*log))
    }
}

/// A place in all of a node's logs at once: the position heard up to, per log (design rule 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Mark(pub [Position; limits::LOGS]);

impl Mark {
    /// The part for one log.
    pub fn get(&self, log: LogId) -> Position {
        self.0[log.index()]
    }

    /// Replaces the part for one log.
    pub fn set(&mut self, log: LogId, position: Position) {
        self.0[log.index()] = position;
    }

    /// Raises the part for one log; a lower position changes nothing.
    pub fn raise(&mut self, log: LogId, position: Position) {
        self.set(log, self.get(log).max(position));
    }

    /// The larger of both, log by log.
    #[must_use]
    pub fn max(&self, other: &Mark) -> Mark {
        let mut mark = *self;
        mark.0.iter_mut().zip(other.0).for_each(|(mine, theirs)| *mine = (*mine).max(theirs));
        mark
    }

    /// Whether this mark is at or before the other in each log of the set.
    pub fn reached_by(&self, other: &Mark, logs: LogSet) -> bool {
        logs.iter().all(|log| self.get(log) <= other.get(log))
    }
}
