//! What the readers of one selection that hear in ticks have not heard: of each key the newest message, of each original the
//! newest edit, and every message without a key, in order (design rule 8). Kept once for all of them, and only while there is one.
//!
//! It goes further back than the window, because it has fewer messages. What it does not have any more is read in the log.

use fanfare_hub::Slot;
use fanfare_proto::{LogId, LogSet, Mark, Message, Position, Superseding, limits};
use hashbrown::HashTable;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// A place in the list. Those that a newer message of their key has superseded are empty, until they are swept out.
struct Held {
    /// In the node's order.
    seq: u64,
    slot: Option<Slot<()>>,
}

/// The list.
pub(crate) struct Newest {
    /// It has everything that comes after this mark.
    covered: Mark,
    held: VecDeque<Held>,
    /// How many have left from the front, of all that ever came.
    gone: u64,
    empty: usize,
    /// Those that have a key, by its hash, which nobody outside can foretell; as numbers of all that ever came.
    by_key: HashTable<u64>,
    hasher: RandomState,
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

fn is_same(one: &Message, other: &Message) -> bool {
    one.supersedes() == other.supersedes() && one.channel == other.channel
}

/// Of a message that supersedes others.
fn hash(hasher: &RandomState, message: &Message) -> u64 {
    hasher.hash_one((message.channel.as_str(), message.supersedes()))
}

impl Newest {
    /// A list of what comes after a mark.
    pub(crate) fn new(covered: Mark) -> Newest {
        Newest {
            covered,
            held: VecDeque::new(),
            gone: 0,
            empty: 0,
            by_key: HashTable::new(),
            hasher: RandomState::new(),
            bytes: 0,
            version: 0,
            readers: 0,
        }
    }

    /// Everything that comes after a mark, and nothing that was said before.
    pub(crate) fn reset(&mut self, covered: Mark) {
        *self = Newest { version: self.version + 1, readers: self.readers, ..Newest::new(covered) };
    }

    /// Adds the newest of all messages, which is at this place, to this one of so many lists.
    pub(crate) fn add(&mut self, seq: u64, slot: &Slot<()>, lists: usize) {
        if self.held.back().is_some_and(|last| last.seq == seq) {
            return;
        }
        if slot.message.supersedes().is_some() {
            self.supersede(&slot.message);
        }
        self.bytes += size(&slot.message);
        self.held.push_back(Held { seq, slot: Some(slot.clone()) });
        self.version += 1;
        while self.bytes > share(lists) && self.drop_oldest() {}
        if self.empty * 2 > self.held.len() + limits::NEWEST_EMPTY {
            self.sweep();
        }
    }

    /// The message is the newest of its key from now on: what was is empty.
    fn supersede(&mut self, message: &Message) {
        let Newest { held, gone, by_key, hasher, .. } = self;
        let number = *gone + held.len() as u64;
        let at = |number: &u64| held.get((number - *gone) as usize)?.slot.as_ref();
        let same = |number: &u64| at(number).is_some_and(|slot| is_same(&slot.message, message));
        let hash = hash(hasher, message);
        let Some(known) = by_key.find_mut(hash, same) else {
            // None of those that are there is empty: an empty one is not found by a key.
            by_key.insert_unique(hash, number, |number| {
                at(number).map_or(0, |slot| self::hash(hasher, &slot.message))
            });
            return;
        };
        let before = std::mem::replace(known, number);
        if let Some(slot) = held.get_mut((before - *gone) as usize).and_then(|held| held.slot.take()) {
            self.bytes -= size(&slot.message);
            self.empty += 1;
        }
    }

    /// Takes the oldest out; whether there was one. Whoever has not heard it reads the log.
    fn drop_oldest(&mut self) -> bool {
        let Some(oldest) = self.held.pop_front() else { return false };
        self.gone += 1;
        let Some(slot) = oldest.slot else {
            self.empty -= 1;
            return true;
        };
        self.bytes -= size(&slot.message);
        self.covered = self.covered.max(&slot.mark);
        if slot.message.supersedes().is_some() {
            let (hash, number) = (hash(&self.hasher, &slot.message), self.gone - 1);
            if let Ok(known) = self.by_key.find_entry(hash, |known| *known == number) {
                known.remove();
            }
        }
        true
    }

    /// Takes out what is empty, if that is more than a little, so that whoever reads finds little else: before the readers of a
    /// turn.
    pub(crate) fn tidy(&mut self) {
        if self.empty * 8 > self.held.len() {
            self.sweep();
        }
    }

    fn sweep(&mut self) {
        let Newest { held, gone, by_key, hasher, .. } = self;
        held.retain(|held| held.slot.is_some());
        held.shrink_to(2 * held.len());
        (self.empty, *gone) = (0, 0);
        by_key.clear();
        let hash_at = |number: &u64| {
            let slot = held.get(*number as usize).and_then(|held| held.slot.as_ref());
            slot.map_or(0, |slot| hash(hasher, &slot.message))
        };
        for (number, held) in (0..).zip(held.iter()) {
            if held.slot.as_ref().is_some_and(|slot| slot.message.supersedes().is_some()) {
                by_key.insert_unique(hash_at(&number), number, hash_at);
            }
        }
    }

    /// Forgets a message that was deleted, and its edits.
    pub(crate) fn erase(&mut self, log: LogId, target: Position) {
        let Newest { covered, held, gone, by_key, hasher, empty, bytes, version, .. } = self;
        for (number, place) in (*gone..).zip(held.iter_mut()) {
            let of = |slot: &mut Slot<()>| slot.log == log && slot.message.is_of(target);
            let Some(slot) = place.slot.take_if(of) else { continue };
            (*bytes, *empty, *version) = (*bytes - size(&slot.message), *empty + 1, *version + 1);
            match slot.message.supersedes() {
                None => continue,
                // What it had superseded is the newest again: whoever has not heard that reads the log.
                Some(Superseding::Key(_)) => *covered = covered.max(&slot.mark),
                Some(Superseding::Of(_)) => {}
            }
            if let Ok(known) = by_key.find_entry(hash(hasher, &slot.message), |known| *known == number) {
                known.remove();
            }
        }
    }

    /// Whether it has everything that comes after a mark.
    pub(crate) fn covers(&self, own: &Mark, logs: LogSet) -> bool {
        self.covered.reached_by(own, logs)
    }

    /// The first message that somebody who has heard everything up to a mark may not have heard.
    pub(crate) fn first_after(&self, own: &Mark, logs: LogSet) -> Option<u64> {
        // Marks only grow from slot to slot. Most readers have heard nothing of what there is, or nearly all.
        let slots = self.held.iter().rev().filter_map(|held| Some((held.seq, held.slot.as_ref()?)));
        slots.take_while(|(_, slot)| !slot.mark.reached_by(own, logs)).last().map(|(seq, _)| seq)
    }

    /// The first message from a place on.
    pub(crate) fn first_from(&self, place: u64) -> Option<u64> {
        self.range(place, u64::MAX).next().map(|(seq, _)| seq)
    }

    /// Those from a place on.
    pub(crate) fn range(&self, from: u64, to: u64) -> impl Iterator<Item = (u64, &Slot<()>)> {
        let held = self.held.range(self.index(from)..);
        let held = held.take_while(move |held| held.seq < to);
        held.filter_map(|held| Some((held.seq, held.slot.as_ref()?)))
    }

    /// The mark of whoever has heard everything before a place, as far as it is here.
    pub(crate) fn mark_before(&self, place: u64) -> Option<Mark> {
        let before = self.held.range(..self.index(place)).rev();
        before.filter_map(|held| held.slot.as_ref()).next().map(|slot| slot.mark)
    }

    /// Where what lies from a place on begins.
    fn index(&self, place: u64) -> usize {
        self.held.partition_point(|held| held.seq < place)
    }

    pub(crate) fn version(&self) -> u64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Time};
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
            assert!(first > 10_000 && list.by_key.len() == list.held.len() - list.empty);
            assert!(list.covers(&at(first - 1), logs) && !list.covers(&at(first - 2), logs));
            list.reset(at(20_000));
            assert!(list.covers(&at(20_000), logs) && !list.covers(&at(19_999), logs) && list.bytes == 0);
        }
    }
}
