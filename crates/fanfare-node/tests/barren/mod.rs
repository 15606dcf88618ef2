//! A very long log in which nothing that is wanted is ever found.

use bytes::Bytes;
use fanfare_proto::{Channel, Epoch, Message, Pattern, Position, Time};
use fanfare_store::{
    ChannelInfo, Draft, Log, LogStatus, Order, Original, Page, Put, Read, Record, RecordChange, Records,
    Removal, Revision, Store, StoreError, Trimmed,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Its newest position.
const HEAD: u64 = 1_000_000_000;
/// How far one page looks.
const STEP: u64 = 1_000;

/// The log.
#[derive(Default)]
pub struct Barren {
    reads: AtomicUsize,
    cursed: bool,
    /// Keeps records, if anything does.
    records: Option<Arc<dyn Store>>,
}

impl Barren {
    /// One that panics when something is appended.
    #[allow(dead_code, reason = "not every test that has a barren log wants this")]
    pub fn cursed() -> Barren {
        Barren { cursed: true, ..Barren::default() }
    }

    /// One with records, which another store keeps.
    #[allow(dead_code, reason = "not every test that has a barren log wants this")]
    pub fn keeping(records: Arc<dyn Store>) -> Barren {
        Barren { records: Some(records), ..Barren::default() }
    }

    /// Pages read so far.
    #[allow(dead_code, reason = "not every test that has a barren log wants this")]
    pub fn reads(&self) -> usize {
        self.reads.load(SeqCst)
    }
}

impl Log for Barren {
    fn append(&self, _: Vec<Draft>, _: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        assert!(!self.cursed, "as a test wants it");
        Err(StoreError::Full("it takes nothing".into()))
    }

    fn read(&self, read: &Read) -> Result<Page, StoreError> {
        self.reads.fetch_add(1, SeqCst);
        let through = match read.order {
            Order::Forward => HEAD.min(read.from.0 + STEP),
            Order::Backward => read.from.0.min(HEAD + 1).saturating_sub(STEP),
        };
        Ok(Page { messages: Vec::new(), through: Position(through), gap: None })
    }

    fn original(&self, _: &Channel, _: Position) -> Result<Option<Original>, StoreError> {
        Ok(None)
    }

    fn find(&self, time: Time) -> Result<Position, StoreError> {
        Ok(Position(if time == Time(0) { 0 } else { HEAD }))
    }

    fn channels(&self, _: &Pattern, _: &str, _: usize) -> Result<Vec<ChannelInfo>, StoreError> {
        Ok(Vec::new())
    }

    fn remove(&self, _: &Removal) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn trim(&self, _: Time) -> Result<Trimmed, StoreError> {
        Ok(Trimmed::default())
    }

    fn status(&self) -> LogStatus {
        LogStatus { epoch: Epoch(1), head: Position(HEAD), time: Time(0), messages: HEAD, bytes: HEAD }
    }
}

impl Records for Barren {
    fn get(&self, _: &str, _: &str) -> Result<Option<Record>, StoreError> {
        Ok(None)
    }

    fn put_if(&self, _: &str, _: &str, _: Revision, _: Option<Bytes>) -> Result<Put, StoreError> {
        Err(StoreError::Full("it takes nothing".into()))
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        let full = || Err(StoreError::Full("it takes nothing".into()));
        self.records.as_ref().map_or_else(full, |records| records.change(changes))
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let none = || Ok(Vec::new());
        self.records.as_ref().map_or_else(none, |records| records.scan(kind, prefix, after, limit))
    }
}

impl Store for Barren {
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        _: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.append(drafts, now)
    }
}
