//! The filters of all selections, each once, and what they said of the messages at hand.

use fanfare_proto::{BoundFilter, Fields, Filter, Message, Paths, limits};
use rustc_hash::FxHashMap;
use slab::Slab;
use std::collections::HashMap;

/// A filter's place among the [`Filters`]. A number is used again once it is free.
type FilterId = u32;

/// All of them.
#[derive(Debug, Default)]
pub struct Filters {
    used: Slab<Used>,
    by_filter: HashMap<Filter, FilterId>,
    paths: Paths,
    /// What one body has...
    fields: Fields,
    /// ...that of the message at this place of the window.
    read: Option<u64>,
    /// What filters have said, by filter and place in the window.
    verdicts: FxHashMap<(FilterId, u64), bool>,
    /// How often one was asked.
    #[cfg(test)]
    asked: u64,
}

#[derive(Debug)]
struct Used {
    filter: BoundFilter,
    /// How many selections have it.
    selections: usize,
}

impl Filters {
    /// Whether nobody has one.
    pub(crate) fn is_empty(&self) -> bool {
        self.used.is_empty()
    }

    /// Whether these may be added.
    pub(crate) fn have_room<'a>(&self, filters: impl Iterator<Item = &'a Filter>) -> bool {
        self.paths.have_room(filters.filter(|filter| !self.by_filter.contains_key(*filter)))
    }

    /// Adds a filter for one selection more.
    pub(crate) fn add(&mut self, filter: &Filter) -> FilterId {
        let Filters { used, by_filter, paths, read, .. } = self;
        let id = *by_filter.entry(filter.clone()).or_insert_with(|| {
            // What was read before has nothing at the new paths.
            *read = None;
            used.insert(Used { filter: paths.bind(filter), selections: 0 }) as FilterId
        });
        if let Some(used) = used.get_mut(id as usize) {
            used.selections += 1;
        }
        id
    }

    /// Takes a filter away from one selection.
    pub(crate) fn remove(&mut self, id: FilterId) {
        let Some(used) = self.used.get_mut(id as usize) else { return };
        used.selections -= 1;
        if used.selections == 0 {
            let Used { filter, .. } = self.used.remove(id as usize);
            self.by_filter.remove(filter.filter());
            self.paths.release(filter);
            // The number may mean another filter next.
            (self.read, self.verdicts) = (None, FxHashMap::default());
        }
    }

    /// Whether a filter wants a message, which is at this place of the window if it is there. It is asked once for each
    /// place.
    pub(crate) fn accept(&mut self, id: FilterId, message: &Message, seq: Option<u64>) -> bool {
        let Some(Used { filter, .. }) = self.used.get(id as usize) else { return false };
        let known = seq.map(|seq| (id, seq));
        if let Some(verdict) = known.and_then(|known| self.verdicts.get(&known)) {
            return *verdict;
        }
        if filter.filter().reads_body() && (seq.is_none() || self.read != seq) {
            self.fields.read(&self.paths, &message.content);
            self.read = seq;
        }
        let verdict = filter.accepts(message, &self.fields);
        #[cfg(test)]
        {
            self.asked += 1;
        }
        if let Some(known) = known {
            if self.verdicts.len() >= limits::VERDICTS {
                self.verdicts.clear();
            }
            self.verdicts.insert(known, verdict);
        }
        verdict
    }

    /// Forgets what was said: nobody is in line who would ask again.
    pub(crate) fn rest(&mut self) {
        if !self.verdicts.is_empty() {
            self.verdicts = FxHashMap::default();
        }
    }

    #[cfg(test)]
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }
}
