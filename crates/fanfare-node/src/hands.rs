//! What the threads of schedules, conditions and acked readers work with: all of a node that they need.

use crate::commit::{Answers, Committer, Group, lock};
use crate::commit_thread::{CommitThread, Then};
use crate::left::Left;
use crate::places::Places;
use crate::reading::{Logs, Reading};
use crate::tail::Tail;
use fanfare_proto::{Channel, LogId, Namespaces, Refusal, Time};
use fanfare_store::Store;
use std::sync::{Arc, Mutex};

/// Records, both logs, and both clocks.
#[derive(Clone)]
pub(crate) struct Hands {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) namespaces: Arc<Namespaces>,
    pub(crate) left: Arc<Left>,
    pub(crate) commits: Arc<CommitThread>,
    pub(crate) live: Arc<Mutex<Committer>>,
    pub(crate) logs: Logs,
    pub(crate) places: Places,
    pub(crate) reading: Arc<Reading>,
    pub(crate) tail: Arc<Tail>,
    /// The node's clock.
    pub(crate) now: fn() -> Time,
    /// That of people.
    pub(crate) system: fn() -> Time,
}

impl Hands {
    pub(crate) fn log_of(&self, channel: &Channel) -> LogId {
        self.namespaces.keeping(channel.as_str()).log()
    }

    pub(crate) fn is_live(&self, channel: &Channel) -> bool {
        self.log_of(channel) == LogId::LIVE
    }

    /// Publishes to the live log.
    pub(crate) fn commit_live(&self, group: Group) -> Answers {
        lock(&self.live).commit(&mut [group], (self.now)()).pop().unwrap_or_default()
    }

    /// Publishes to the kept log: `then` is called once it is there, unless it is refused at once.
    pub(crate) fn keep(&self, group: Group, then: Then) -> Result<(), Refusal> {
        self.commits.publish(group, then)
    }
}
