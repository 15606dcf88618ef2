//! The log of live namespaces: in memory, forgotten at the end of the process.
//!
//! Every start is another life of the log with another epoch, so a cursor of an earlier one is recognised. One
//! lock guards everything; no call holds it longer than a bounded piece of work takes.

mod amend;
mod compact;
mod read;
mod records;
mod state;
mod trim;

pub use records::MemoryRecords;

use crate::retention::Rules;
use crate::{
    ChannelInfo, Draft, Log, LogStatus, Original, Page, Put, Read, Record, RecordChange, Records, Removal,
    Revision, Store, StoreError, Trimmed,
};
use bytes::Bytes;
use fanfare_proto::{Channel, Epoch, LogId, Message, Namespaces, Pattern, Position, Time};
use state::State;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A [`Log`] in memory. All of it together holds at most [`limits::LIVE_BYTES`](fanfare_proto::limits), at once
/// and not only when trimmed.
pub struct MemoryLog {
    state: RwLock<State>,
    records: MemoryRecords,
}

impl MemoryLog {
    /// An empty log with a new epoch. `log` says which of the namespaces are its own.
    pub fn new(log: LogId, namespaces: Arc<Namespaces>) -> MemoryLog {
        let epoch = Epoch(fastrand::u32(1..));
        let state = RwLock::new(State::new(Rules::new(log, namespaces), epoch));
        MemoryLog { state, records: MemoryRecords::default() }
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for MemoryLog {
    fn append(&self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        Ok(self.state_mut().append(drafts, now))
    }

    fn read(&self, read: &Read) -> Result<Page, StoreError> {
        Ok(read::page(&self.state(), read))
    }

    fn original(&self, channel: &Channel, position: Position) -> Result<Option<Original>, StoreError> {
        Ok(self.state().original(channel, position))
    }

    fn find(&self, time: Time) -> Result<Position, StoreError> {
        Ok(read::find(&self.state(), time))
    }

    fn channels(&self, pattern: &Pattern, after: &str, limit: usize) -> Result<Vec<ChannelInfo>, StoreError> {
        Ok(read::channels(&self.state(), pattern, after, limit))
    }

    fn remove(&self, removal: &Removal) -> Result<bool, StoreError> {
        let mut state = self.state_mut();
        Ok(match removal {
            Removal::Message(position) => state.remove_with_edits(*position),
            Removal::Purge(channel) => state.purge(channel),
            Removal::Drop(channel) => state.forget(channel),
        })
    }

    fn trim(&self, now: Time) -> Result<Trimmed, StoreError> {
        Ok(trim::step(&mut self.state_mut(), now))
    }

    fn status(&self) -> LogStatus {
        self.state().status
    }
}

impl Records for MemoryLog {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError> {
        self.records.get(kind, key)
    }

    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError> {
        self.records.put_if(kind, key, expected, value)
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        self.records.change(changes)
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.records.scan(kind, prefix, after, limit)
    }
}

impl Store for MemoryLog {
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        let mut state = self.state_mut();
        self.records.change(changes)?;
        Ok(state.append(drafts, now))
    }
}
