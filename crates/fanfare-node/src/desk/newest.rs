//! What the readers of one selection that hear in ticks have not heard: of each key the newest message, and every
//! message without a key, in order (design rule 8). Kept once for all of them, and only while there is one.
//!
//! It goes further back than the window, because it has fewer messages. What it does not have any more is read in the log.

use fanfare_hub::Slot;
use fanfare_proto::{Channel, LogId, LogSet, Mark, Message, Position, limits};
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
    /// What it takes.
    bytes: usize,
    /// How often it has changed.
    version: u64,
    /// Sessions that read it.
    pub(crate) readers: u32,
}

/// Bytes that a message takes in a list; it may be in many.
fn size(message: &Message) -> usize {
    message.content.size() + limits::MESSAGE_BYTES as usize
}

/// Bytes that each of so many lists may take.
fn share(lists: usize) -> usize {
    limits::NEWEST_BYTES.min(limits::NEWEST_ALL_BYTES / lists.max(1))
}

fn key(message: &Message) -> Option<Key> {
    Some((message.channel.clone(), message.superseding_key()?.into()))
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

    /// Adds the newest of all messages, which is at this place, to this one of so many lists.
    pub(crate) fn add(&mut self, seq: u64, slot: &Slot<()>, lists: usize) {
        if self.slots.last_key_value().is_some_and(|(last, _)| *last == seq) {
            return;
        }
        if let Some(key) = key(&slot.message)
            && let Some(before) = self.by_key.insert(key, seq)
        {
            self.forget(before);
        }
        self.bytes += size(&slot.message);
        self.slots.insert(seq, slot.clone());
        self.version += 1;
        while self.bytes > share(lists) {
            let Some((oldest, slot)) = self.slots.pop_first() else { return };
            self.bytes -= size(&slot.message);
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
            self.bytes -= size(&slot.message);
        }
    }

    /// Forgets a message that was deleted, and its edits.
    pub(crate) fn erase(&mut self, log: LogId, target: Position) {
        let erased = |(seq, slot): (&u64, &Slot<()>)| {
            (slot.log == log && slot.message.is_of(target)).then(|| (*seq, key(&slot.message)))
        };
        let found: Vec<_> = self.slots.iter().filter_map(erased).collect();
        for (seq, key) in found {
            self.forget(seq);
            self.version += 1;
            if let Some(key) = key.filter(|key| self.by_key.get(key) == Some(&seq)) {
                self.by_key.remove(&key);
            }
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

    /// The first message from a place on.
    pub(crate) fn first_from(&self, place: u64) -> Option<u64> {
        self.slots.range(place..).next().map(|(seq, _)| *seq)
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

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Content, Time};
    use std::sync::Arc;

    fn slot(seq: u64, key: u64) -> Slot<()> {
        let message = Message {
            channel: Channel::parse("a").unwrap(),
            position: Position(seq),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content {
                key: Some(format!("k{key}").into()),
                body: vec![0; 1000].into(),
                ..Content::default()
            },
        };
        let mut mark = Mark::default();
        mark.set(LogId::KEPT, Position(seq));
        Slot { log: LogId::KEPT, message: Arc::new(message), mark, beside: () }
    }

    fn at(position: u64) -> Mark {
        slot(position, 0).mark
    }

    #[test]
    fn it_has_the_newest_of_each_key_or_says_that_it_does_not_go_back_so_far() {
        let logs = LogSet::default().with(LogId::KEPT);
        for lists in [1, 1000] {
            let mut list = Newest::new(at(0));
            for seq in 1..=10_000 {
                list.add(seq, &slot(seq, seq % 7), lists);
            }
            let held: Vec<u64> = list.range(0, u64::MAX).map(|(seq, _)| seq).collect();
            assert_eq!(held, (9_994..=10_000).collect::<Vec<_>>());
            assert!(list.covers(&at(0), logs) && list.first_after(&at(9_998), logs) == Some(9_999));
            assert_eq!(list.first_after(&at(10_000), logs), None);
            // More keys than there is room for.
            for seq in 10_001..=20_000 {
                list.add(seq, &slot(seq, seq), lists);
                assert!(list.bytes <= share(lists));
            }
            let (first, _) = list.range(0, u64::MAX).next().unwrap();
            assert!(first > 10_000 && list.by_key.len() == list.slots.len());
            assert!(list.covers(&at(first - 1), logs) && !list.covers(&at(first - 2), logs));
            list.reset(at(20_000));
            assert!(list.covers(&at(20_000), logs) && !list.covers(&at(19_999), logs) && list.bytes == 0);
        }
    }
}
