//! Who is to be written next.
//!
//! Two lines are served in turns, each first in, first out: the few who hear a quiet channel do not wait behind the
//! thousands who hear a hot one, and no number of few keeps the many from being served.

use super::SessionKey;
use fanfare_proto::limits;
use std::collections::VecDeque;

/// Sessions with something to write.
#[derive(Default)]
pub(crate) struct Lines {
    few: VecDeque<SessionKey>,
    pub(crate) many: VecDeque<SessionKey>,
    /// Whose turn it is.
    many_next: bool,
}

impl Lines {
    /// The line for so many sessions that come together.
    pub(crate) fn of(&mut self, sessions: usize) -> &mut VecDeque<SessionKey> {
        if sessions <= limits::FEW_SESSIONS { &mut self.few } else { &mut self.many }
    }

    /// Takes out who is next.
    pub(crate) fn next(&mut self) -> Option<SessionKey> {
        self.many_next = !self.many_next;
        let (first, second) = match self.many_next {
            true => (&mut self.few, &mut self.many),
            false => (&mut self.many, &mut self.few),
        };
        first.pop_front().or_else(|| second.pop_front())
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = SessionKey> {
        self.few.iter().chain(&self.many).copied()
    }
}
