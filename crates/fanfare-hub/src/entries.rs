//! The selections that somebody wants, by number.

use fanfare_proto::{LogSet, Selection};
use slab::Slab;

/// A selection's place among the [`Interests`](crate::Interests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterestId(pub u32);

/// One selection and the sessions that want it.
#[derive(Debug)]
pub struct Interest {
    /// What is wanted.
    pub selection: Selection,
    /// The logs in which it can lie.
    pub logs: LogSet,
    /// The sessions, in no order.
    pub members: Vec<u32>,
}

/// All of them. A number is used again once it is free.
#[derive(Debug, Default)]
pub(crate) struct Entries(Slab<Interest>);

impl Entries {
    pub(crate) fn get(&self, id: InterestId) -> Option<&Interest> {
        self.0.get(id.0 as usize)
    }

    pub(crate) fn get_mut(&mut self, id: InterestId) -> Option<&mut Interest> {
        self.0.get_mut(id.0 as usize)
    }

    pub(crate) fn selection(&self, id: InterestId) -> Option<&Selection> {
        self.get(id).map(|interest| &interest.selection)
    }

    /// Adds a selection that nobody wants yet.
    pub(crate) fn add(&mut self, selection: Selection, logs: LogSet) -> InterestId {
        InterestId(self.0.insert(Interest { selection, logs, members: Vec::new() }) as u32)
    }

    pub(crate) fn remove(&mut self, id: InterestId) {
        self.0.try_remove(id.0 as usize);
    }
}
