//! A store that fails, or waits, as a test wants it.

use bytes::Bytes;
use fanfare_proto::{Channel, Message, Pattern, Position, Time};
use fanfare_store::{
    ChannelInfo, Draft, Log, LogStatus, Original, Page, Put, Read, Record, RecordChange, Records, Removal,
    Revision, Store, StoreError, Trimmed,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};

/// Another store, with an illness.
pub struct Sick {
    well: Arc<dyn Store>,
    /// Messages are not taken, or those with which a record changes.
    pub appends: AtomicBool,
    /// Records are not taken.
    pub puts: AtomicBool,
    /// Messages of this channel are not read one by one.
    pub unread: Mutex<Option<Channel>>,
    /// How often one message was read.
    pub reads: AtomicUsize,
    /// How often something was not taken.
    pub refused: AtomicUsize,
    closed: Mutex<bool>,
    opened: Condvar,
}

#[allow(dead_code, reason = "each test binary uses its part of this")]
impl Sick {
    pub fn new(well: Arc<dyn Store>) -> Arc<Sick> {
        Arc::new(Sick {
            well,
            appends: AtomicBool::default(),
            puts: AtomicBool::default(),
            unread: Mutex::default(),
            reads: AtomicUsize::default(),
            refused: AtomicUsize::default(),
            closed: Mutex::default(),
            opened: Condvar::new(),
        })
    }

    /// Whoever reads messages waits, or does no longer.
    pub fn close(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }

    fn takes(&self, not: &AtomicBool) -> Result<(), StoreError> {
        if !not.load(SeqCst) {
            return Ok(());
        }
        self.refused.fetch_add(1, SeqCst);
        Err(StoreError::Full("as a test wants it".into()))
    }
}

impl Log for Sick {
    fn append(&self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        // Those of a test itself come.
        if drafts.iter().any(|draft| draft.channel.is_system()) {
            self.takes(&self.appends)?;
        }
        self.well.append(drafts, now)
    }

    fn read(&self, read: &Read) -> Result<Page, StoreError> {
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        if read.messages == 1 {
            self.reads.fetch_add(1, SeqCst);
            let unread = self.unread.lock().unwrap().as_ref().map(Pattern::from);
            if unread.is_some_and(|unread| read.selection.patterns().eq([unread])) {
                self.refused.fetch_add(1, SeqCst);
                return Err(StoreError::Failed("as a test wants it".into()));
            }
        }
        self.well.read(read)
    }

    fn original(&self, channel: &Channel, position: Position) -> Result<Option<Original>, StoreError> {
        self.well.original(channel, position)
    }

    fn find(&self, time: Time) -> Result<Position, StoreError> {
        self.well.find(time)
    }

    fn channels(&self, pattern: &Pattern, after: &str, limit: usize) -> Result<Vec<ChannelInfo>, StoreError> {
        self.well.channels(pattern, after, limit)
    }

    fn remove(&self, removal: &Removal) -> Result<bool, StoreError> {
        self.well.remove(removal)
    }

    fn trim(&self, now: Time) -> Result<Trimmed, StoreError> {
        self.well.trim(now)
    }

    fn status(&self) -> LogStatus {
        self.well.status()
    }
}

impl Records for Sick {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError> {
        self.well.get(kind, key)
    }

    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError> {
        self.takes(&self.puts)?;
        self.well.put_if(kind, key, expected, value)
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        self.takes(&self.puts)?;
        self.well.change(changes)
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.well.scan(kind, prefix, after, limit)
    }
}

impl Store for Sick {
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.takes(&self.appends)?;
        self.well.append_with(drafts, changes, now)
    }
}
