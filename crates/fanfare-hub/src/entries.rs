//! The selections that somebody wants, by number.

use crate::filters::Filters;
use fanfare_proto::{LogSet, Message, Selection};
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
    /// The numbers of the selection's filters, in its order; `None` if it has none.
    filters: Option<Box<[u32]>>,
}

impl Interest {
    /// Whether it wants less than everything of some channel.
    pub fn is_filtered(&self) -> bool {
        self.filters.is_some()
    }

    /// Whether something is to be told of a message: it is wanted, or takes another one away.
    pub fn hears(&self, filters: &mut Filters, message: &Message, seq: Option<u64>) -> bool {
        self.selection.withdraws(message) || self.wants(filters, message, seq)
    }

    /// Whether a message is wanted, which is at a place of the window if it is there.
    pub fn wants(&self, filters: &mut Filters, message: &Message, seq: Option<u64>) -> bool {
        let channel = message.channel.as_str();
        match &self.filters {
            None => self.selection.matches(channel),
            Some(ids) => self.selection.wants(channel, |index| filters.accept(ids[index], message, seq)),
        }
    }
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
    pub(crate) fn add(&mut self, selection: Selection, logs: LogSet, filters: &mut Filters) -> InterestId {
        let filters = match selection.filters() {
            [] => None,
            some => Some(some.iter().map(|(_, filter)| filters.add(filter)).collect()),
        };
        InterestId(self.0.insert(Interest { selection, logs, members: Vec::new(), filters }) as u32)
    }

    pub(crate) fn remove(&mut self, id: InterestId, filters: &mut Filters) {
        let gone = self.0.try_remove(id.0 as usize).and_then(|interest| interest.filters);
        gone.iter().flatten().for_each(|id| filters.remove(*id));
    }
}
