//! The seam between the parts of a server and their small lasting facts: settings, keys, places of readers.

use crate::StoreError;
use bytes::Bytes;

/// One state of a record. Revisions only grow, over all records of a store, and are never used again: not after a
/// deletion either. 0 means that there is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Revision(pub u64);

impl Revision {
    /// There is no record.
    pub const ABSENT: Revision = Revision(0);
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Unique within its kind.
    pub key: Box<str>,
    /// Which state this is.
    pub revision: Revision,
    /// What is stored.
    pub value: Bytes,
}

/// What came of [`Records::put_if`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is stored; the record has this revision now ([`Revision::ABSENT`] when it was deleted).
    Done(Revision),
    /// The record has another revision than expected, this one, and is as it was.
    Conflict(Revision),
}

/// A record as it is to be, whatever it was: for kinds that one thread alone changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordChange {
    /// Of which kind.
    pub kind: &'static str,
    /// Its key.
    pub key: Box<str>,
    /// What is stored; `None` deletes it.
    pub value: Option<Bytes>,
}

/// Small lasting facts, found by kind and key, changed by compare and set. All calls may come from any thread.
pub trait Records: Send + Sync {
    /// The record of a kind with a key.
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError>;

    /// Stores a value if the record still has the expected revision ([`Revision::ABSENT`] to create it); `None`
    /// deletes it. When this returns, it is kept as the store promises.
    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError>;

    /// Makes all changes, in order, or none. When this returns, they are kept as the store promises.
    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError>;

    /// Records of a kind whose keys start with a prefix and come after a key, by key, at most so many.
    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError>;
}
