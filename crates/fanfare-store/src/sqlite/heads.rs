//! Channel heads in memory: what appending to a channel needs to know, without asking the file.
//!
//! What is here is newer than the channel's row or the same. The heads used least recently go when there are too
//! many; the writer first writes those that are newer than their rows ("dirty"). Split in parts, each with its
//! own lock, so that readers and growth never hold anything long.

use crate::gone::Gone;
use fanfare_proto::{Channel, NamespaceId, Position};
use lru::LruCache;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The parts, a power of two.
const PARTS: usize = 64;

/// A channel's number in the file: the position of its first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ChannelId(pub(super) u64);

/// What is known of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: ChannelId,
    pub(super) namespace: NamespaceId,
    /// Its newest message ever.
    pub(super) head: Position,
    /// Messages ever: every 64th is a milestone.
    pub(super) total: u64,
    /// Messages kept.
    pub(super) messages: u64,
    /// Bytes of their contents.
    pub(super) bytes: u64,
    pub(super) gone: Gone,
}

struct Entry {
    head: Head,
    dirty: bool,
}

type Part = LruCache<Channel, Entry>;

pub(super) struct Heads {
    parts: Vec<Mutex<Part>>,
    hasher: RandomState,
    /// Heads of each part, unless what is too much has to be written first.
    part_size: usize,
}

impl Heads {
    pub(super) fn new(size: usize) -> Heads {
        let parts = std::iter::repeat_with(|| Mutex::new(LruCache::unbounded())).take(PARTS).collect();
        Heads { parts, hasher: RandomState::new(), part_size: size.div_ceil(PARTS) }
    }

    fn part(&self, channel: &str) -> MutexGuard<'_, Part> {
        let index = self.hasher.hash_one(channel) as usize % PARTS;
        self.parts[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The head of a channel, if it is here; it counts as used.
    pub(super) fn get(&self, channel: &str) -> Option<Head> {
        self.part(channel).get(channel).map(|entry| entry.head)
    }

    /// The head of a channel, if it is here.
    pub(super) fn peek(&self, channel: &str) -> Option<Head> {
        self.part(channel).peek(channel).map(|entry| entry.head)
    }

    /// Puts a head that is newer than its row. Answers whether it was as old as its row before.
    pub(super) fn put_dirty(&self, channel: Channel, head: Head) -> bool {
        let before = self.part(channel.as_str()).put(channel, Entry { head, dirty: true });
        !before.is_some_and(|entry| entry.dirty)
    }

    /// Replaces a head that has just been written to its row; one that is not here stays away.
    pub(super) fn refresh(&self, channel: &Channel, head: Head) {
        if let Some(entry) = self.part(channel.as_str()).peek_mut(channel.as_str()) {
            *entry = Entry { head, dirty: false };
        }
    }

    pub(super) fn remove(&self, channel: &Channel) {
        self.part(channel.as_str()).pop(channel.as_str());
    }

    /// The heads that are too many, those used least recently: with each, whether it is newer than its row.
    pub(super) fn surplus(&self) -> Vec<(Channel, Head, bool)> {
        let mut surplus = Vec::new();
        for part in &self.parts {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            let count = part.len().saturating_sub(self.part_size);
            let oldest = part.iter().rev().take(count);
            surplus.extend(oldest.map(|(channel, entry)| (channel.clone(), entry.head, entry.dirty)));
        }
        surplus
    }

    /// How many heads are too many.
    pub(super) fn surplus_len(&self) -> usize {
        let len = |part: &Mutex<Part>| part.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.parts.iter().map(|part| len(part).saturating_sub(self.part_size)).sum()
    }
}
