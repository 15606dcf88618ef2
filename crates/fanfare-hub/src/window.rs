//! The newest messages of all logs in one order.
//!
//! Every slot has a sequence number, which belongs to this process alone and is never shown, and a mark: the
//! heads of all logs once the slot is heard. A reader that comes from the logs with a mark of its own joins at
//! the last slot before which it has heard everything, and skips what it has heard already (design rule 2). One
//! that has not heard what the logs no longer have has to read them first: there it is told (rule 6).

use fanfare_proto::{LogId, LogSet, Mark, Message, Position};
use std::collections::VecDeque;
use std::sync::Arc;

/// One message in the order of the node.
#[derive(Debug, Clone)]
pub struct Slot<T> {
    /// Its log.
    pub log: LogId,
    /// The message.
    pub message: Arc<Message>,
    /// The heads of all logs, this message included.
    pub mark: Mark,
    /// What the owner of the window remembers beside the slot.
    pub beside: T,
}

/// A slot and the bytes of its contents: when it goes, the message itself is not looked at, which may be far away by then.
#[derive(Debug)]
struct Held<T> {
    slot: Slot<T>,
    bytes: usize,
}

/// A run of slots with consecutive sequence numbers.
#[derive(Debug)]
pub struct Window<T> {
    slots: VecDeque<Held<T>>,
    start: u64,
    base: Mark,
    /// Up to here messages are gone from the logs.
    trimmed: Mark,
    bytes: usize,
    /// Edits and deletes lie before here.
    amended: u64,
}

impl<T> Window<T> {
    /// An empty window: the next slot has sequence number `start`, and everything up to `base` lies before.
    pub fn new(start: u64, base: Mark) -> Window<T> {
        Window { slots: VecDeque::new(), start, base, trimmed: Mark::default(), bytes: 0, amended: 0 }
    }

    /// Adds a slot at the end.
    pub fn push(&mut self, slot: Slot<T>) {
        let bytes = slot.message.content.size();
        self.bytes += bytes;
        if slot.message.content.amends.is_some() {
            self.amended = self.end() + 1;
        }
        self.slots.push_back(Held { slot, bytes });
    }

    /// Whether an edit or a delete lies from a sequence number on.
    pub fn is_amended_from(&self, seq: u64) -> bool {
        seq < self.amended
    }

    /// Erases what a message said that is deleted, and what its edits said.
    pub fn erase(&mut self, log: LogId, target: Position)
    where
        T: Default,
    {
        let first = self.slots.partition_point(|held| held.slot.mark.get(log) < target);
        for Held { slot, bytes } in self.slots.range_mut(first..) {
            if slot.log == log && slot.message.is_of(target) {
                slot.message = Arc::new(slot.message.erased());
                slot.beside = T::default();
                self.bytes -= std::mem::take(bytes);
            }
        }
    }

    /// Notes that messages up to a mark are gone from the logs.
    pub fn trim(&mut self, through: &Mark) {
        self.trimmed = self.trimmed.max(through);
    }

    /// Where the window would start if it held at most so many slots and so many bytes.
    pub fn start_within(&self, slots: usize, bytes: usize) -> u64 {
        let (mut left, mut held, mut start) = (self.slots.len(), self.bytes, self.start);
        for oldest in &self.slots {
            if left <= slots && held <= bytes {
                break;
            }
            left -= 1;
            held -= oldest.bytes;
            start += 1;
        }
        start
    }

    /// Drops slots from the start until at most so many and so many bytes remain.
    pub fn shrink(&mut self, slots: usize, bytes: usize) {
        let start = self.start_within(slots, bytes);
        while self.start < start {
            let Some(oldest) = self.slots.pop_front() else { return };
            self.bytes -= oldest.bytes;
            self.base = oldest.slot.mark;
            self.start += 1;
        }
    }

    /// Bytes of contents that it holds.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The first sequence number still here.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The sequence number of the next slot.
    pub fn end(&self) -> u64 {
        self.start + self.slots.len() as u64
    }

    /// The mark of a reader that has heard everything before a sequence number; the window's first mark for
    /// numbers before it.
    pub fn mark_before(&self, seq: u64) -> Mark {
        match seq.checked_sub(self.start + 1) {
            Some(index) => self.slots.get(index as usize).map_or_else(|| self.head(), |held| held.slot.mark),
            None => self.base,
        }
    }

    /// The mark of a reader that has heard everything.
    pub fn head(&self) -> Mark {
        self.slots.back().map_or(self.base, |newest| newest.slot.mark)
    }

    /// The slot of a sequence number.
    pub fn get(&self, seq: u64) -> Option<&Slot<T>> {
        let held = self.slots.get(usize::try_from(seq.checked_sub(self.start)?).ok()?)?;
        Some(&held.slot)
    }

    /// The slot of a sequence number.
    pub fn get_mut(&mut self, seq: u64) -> Option<&mut Slot<T>> {
        let held = self.slots.get_mut(usize::try_from(seq.checked_sub(self.start)?).ok()?)?;
        Some(&mut held.slot)
    }

    /// The latest place at which a reader with this mark can join without a hole; `None` if it has to read a log
    /// first. What it has heard already comes again after that place and is to be skipped.
    pub fn join(&self, own: &Mark, logs: LogSet) -> Option<u64> {
        if self.behind_in(own, logs).is_some() {
            return None;
        }
        // Marks only grow from slot to slot, so the slots that were heard whole come first.
        let heard = self.slots.partition_point(|held| held.slot.mark.reached_by(own, logs));
        Some(self.start + heard as u64)
    }

    /// The first log of the set that a reader with this mark has to read before it can join.
    pub fn behind_in(&self, own: &Mark, logs: LogSet) -> Option<LogId> {
        logs.iter().find(|log| self.base.get(*log).max(self.trimmed.get(*log)) > own.get(*log))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Position, Time};
    use proptest::prelude::*;

    fn slot(log: LogId, mark: Mark) -> Slot<()> {
        let message = Message {
            channel: Channel::parse("a").unwrap(),
            position: mark.get(log),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content::default(),
        };
        Slot { log, message: Arc::new(message), mark, beside: () }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]
        /// A list and a loop: joining at any mark and skipping what was heard gives exactly what comes after it.
        #[test]
        fn joining_leaves_no_hole_and_repeats_nothing(
            steps in prop::collection::vec((0u8..3, 1u64..4), 0..40),
            keep in 0usize..40,
            own in prop::array::uniform3(0u64..60),
            trimmed in prop::array::uniform3(0u64..9),
            logs in 1u8..8,
        ) {
            let (mut mark, mut all) = (Mark::default(), Vec::new());
            let mut window = Window::new(7, mark);
            for (log, step) in steps {
                let log = LogId(log);
                mark.set(log, Position(mark.get(log).0 + step));
                all.push((log, mark.get(log)));
                window.push(slot(log, mark));
            }
            window.shrink(keep, usize::MAX);
            let at = |parts: [u64; 3]| {
                let mut mark = Mark::default();
                (0..3).for_each(|log| mark.set(LogId(log), Position(parts[usize::from(log)])));
                mark
            };
            let (logs, place, trimmed) = (LogSet(logs), at(own), at(trimmed));
            window.trim(&trimmed);
            let after = |log: LogId, position: Position| logs.contains(log) && position > place.get(log);
            let wanted: Vec<_> = all.iter().copied().filter(|(log, position)| after(*log, *position)).collect();
            match window.join(&place, logs) {
                Some(at) => {
                    let heard: Vec<_> = (at..window.end())
                        .map(|seq| window.get(seq).unwrap())
                        .map(|slot| (slot.log, slot.message.position))
                        .filter(|(log, position)| after(*log, *position))
                        .collect();
                    prop_assert_eq!(heard, wanted);
                    prop_assert_eq!(window.behind_in(&place, logs), None);
                    prop_assert!(trimmed.reached_by(&place, logs));
                }
                None => {
                    let behind = window.behind_in(&place, logs).unwrap();
                    let gone = &all[..all.len() - (window.end() - window.start()) as usize];
                    let is_gone = gone.iter().any(|(log, position)| *log == behind && after(*log, *position));
                    prop_assert!(is_gone || trimmed.get(behind) > place.get(behind));
                }
            }
        }
    }
}
