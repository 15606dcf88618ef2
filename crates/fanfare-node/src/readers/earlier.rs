//! What a reader was given and what it has done in an earlier life, or before everybody left, and has not read again yet.

use super::place::Place;
use fanfare_hub::{MemberId, speakers, was_given};
use fanfare_proto::ReaderAttempts;

/// It lies above what is in the window.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    done: Vec<Place>,
    /// In the order in which the reader hears them.
    given: Vec<ReaderAttempts>,
}

fn place(of: &ReaderAttempts) -> Place {
    (of.log, of.position)
}

impl Earlier {
    pub(super) fn new(done: Vec<Place>, given: Vec<ReaderAttempts>) -> Earlier {
        Earlier { done, given }
    }

    pub(super) fn done(&self) -> &[Place] {
        &self.done
    }

    pub(super) fn given(&self) -> &[ReaderAttempts] {
        &self.given
    }

    /// A message is read again: how often it was given and to whom, and whether it is done.
    pub(super) fn take(&mut self, read: Place) -> (u32, Vec<MemberId>, bool) {
        let done = self.done.iter().position(|place| *place == read).map(|at| self.done.swap_remove(at));
        let given = self.given.iter().position(|of| place(of) == read).map(|at| self.given.remove(at));
        let (times, given) = given.map(|of| (of.times, of.given)).unwrap_or_default();
        (times, given, done.is_some())
    }

    /// The one place that is meant, if there is one.
    pub(super) fn find(&self, meant: impl Fn(Place) -> bool) -> Option<Place> {
        let all = self.given.iter().map(place).chain(self.done.iter().copied());
        let mut found = all.filter(|place| meant(*place));
        found.next().filter(|_| found.next().is_none())
    }

    /// A message is done. Answers how many messages that is which were not.
    pub(super) fn ack(&mut self, acked: Place) -> usize {
        self.settle(|of| place(of) == acked)
    }

    /// A message is done, and what lies before it and was given to whoever speaks for certain. Answers how many messages that
    /// is, and who speaks; none if it is not here.
    pub(super) fn ack_through(
        &mut self,
        acked: Place,
        only: Option<MemberId>,
    ) -> Option<(usize, Vec<MemberId>)> {
        let named = self.given.iter().position(|of| place(of) == acked)?;
        let speakers = speakers(&self.given[named].given, only);
        let mut at = 0;
        let count = self.settle(|of| {
            at += 1;
            at == named + 1 || (at <= named && was_given(&of.given, &speakers))
        });
        Some((count, speakers))
    }

    fn settle(&mut self, meant: impl FnMut(&mut ReaderAttempts) -> bool) -> usize {
        let before = self.done.len();
        self.done.extend(self.given.extract_if(.., meant).map(|of| place(&of)));
        self.done.len() - before
    }
}
