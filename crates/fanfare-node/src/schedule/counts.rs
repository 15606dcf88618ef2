//! What the thread of schedules counts.

use crate::count::Count;
use fanfare_proto::Time;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What became of schedules since the node was started, and what is to come. The thread of schedules adds.
#[derive(Debug, Default)]
pub struct ScheduleCounts {
    /// Messages published, late ones included.
    pub published: Count,
    /// Of these, long after their time.
    pub late: Count,
    /// Times that were missed and are not made up for.
    pub skipped: Count,
    kept: AtomicU64,
    /// 0 if there is none.
    next: AtomicU64,
}

impl ScheduleCounts {
    /// Schedules that there are.
    pub fn kept(&self) -> u64 {
        self.kept.load(Relaxed)
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Time> {
        Some(Time(self.next.load(Relaxed))).filter(|next| next.0 > 0)
    }

    pub(super) fn set(&self, kept: usize, next: Option<Time>) {
        self.kept.store(kept as u64, Relaxed);
        self.next.store(next.map_or(0, |next| next.0), Relaxed);
    }
}
