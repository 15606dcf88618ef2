//! The timing wheel: when what is due. One for each worker; every socket has one entry in it, of eight bytes.
//!
//! An entry is never taken back. Its owner remembers when it comes out, and puts it in again if its time has moved
//! meanwhile: moving a deadline costs nothing. The wheel knows no clock; ticks are arguments.

use std::time::Duration;

/// A moment, in steps of [`TICK`] since the worker began. Enough for thirteen years.
pub(crate) type Tick = u32;

/// The finest that a deadline is kept.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// Slots of the wheel. What is due later than it reaches comes out early and is put in again.
const SLOTS: Tick = 1024;
/// Empty slots let go of more room than this.
const ROOM: usize = 64;

/// The wheel.
pub(crate) struct Wheel<T> {
    /// Each holds the entries of one tick of the next [`SLOTS`].
    slots: Vec<Vec<T>>,
    /// Everything up to here has come out.
    at: Tick,
    /// Nothing comes out before this tick.
    soonest: Tick,
    entries: usize,
}

impl<T: Copy> Wheel<T> {
    pub(crate) fn new(now: Tick) -> Wheel<T> {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Wheel { slots, at: now, soonest: Tick::MAX, entries: 0 }
    }

    /// Puts an entry in. Answers the tick at which it comes out, which is earlier than asked if that is far away.
    pub(crate) fn insert(&mut self, due: Tick, entry: T) -> Tick {
        let due = due.clamp(self.at + 1, self.at + SLOTS - 1);
        self.slots[(due % SLOTS) as usize].push(entry);
        self.entries += 1;
        self.soonest = self.soonest.min(due);
        due
    }

    /// Takes out what is due, each with the tick it was put in for, at most so many. What is left comes out next
    /// time.
    pub(crate) fn expire(&mut self, now: Tick, most: usize, out: &mut Vec<(Tick, T)>) {
        let end = out.len() + most;
        while self.entries > 0 && self.at < now && out.len() < end {
            let due = self.at + 1;
            let slot = &mut self.slots[(due % SLOTS) as usize];
            while out.len() < end
                && let Some(entry) = slot.pop()
            {
                self.entries -= 1;
                out.push((due, entry));
            }
            if !slot.is_empty() {
                break;
            }
            if slot.capacity() > ROOM {
                *slot = Vec::new();
            }
            self.at = due;
        }
        if self.entries == 0 {
            self.at = self.at.max(now);
        }
        self.seek();
    }

    /// The tick at which the next entry comes out.
    pub(crate) fn soonest(&self) -> Option<Tick> {
        (self.entries > 0).then_some(self.soonest)
    }

    fn seek(&mut self) {
        if self.entries == 0 {
            self.soonest = Tick::MAX;
        } else if self.soonest <= self.at {
            let ahead = self.at + 1..self.at + SLOTS;
            let filled = ahead.into_iter().find(|due| !self.slots[(due % SLOTS) as usize].is_empty());
            self.soonest = filled.unwrap_or(self.at + 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expired(wheel: &mut Wheel<u32>, now: Tick) -> Vec<(Tick, u32)> {
        let mut out = Vec::new();
        wheel.expire(now, usize::MAX / 2, &mut out);
        out
    }

    #[test]
    fn entries_come_out_when_they_are_due_and_once() {
        let mut wheel = Wheel::new(0);
        assert_eq!(wheel.soonest(), None);
        assert_eq!((wheel.insert(5, 50), wheel.insert(3, 30), wheel.insert(5, 51)), (5, 3, 5));
        assert_eq!(wheel.soonest(), Some(3));
        assert_eq!(expired(&mut wheel, 2), []);
        assert_eq!(expired(&mut wheel, 4), [(3, 30)]);
        assert_eq!(wheel.soonest(), Some(5));
        assert_eq!(expired(&mut wheel, 5), [(5, 51), (5, 50)]);
        assert_eq!((expired(&mut wheel, 9), wheel.soonest()), (vec![], None));
    }

    #[test]
    fn what_is_overdue_comes_out_next() {
        let mut wheel = Wheel::new(10);
        assert_eq!(wheel.insert(1, 1), 11);
        assert_eq!(expired(&mut wheel, 10), []);
        assert_eq!(expired(&mut wheel, 11), [(11, 1)]);
    }

    #[test]
    fn what_is_far_away_comes_out_early_and_is_put_in_again() {
        let mut wheel = Wheel::new(0);
        let mut due = wheel.insert(5000, 1);
        let mut rounds = 0;
        while due < 5000 {
            assert_eq!(expired(&mut wheel, due - 1), []);
            assert_eq!(expired(&mut wheel, due), [(due, 1)]);
            due = wheel.insert(5000, 1);
            rounds += 1;
        }
        assert_eq!((due, rounds), (5000, 4));
        assert_eq!(expired(&mut wheel, 5000), [(5000, 1)]);
    }

    #[test]
    fn a_clock_that_jumps_skips_nothing() {
        for jump in [1, 7, SLOTS - 1, SLOTS, SLOTS + 1, 10 * SLOTS, 300_000_000] {
            let mut wheel = Wheel::new(jump % 3);
            let last = (1..2000).map(|due| wheel.insert(due, due)).max().unwrap();
            let mut out = Vec::new();
            let mut now = 0;
            while now < last {
                now += jump;
                out.extend(expired(&mut wheel, now).into_iter().map(|(_, entry)| entry));
            }
            out.sort_unstable();
            assert_eq!(out, (1..2000).collect::<Vec<_>>(), "{jump}");
            // A wheel without entries follows any clock.
            assert_eq!(wheel.insert(now + 3, 9), now + 3);
        }
    }

    #[test]
    fn a_crowded_moment_is_taken_in_parts() {
        let mut wheel = Wheel::new(0);
        assert!((0..100).all(|entry| wheel.insert(2, entry) == 2));
        wheel.insert(3, 100);
        let mut out = Vec::new();
        let mut turns = 0;
        while wheel.soonest().is_some_and(|soonest| soonest <= 7) {
            wheel.expire(7, 30, &mut out);
            turns += 1;
        }
        out.sort_unstable_by_key(|(_, entry)| *entry);
        assert_eq!((turns, out.len(), out[100]), (4, 101, (3, 100)));
    }
}
