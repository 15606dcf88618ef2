//! What was removed by request, or deleted by a message, most recently: whoever holds messages in memory finds by it which of
//! them to let go.

use fanfare_proto::{LogId, Message, limits};
use fanfare_store::Removal;
use std::collections::VecDeque;

/// The newest removals of all logs, and how many there were.
#[derive(Default)]
pub(crate) struct Removals {
    newest: VecDeque<(LogId, Removal)>,
    count: u64,
}

impl Removals {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn push(&mut self, log: LogId, removal: Removal) {
        if self.newest.len() >= limits::REMOVALS_KNOWN {
            self.newest.pop_front();
        }
        self.newest.push_back((log, removal));
        self.count += 1;
    }

    /// What was removed since there were so many removals.
    pub(crate) fn since(&self, count: u64) -> Removed {
        let new = usize::try_from(self.count.saturating_sub(count)).unwrap_or(usize::MAX);
        let first = self.newest.len().checked_sub(new);
        let known = first.map(|first| self.newest.range(first..).cloned().collect());
        Removed { known, count: self.count }
    }
}

/// What was removed since somebody looked.
#[derive(Debug, Clone)]
pub struct Removed {
    /// None if it is more than is remembered.
    known: Option<Vec<(LogId, Removal)>>,
    count: u64,
}

impl Removed {
    /// How many removals there were since the node was started: what is asked about next time.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Whether a message of a log, read before, may be one that was removed, or an edit of one. The log knows.
    pub fn may_have(&self, log: LogId, message: &Message) -> bool {
        let is_of = |(other, removal): &(LogId, Removal)| {
            *other == log
                && match removal {
                    Removal::Message(target) => message.is_of(*target),
                    Removal::Purge(channel) | Removal::Drop(channel) => message.channel == *channel,
                }
        };
        self.known.as_ref().is_none_or(|known| known.iter().any(is_of))
    }
}
