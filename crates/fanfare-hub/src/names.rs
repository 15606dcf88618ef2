//! From a channel's name to the selections that have exactly this name among their patterns.
//!
//! A table of numbers: a name is not stored again, it is looked up where it stands in a selection. So a name that
//! one selection has costs the table's slot and nothing else.

use crate::entries::{Entries, InterestId};
use fanfare_proto::NamePlace;
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// The names without stars.
#[derive(Debug, Default)]
pub(crate) struct Names {
    table: HashTable<Wanting>,
    hasher: RandomState,
}

/// The selections that want one channel. Most often one does, and it needs no memory of its own.
#[derive(Debug)]
enum Wanting {
    One(InterestId, NamePlace),
    Several(Box<Several>),
}

#[derive(Debug)]
struct Several {
    /// At least one.
    ids: Vec<InterestId>,
    /// Where the name stands in the first of them.
    place: NamePlace,
}

impl Names {
    /// Adds a name of a selection.
    pub(crate) fn add(&mut self, entries: &Entries, id: InterestId, place: NamePlace, name: &str) {
        let hasher = &self.hasher;
        let rehash = |wanting: &Wanting| hasher.hash_one(wanting.name(entries));
        let hash = hasher.hash_one(name);
        let entry = self.table.entry(hash, |wanting| wanting.name(entries) == name, rehash);
        entry.and_modify(|wanting| wanting.push(id)).or_insert(Wanting::One(id, place));
    }

    /// Removes a name of a selection, which is still among the entries.
    pub(crate) fn remove(&mut self, entries: &Entries, id: InterestId, name: &str) {
        let hash = self.hasher.hash_one(name);
        let Ok(mut entry) = self.table.find_entry(hash, |wanting| wanting.name(entries) == name) else {
            return;
        };
        if entry.get_mut().forget(id, |first| entries.selection(first)?.place_of(name)) {
            entry.remove();
        }
    }

    /// The selections that have this name.
    pub(crate) fn find(&self, entries: &Entries, name: &str) -> &[InterestId] {
        let found = self.table.find(self.hasher.hash_one(name), |wanting| wanting.name(entries) == name);
        found.map_or(&[], Wanting::ids)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }
}

impl Wanting {
    fn name<'a>(&self, entries: &'a Entries) -> &'a str {
        let (id, place) = match self {
            Wanting::One(id, place) => (*id, *place),
            Wanting::Several(several) => (several.ids[0], several.place),
        };
        entries.selection(id).map_or("", |selection| selection.name_at(place))
    }

    fn ids(&self) -> &[InterestId] {
        match self {
            Wanting::One(id, _) => std::slice::from_ref(id),
            Wanting::Several(several) => &several.ids,
        }
    }

    fn push(&mut self, id: InterestId) {
        match self {
            Wanting::One(first, place) => {
                *self = Wanting::Several(Box::new(Several { ids: vec![*first, id], place: *place }));
            }
            Wanting::Several(several) => several.ids.push(id),
        }
    }

    /// Answers whether none is left. `place` tells where the name stands in whoever is the first then.
    fn forget(&mut self, id: InterestId, place: impl Fn(InterestId) -> Option<NamePlace>) -> bool {
        let several = match self {
            Wanting::One(last, _) => return *last == id,
            Wanting::Several(several) => several,
        };
        if let Some(at) = several.ids.iter().position(|other| *other == id) {
            several.ids.swap_remove(at);
        }
        let Some(first) = several.ids.first() else { return true };
        several.place = place(*first).unwrap_or(several.place);
        false
    }
}
