//! The selections that somebody wants, by number.

use fanfare_proto::{LogSet, Selection};

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
pub(crate) struct Entries {
    places: Vec<Option<Interest>>,
    free: Vec<InterestId>,
}

impl Entries {
    pub(crate) fn get(&self, id: InterestId) -> Option<&Interest> {
        self.places.get(id.0 as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: InterestId) -> Option<&mut Interest> {
        self.places.get_mut(id.0 as usize)?.as_mut()
    }

    pub(crate) fn selection(&self, id: InterestId) -> Option<&Selection> {
        self.get(id).map(|interest| &interest.selection)
    }

    /// Adds a selection that nobody wants yet.
    pub(crate) fn add(&mut self, selection: Selection, logs: LogSet) -> InterestId {
        let id = self.free.pop().unwrap_or_else(|| {
            self.places.push(None);
            InterestId((self.places.len() - 1) as u32)
        });
        self.places[id.0 as usize] = Some(Interest { selection, logs, members: Vec::new() });
        id
    }

    pub(crate) fn remove(&mut self, id: InterestId) {
        if self.places.get_mut(id.0 as usize).and_then(Option::take).is_some() {
            self.free.push(id);
        }
    }
}
