//! What the readers of one selection that hear in ticks have not heard: of each key the newest message, and every
//! message without a key, in order (design rule 8). Kept once for all of them, and only while there is one.
//!
//! It goes further back than the window, because it has fewer messages. What it does not have any more is read in the log.

use fanfare_hub::Slot;
use fanfare_proto::{Channel, LogSet, Mark, Message, limits};
use std::collections::{BTreeMap, HashMap};

/// A channel, and a key on it.
type Key = (Channel, Box<str>);

/// The list.
pub(crate) struct Newest {
    /// It has everything that comes after this mark.
    covered: Mark,
    /// By their places in the node's order.
    slots: BTreeMap<u64, Slot<()>>,
    by_key: HashMap<Key, u64>,
    bytes: usize,
    /// How often it has changed.
    version: u64,
    /// Sessions that read it.
    pub(crate) readers: u32,
}

fn key(message: &Message) -> Option<Key> {
    Some((message.channel.clone(), message.content.key.clone()?))
}

impl Newest {
    /// A list of what comes after a mark.
    pub(crate) fn new(covered: Mark) -> Newest {
        let (slots, by_key) = (BTreeMap::new(), HashMap::new());
        Newest { covered, slots, by_key, bytes: 0, version: 0, readers: 0 }
    }

    /// Everything that comes after a mark, and nothing that was said before.
    pub(crate) fn reset(&mut self, covered: Mark) {
        *self = Newest { version: self.version + 1, readers: self.readers, ..Newest::new(covered) };
    }

    /// Adds the newest of all messages, which is at this place.
    pub(crate) fn add(&mut self, seq: u64, slot: &Slot<()>) {
        if self.slots.last_key_value().is_some_and(|(last, _)| *last == seq) {
            return;
        }
        if let Some(key) = key(&slot.message)
            && let Some(before) = self.by_key.insert(key, seq)
        {
            self.forget(before);
        }
        self.bytes += slot.message.content.size();
        self.slots.insert(seq, slot.clone());
        self.version += 1;
        while self.slots.len() > limits::NEWEST_MESSAGES || self.bytes > limits::NEWEST_BYTES {
            let Some((oldest, slot)) = self.slots.pop_first() else { return };
            self.bytes -= slot.message.content.size();
            self.covered = self.covered.max(&slot.mark);
            if let Some(key) = key(&slot.message)
                && self.by_key.get(&key) == Some(&oldest)
            {
                self.by_key.remove(&key);
            }
        }
    }

    fn forget(&mut self, seq: u64) {
        if let Some(slot) = self.slots.remove(&seq) {
            self.bytes -= slot.message.content.size();
        }
    }

    /// Whether it has everything that comes after a mark.
    pub(crate) fn covers(&self, own: &Mark, logs: LogSet) -> bool {
        self.covered.reached_by(own, logs)
    }

    /// The first message that somebody who has heard everything up to a mark may not have heard.
    pub(crate) fn first_after(&self, own: &Mark, logs: LogSet) -> Option<u64> {
        let last = self.slots.values().next_back()?;
        if last.mark.reached_by(own, logs) {
            return None;
        }
        // Marks only grow from slot to slot. Most readers have heard nothing of what there is, or nearly all.
        let new = self.slots.iter().rev().take_while(|(_, slot)| !slot.mark.reached_by(own, logs));
        new.last().map(|(seq, _)| *seq)
    }

    /// Those from a place on.
    pub(crate) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Slot<()>)> {
        self.slots.range(from..to.max(from)).map(|(seq, slot)| (*seq, slot))
    }

    /// The mark of whoever has heard everything before a place, as far as it is here.
    pub(crate) fn mark_before(&self, place: u64) -> Option<Mark> {
        self.slots.range(..place).next_back().map(|(_, slot)| slot.mark)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}
