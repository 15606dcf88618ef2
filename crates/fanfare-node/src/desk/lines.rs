//! Who is to be written next.
//!
//! Two lines are served in turns, each first in, first out: the few who hear a quiet channel, and those who just came, do
//! not wait behind the thousands who hear a hot one, and no number of few keeps the many from being served.

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

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(few: &[SessionKey], many: &[SessionKey]) -> Lines {
        let mut lines = Lines::default();
        lines.of(limits::FEW_SESSIONS).extend(few);
        lines.of(limits::FEW_SESSIONS + 1).extend(many);
        lines
    }

    #[test]
    fn few_and_many_are_served_in_turns() {
        let mut lines = lines(&[1, 2], &[10, 11, 12, 13]);
        let order: Vec<SessionKey> = std::iter::from_fn(|| lines.next()).collect();
        assert_eq!(order, [1, 10, 2, 11, 12, 13]);
    }

    #[test]
    fn either_goes_on_without_the_other() {
        let mut few = lines(&[1, 2], &[]);
        assert_eq!((few.next(), few.next(), few.next()), (Some(1), Some(2), None));
        let mut many = lines(&[], &[10, 11]);
        assert_eq!(many.iter().collect::<Vec<_>>(), [10, 11]);
        assert_eq!((many.next(), many.next(), many.next()), (Some(10), Some(11), None));
    }
}
