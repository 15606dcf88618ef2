//! Counting beside the work: a number has one thread that adds to it, for which it costs what a plain field does, and
//! whoever watches reads it without being waited for. Nothing is summed before somebody asks.

use fanfare_proto::{Code, GapReason};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Adds. One thread at a time may; of two that do, one is lost.
    #[inline]
    pub fn add(&self, more: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(more), Relaxed);
    }

    /// Adds from any thread: for what is seldom.
    pub fn add_shared(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// Refusals by their code.
#[derive(Debug)]
pub struct Refusals([Count; Code::ALL.len()]);

impl Default for Refusals {
    fn default() -> Refusals {
        Refusals(std::array::from_fn(|_| Count::default()))
    }
}

impl Refusals {
    /// The count of a code.
    pub fn of(&self, code: &Code) -> &Count {
        let place = Code::ALL.binary_search_by_key(&code.number, |other| other.number);
        &self.0[place.unwrap_or(0)]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&'static Code, u64)> {
        Code::ALL.iter().copied().zip(self.0.iter().map(Count::get))
    }
}

/// Gaps that were told, by their reason.
#[derive(Debug, Default)]
pub struct Gaps([Count; 4]);

impl Gaps {
    const REASONS: [GapReason; 4] =
        [GapReason::Trimmed, GapReason::Purged, GapReason::Epoch, GapReason::WentBack];

    /// The count of a reason.
    pub fn of(&self, reason: GapReason) -> &Count {
        &self.0[match reason {
            GapReason::Trimmed => 0,
            GapReason::Purged => 1,
            GapReason::Epoch => 2,
            GapReason::WentBack => 3,
        }]
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (GapReason, u64)> {
        Gaps::REASONS.into_iter().zip(self.0.iter().map(Count::get))
    }
}

/// How many values fell where. One thread at a time may add.
#[derive(Debug)]
pub struct Histogram {
    /// The largest value of each but the last.
    bounds: &'static [u64],
    counts: Box<[Count]>,
    sum: Count,
}

impl Histogram {
    /// Values up to each bound; bounds rise.
    pub fn new(bounds: &'static [u64]) -> Histogram {
        let counts = (0..=bounds.len()).map(|_| Count::default()).collect();
        Histogram { bounds, counts, sum: Count::default() }
    }

    /// Adds a value.
    pub fn add(&self, value: u64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)].add(1);
        self.sum.add(value);
    }

    /// The sum of all values.
    pub fn sum(&self) -> u64 {
        self.sum.get()
    }

    /// How many fell up to each bound and not up to the one before; `None` is beyond the last.
    pub fn iter(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        bounds.zip(self.counts.iter().map(Count::get))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_up_to_their_bound() {
        let histogram = Histogram::new(&[1, 10]);
        [0, 1, 2, 10, 11].into_iter().for_each(|value| histogram.add(value));
        assert_eq!(histogram.iter().collect::<Vec<_>>(), [(Some(1), 2), (Some(10), 2), (None, 1)]);
        assert_eq!(histogram.sum(), 24);
    }

    #[test]
    fn every_code_and_reason_has_its_own_count() {
        let (refusals, gaps) = (Refusals::default(), Gaps::default());
        for (number, code) in (1..).zip(Code::ALL) {
            refusals.of(code).add(number);
        }
        for (number, reason) in (1..).zip(Gaps::REASONS) {
            gaps.of(reason).add_shared(number);
        }
        assert!(
            refusals
                .iter()
                .zip(1..)
                .all(|((code, count), number)| { count == number && code == Code::ALL[number as usize - 1] })
        );
        assert_eq!(gaps.iter().map(|(_, count)| count).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }
}
