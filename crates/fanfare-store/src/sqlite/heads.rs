//! Channel heads in memory: what appending to a channel needs to know, without asking the file.
//!
//! What is here is newer than the channel's row or the same. When there are too many, heads that were not used for
//! a while go; the writer first writes those that are newer than their rows ("dirty").
//!
//! With a million channels, appending is a walk through memory that is in no cache, so a head costs few lines of
//! it: one in the table and two for itself. Its key is 128 bits of its name's hash under secrets of this process,
//! not the name. There are many parts, each with its own lock, so that neither growing nor readers hold up anything.

use crate::gone::Gone;
use fanfare_proto::{NamespaceId, Position};
use hashbrown::HashTable;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Heads of one part: what a hash table of 2^14 places holds before it grows.
const PART: usize = (1 << 14) / 8 * 7;

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
    /// No row of it is left up to here: it went for whatever reason, also one that nobody needs to be told.
    pub(super) floor: Position,
}

/// A channel's name, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64, u64);

/// For tables by [`Key`]: it is a hash already.
#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, half: u64) {
        self.0 ^= half;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
}

/// Builds [`KeyHasher`]s.
pub(super) type ByKey = BuildHasherDefault<KeyHasher>;

/// Where a head is. Another head may be there later: its number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) id: ChannelId,
    part: u32,
    slot: u32,
}

struct Entry {
    key: Key,
    head: Head,
    /// Used since the hand came by.
    used: bool,
    dirty: bool,
}

#[derive(Default)]
struct Part {
    /// Slots of entries, by key.
    table: HashTable<u32>,
    /// An entry keeps its slot as long as it is here.
    slots: Vec<Option<Entry>>,
    free: Vec<u32>,
    /// Where the search for entries that were not used goes on.
    hand: usize,
}

pub(super) struct Heads {
    parts: Vec<Mutex<Part>>,
    secrets: [RandomState; 2],
    part_size: usize,
}

impl Heads {
    pub(super) fn new(size: usize) -> Heads {
        let part_size = size.clamp(1, PART);
        let parts = std::iter::repeat_with(Mutex::default).take(size.div_ceil(part_size).max(1)).collect();
        Heads { parts, secrets: Default::default(), part_size }
    }

    pub(super) fn key(&self, channel: &str) -> Key {
        Key(self.secrets[0].hash_one(channel), self.secrets[1].hash_one(channel))
    }

    fn lock(&self, part: usize) -> MutexGuard<'_, Part> {
        self.parts[part].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, key: Key) -> MutexGuard<'_, Part> {
        self.lock((key.1 % self.parts.len() as u64) as usize)
    }

    /// How many parts there are, for [`dirty`](Heads::dirty).
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// The head of a channel, if it is here; it counts as used.
    pub(super) fn get(&self, key: Key) -> Option<Head> {
        let mut part = self.part(key);
        let entry = part.find(key)?;
        entry.used = true;
        Some(entry.head)
    }

    /// The head of a channel, if it is here.
    pub(super) fn peek(&self, key: Key) -> Option<Head> {
        self.part(key).find(key).map(|entry| entry.head)
    }

    /// Puts a head that is newer than its row.
    pub(super) fn put_dirty(&self, key: Key, head: Head) {
        self.part(key).put(Entry { key, head, used: true, dirty: true });
    }

    /// Replaces a head that has just been written to its row; one that is not here stays away.
    pub(super) fn refresh(&self, key: Key, head: Head) {
        if let Some(entry) = self.part(key).find(key) {
            *entry = Entry { key, head, used: true, dirty: false };
        }
    }

    pub(super) fn remove(&self, key: Key) {
        self.part(key).remove(key);
    }

    /// The heads of a part that are newer than their rows, in the order of the rows.
    pub(super) fn dirty(&self, part: usize) -> Vec<Place> {
        let slots = &self.lock(part).slots;
        let entries = slots.iter().zip(0..).filter_map(|(entry, slot)| Some((entry.as_ref()?, slot)));
        let dirty = entries.filter(|(entry, _)| entry.dirty);
        let place = |(entry, slot): (&Entry, u32)| Place { id: entry.head.id, part: part as u32, slot };
        let mut places: Vec<Place> = dirty.map(place).collect();
        places.sort_unstable();
        places
    }

    /// The head at a place, if it still is here.
    pub(super) fn at(&self, place: Place) -> Option<Head> {
        self.lock(place.part as usize).at(place).map(|entry| entry.head)
    }

    /// Notes that the head at a place is as old as its row.
    pub(super) fn clean(&self, place: Place) {
        if let Some(entry) = self.lock(place.part as usize).at(place) {
            entry.dirty = false;
        }
    }

    /// How many heads are too many.
    pub(super) fn surplus(&self) -> usize {
        (0..self.parts.len()).map(|part| self.lock(part).surplus(self.part_size)).sum()
    }

    /// Finds as many heads to let go as are too many, such as were not used for a while: with each, whether it is
    /// newer than its row.
    pub(super) fn unused(&self) -> Vec<(Key, Head, bool)> {
        let mut unused = Vec::new();
        for part in 0..self.parts.len() {
            let mut part = self.lock(part);
            for _ in 0..part.surplus(self.part_size) {
                let entry = part.next_unused();
                unused.extend(entry.map(|entry| (entry.key, entry.head, entry.dirty)));
            }
        }
        unused
    }
}

impl Part {
    fn slot(&self, key: Key) -> Option<u32> {
        let is_it = |slot: &u32| self.slots[*slot as usize].as_ref().is_some_and(|entry| entry.key == key);
        self.table.find(key.0, is_it).copied()
    }

    fn find(&mut self, key: Key) -> Option<&mut Entry> {
        let slot = self.slot(key)?;
        self.slots[slot as usize].as_mut()
    }

    fn at(&mut self, place: Place) -> Option<&mut Entry> {
        let entry = self.slots.get_mut(place.slot as usize)?.as_mut();
        entry.filter(|entry| entry.head.id == place.id)
    }

    fn put(&mut self, entry: Entry) {
        if let Some(found) = self.find(entry.key) {
            *found = entry;
            return;
        }
        let Part { table, slots, free, .. } = self;
        let slot = free.pop().unwrap_or(slots.len() as u32);
        let hash = |slot: &u32| slots[*slot as usize].as_ref().map_or(0, |entry| entry.key.0);
        table.insert_unique(entry.key.0, slot, hash);
        if slot as usize == slots.len() {
            slots.push(Some(entry));
        } else {
            slots[slot as usize] = Some(entry);
        }
    }

    fn remove(&mut self, key: Key) {
        let Some(slot) = self.slot(key) else { return };
        if let Ok(found) = self.table.find_entry(key.0, |at| *at == slot) {
            found.remove();
        }
        self.slots[slot as usize] = None;
        self.free.push(slot);
    }

    fn surplus(&self, size: usize) -> usize {
        (self.slots.len() - self.free.len()).saturating_sub(size)
    }

    /// The next entry that was not used since the hand came by last.
    fn next_unused(&mut self) -> Option<&Entry> {
        // Twice around meets every entry unused.
        for _ in 0..2 * self.slots.len() {
            self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
            let entry = self.slots[self.hand].as_mut();
            if entry.is_some_and(|entry| !std::mem::take(&mut entry.used)) {
                return self.slots[self.hand].as_ref();
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(id: u64) -> Head {
        Head {
            id: ChannelId(id),
            namespace: NamespaceId(0),
            head: Position(id),
            total: 1,
            messages: 1,
            bytes: 1,
            gone: Gone::NOTHING,
            floor: Position::START,
        }
    }

    #[test]
    fn a_head_is_found_until_it_is_taken_out() {
        let heads = Heads::new(40_000);
        assert!(heads.parts() > 1);
        let key = |id: u64| heads.key(&format!("channel/{id}"));
        (0..1_000).for_each(|id| heads.put_dirty(key(id), head(id)));
        (0..1_000).step_by(3).for_each(|id| heads.remove(key(id)));
        for id in 0..1_000 {
            assert_eq!(heads.get(key(id)), (id % 3 != 0).then(|| head(id)));
            assert_eq!(heads.peek(key(id)), heads.get(key(id)));
        }
        heads.put_dirty(key(1), head(2_000));
        assert_eq!(heads.get(key(1)), Some(head(2_000)));
        heads.refresh(key(0), head(0));
        assert_eq!(heads.get(key(0)), None, "what is not here stays away");
    }

    #[test]
    fn dirty_heads_are_found_in_the_order_of_their_rows() {
        let heads = Heads::new(100);
        (0..50).rev().for_each(|id| heads.put_dirty(heads.key(&id.to_string()), head(id)));
        (0..10).for_each(|id| heads.refresh(heads.key(&id.to_string()), head(id)));
        let places = heads.dirty(0);
        assert!(places.iter().map(|place| place.id.0).eq(10..50));
        assert!(places.iter().all(|place| heads.at(*place) == Some(head(place.id.0))));
        places[..39].iter().for_each(|place| heads.clean(*place));
        assert_eq!(heads.dirty(0), places[39..]);
        heads.remove(heads.key("49"));
        assert_eq!(heads.at(places[39]), None);
    }

    #[test]
    fn heads_in_use_stay() {
        let heads = Heads::new(64);
        for id in 0..1_000 {
            heads.put_dirty(heads.key(&id.to_string()), head(id));
            assert!(heads.get(heads.key("7")).is_some() || id < 7);
            let unused = heads.unused();
            assert_eq!(unused.len(), heads.surplus());
            unused.iter().for_each(|(key, _, _)| heads.remove(*key));
        }
        assert_eq!(heads.dirty(0).len(), 64);
    }
}
