//! What is gone of a channel: up to where, and why (design rule 6).

use fanfare_proto::{Gap, GapReason, Position};

/// Everything up to a position is gone. At [`Position::START`] nothing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) through: Position,
    pub(crate) reason: GapReason,
}

impl Gone {
    /// Nothing is gone.
    pub(crate) const NOTHING: Gone = Gone { through: Position::START, reason: GapReason::Trimmed };

    /// More is gone; a lower position changes nothing.
    pub(crate) fn raise(&mut self, other: Gone) {
        if other.through > self.through {
            *self = other;
        }
    }

    /// What a reader who heard everything up to `from` must be told.
    pub(crate) fn gap_after(&self, from: Position) -> Option<Gap> {
        (self.through > from).then_some(Gap { from, to: self.through, reason: self.reason })
    }
}

impl FromIterator<Gone> for Gone {
    /// The one that reaches furthest.
    fn from_iter<I: IntoIterator<Item = Gone>>(all: I) -> Gone {
        all.into_iter().fold(Gone::NOTHING, |mut gone, other| {
            gone.raise(other);
            gone
        })
    }
}
