//! What the thread of conditions counts.

use crate::count::Count;
use fanfare_proto::{Phase, Turn};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What became of conditions since the node was started, and how they stand. The thread of conditions adds.
#[derive(Debug, Default)]
pub struct ConditionCounts {
    /// Messages published, by why: fires, repeats, clears.
    turns: [Count; 3],
    /// Of these, long after their time.
    pub late: Count,
    /// Times at which messages could not be judged any more.
    pub lost: Count,
    /// Conditions: quiet, pending, firing.
    phases: [AtomicU64; 3],
}

impl ConditionCounts {
    /// Every reason to publish.
    pub const TURNS: [Turn; 3] = [Turn::Fires, Turn::Repeats, Turn::Clears];
    /// Every way to stand.
    pub const PHASES: [Phase; 3] = [Phase::Quiet, Phase::Pending, Phase::Firing];

    /// Messages published for a reason.
    pub fn of(&self, turn: Turn) -> &Count {
        &self.turns[turn as usize]
    }

    /// Conditions that stand so.
    pub fn standing(&self, phase: Phase) -> u64 {
        self.phases[phase as usize].load(Relaxed)
    }

    pub(super) fn set_standing(&self, phase: Phase, conditions: u64) {
        self.phases[phase as usize].store(conditions, Relaxed);
    }
}
