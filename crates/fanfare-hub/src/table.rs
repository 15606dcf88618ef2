//! A hash table of numbers that grows in small steps.
//!
//! A table that is full moves all that it holds, and here each has to be hashed again from a text that lies elsewhere
//! in memory: for half a million that takes 0.3 s, in which a worker does nothing else. So a table is many, chosen by
//! hash, and each grows by itself: of half a million names 900 move at a time, which takes 0.7 ms, of four million 7,000.

use hashbrown::HashTable;
use hashbrown::hash_table::OccupiedEntry;
use std::hash::{BuildHasher, Hash, RandomState};

/// Tables of a table; a power of two. An empty one takes 32 bytes.
const PARTS: usize = 512;

/// Values that are found by a key which is not in them: `key_of` tells it.
#[derive(Debug)]
pub(crate) struct Table<T> {
    parts: Box<[HashTable<T>]>,
    hasher: RandomState,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { parts: (0..PARTS).map(|_| HashTable::new()).collect(), hasher: RandomState::new() }
    }
}

/// The part of a hash. Within a part the lowest bits and the highest are used.
fn part(hash: u64) -> usize {
    (hash >> 32) as usize % PARTS
}

impl<T> Table<T> {
    pub(crate) fn find<K: Hash + Eq>(&self, key: K, key_of: impl Fn(&T) -> K) -> Option<&T> {
        let hash = self.hasher.hash_one(&key);
        self.parts[part(hash)].find(hash, |value| key_of(value) == key)
    }

    pub(crate) fn find_mut<K: Hash + Eq>(&mut self, key: K, key_of: impl Fn(&T) -> K) -> Option<&mut T> {
        let hash = self.hasher.hash_one(&key);
        self.parts[part(hash)].find_mut(hash, |value| key_of(value) == key)
    }

    /// What may be changed or removed.
    pub(crate) fn entry<K: Hash + Eq>(
        &mut self,
        key: K,
        key_of: impl Fn(&T) -> K,
    ) -> Option<OccupiedEntry<'_, T>> {
        let hash = self.hasher.hash_one(&key);
        self.parts[part(hash)].find_entry(hash, |value| key_of(value) == key).ok()
    }

    /// Adds a value whose key is not there.
    pub(crate) fn insert<K: Hash + Eq>(&mut self, key: K, value: T, key_of: impl Fn(&T) -> K) {
        let Table { parts, hasher } = self;
        let hash = hasher.hash_one(&key);
        parts[part(hash)].insert_unique(hash, value, |value| hasher.hash_one(key_of(value)));
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.iter().all(HashTable::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_grow_a_little_at_a_time() {
        let texts: Vec<String> = (0..100_000).map(|number| number.to_string()).collect();
        let key_of = |number: &u32| &*texts[*number as usize];
        let (mut table, mut most) = (Table::default(), 0);
        for (number, text) in (0..).zip(&texts) {
            let moved = std::cell::Cell::new(0);
            table.insert(text.as_str(), number, |number| {
                moved.set(moved.get() + 1);
                key_of(number)
            });
            most = most.max(moved.get());
        }
        assert!((1..=2 * texts.len() / PARTS).contains(&most), "{most}");
        for (number, text) in (0..).zip(&texts) {
            assert_eq!(table.find(text.as_str(), key_of), Some(&number));
            table.entry(text.as_str(), key_of).unwrap().remove();
            assert_eq!(table.find_mut(text.as_str(), key_of), None);
        }
        assert!(table.is_empty());
    }
}
