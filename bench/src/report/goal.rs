//! What a figure should be, and whether it is.

use crate::spread::Spread;
use std::fmt::{self, Display};

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// Of a thing measured against itself: how far from 1 it is says how far the run can be trusted.
    Control,
}

/// Whether a goal is reached. It is not known when the middle half of the rounds lies on both sides of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Reached,
    Missed,
    WithinNoise,
}

/// Where the median of a control should lie.
const CONTROL: (f64, f64) = (0.95, 1.05);

impl Goal {
    pub fn verdict(self, spread: &Spread) -> Verdict {
        let (low, high) = match self {
            Goal::AtLeast(goal) => (spread.low >= goal, spread.high >= goal),
            Goal::AtMost(goal) => (spread.low <= goal, spread.high <= goal),
            Goal::Control => [(CONTROL.0..=CONTROL.1).contains(&spread.median); 2].into(),
        };
        match (low, high) {
            (true, true) => Verdict::Reached,
            (false, false) => Verdict::Missed,
            _ => Verdict::WithinNoise,
        }
    }
}

impl Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtLeast(goal) => write!(f, ">= {goal}"),
            // A seventh has no end.
            Goal::AtMost(goal) => write!(f, "<= {}", (goal * 1000.0).round() / 1000.0),
            Goal::Control => write!(f, "{} - {}", CONTROL.0, CONTROL.1),
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Reached => "reached",
            Verdict::Missed => "missed",
            Verdict::WithinNoise => "within noise",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_amid_the_middle_half_is_within_noise() {
        let spread = Spread::of([1.0, 2.0, 3.0]);
        for (goal, verdict) in [
            (Goal::AtMost(2.5), Verdict::Reached),
            (Goal::AtMost(2.2), Verdict::WithinNoise),
            (Goal::AtMost(1.4), Verdict::Missed),
            (Goal::AtLeast(1.5), Verdict::Reached),
            (Goal::AtLeast(1.8), Verdict::WithinNoise),
            (Goal::AtLeast(2.6), Verdict::Missed),
            (Goal::Control, Verdict::Missed),
        ] {
            assert_eq!(goal.verdict(&spread), verdict, "{goal}");
        }
        assert_eq!(Goal::Control.verdict(&Spread::of([0.5, 1.0, 1.5])), Verdict::Reached);
    }
}
