//! From a channel's name to the selections that have exactly this name among their patterns.
//!
//! A table of numbers: a name is not stored again, it is looked up where it stands in a selection. So a name that
//! one selection has costs the table's slot and nothing else.

use crate::entries::{Entries, InterestId};
use crate::ids::Ids;
use crate::table::Table;
use fanfare_proto::NamePlace;
use slab::Slab;

/// The names without stars.
#[derive(Debug, Default)]
pub(crate) struct Names {
    table: Table<Wanting>,
    /// What several selections have.
    shared: Slab<Several>,
}

/// The selections that want one channel. Most often one does, and it needs no memory of its own.
#[derive(Debug, Clone, Copy)]
enum Wanting {
    One(InterestId, NamePlace),
    /// By its key in the slab.
    Several(u32),
}

// Many names, each with a slot: eight bytes are half of what they cost here.
const _: () = assert!(size_of::<Wanting>() == 8);

#[derive(Debug)]
struct Several {
    /// At least one.
    ids: Ids,
    /// One of them, and where the name stands in it.
    named: (InterestId, NamePlace),
}

impl Names {
    /// Adds a name of a selection.
    pub(crate) fn add(&mut self, entries: &Entries, id: InterestId, place: NamePlace, name: &str) {
        let Names { table, shared } = self;
        match table.find_mut(name, |wanting| wanting.name(shared, entries)) {
            Some(wanting) => wanting.push(id, shared),
            None => table.insert(name, Wanting::One(id, place), |wanting| wanting.name(shared, entries)),
        }
    }

    /// Removes a name of a selection, which is still among the entries.
    pub(crate) fn remove(&mut self, entries: &Entries, id: InterestId, name: &str) {
        let Names { table, shared } = self;
        let Some(mut entry) = table.entry(name, |wanting| wanting.name(shared, entries)) else { return };
        let place = |first| entries.selection(first)?.place_of(name);
        if entry.get_mut().forget(id, shared, place) {
            entry.remove();
        }
    }

    /// The selections that have this name.
    pub(crate) fn find(&self, entries: &Entries, name: &str, found: &mut dyn FnMut(InterestId)) {
        match self.table.find(name, |wanting| wanting.name(&self.shared, entries)) {
            None => {}
            Some(Wanting::One(id, _)) => found(*id),
            Some(Wanting::Several(key)) => self.shared[*key as usize].ids.iter().for_each(found),
        }
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty() && self.shared.is_empty()
    }
}

impl Wanting {
    fn name<'a>(&self, shared: &Slab<Several>, entries: &'a Entries) -> &'a str {
        let (id, place) = match self {
            Wanting::One(id, place) => (*id, *place),
            Wanting::Several(key) => shared[*key as usize].named,
        };
        entries.selection(id).map_or("", |selection| selection.name_at(place))
    }

    fn push(&mut self, id: InterestId, shared: &mut Slab<Several>) {
        match self {
            Wanting::One(first, place) => {
                let mut several = Several { ids: Ids::default(), named: (*first, *place) };
                several.ids.insert(*first);
                several.ids.insert(id);
                *self = Wanting::Several(shared.insert(several) as u32);
            }
            Wanting::Several(key) => shared[*key as usize].ids.insert(id),
        }
    }

    /// Answers whether none is left. `place` tells where the name stands in another that has it.
    fn forget(
        &mut self,
        id: InterestId,
        shared: &mut Slab<Several>,
        place: impl Fn(InterestId) -> Option<NamePlace>,
    ) -> bool {
        let key = match self {
            Wanting::One(last, _) => return *last == id,
            Wanting::Several(key) => *key as usize,
        };
        let several = &mut shared[key];
        several.ids.remove(id);
        let Some(other) = several.ids.iter().next() else {
            shared.remove(key);
            return true;
        };
        if several.named.0 == id
            && let Some(place) = place(other)
        {
            several.named = (other, place);
        }
        false
    }
}
