//! The paths into bodies that filters ask for, as one tree of names, so that a body is walked once for all of them.

use super::tree::Path;
use super::{BoundFilter, Filter};
use crate::limits;
use std::collections::BTreeMap;

/// The body itself.
pub(super) const ROOT: usize = 0;

/// The union of the paths of many filters, each with a small number. Filters come and go: what nobody asks for any
/// more is forgotten. At most [`limits::FILTER_NAMES`], which whoever binds sees to.
#[derive(Debug)]
pub struct Paths {
    places: Vec<Place>,
    free: Vec<usize>,
}

/// A name below another; its number is the path's.
#[derive(Debug, Default)]
struct Place {
    name: Box<str>,
    parent: usize,
    below: BTreeMap<Box<str>, usize>,
    /// How often filters ask for what is here.
    asked: usize,
}

impl Default for Paths {
    fn default() -> Paths {
        Paths { places: vec![Place::default()], free: Vec::new() }
    }
}

impl Paths {
    /// Whether the paths of these filters may be added: they are not too many even if none of their names is there.
    pub fn have_room<'a>(&self, filters: impl Iterator<Item = &'a Filter>) -> bool {
        let names: usize = filters.flat_map(|filter| &filter.0.tree.paths).map(|path| path.len()).sum();
        self.len() + names <= limits::FILTER_NAMES
    }

    /// Adds a filter's paths.
    pub fn bind(&mut self, filter: &Filter) -> BoundFilter {
        let slots = filter.0.tree.paths.iter().map(|path| self.ask(path)).collect();
        BoundFilter::new(filter.clone(), slots)
    }

    /// Takes a filter's paths away again. It was bound by these paths.
    pub fn release(&mut self, filter: BoundFilter) {
        for slot in filter.slots() {
            let Some(place) = self.places.get_mut(*slot) else { continue };
            place.asked = place.asked.saturating_sub(1);
            self.forget(*slot);
        }
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.places.len() - 1 - self.free.len()
    }

    /// Whether no filter asks for anything in a body.
    pub fn is_empty(&self) -> bool {
        self.len() == 0 && !self.is_asked(ROOT)
    }

    /// One more than the largest number of a path.
    pub(super) fn slots(&self) -> usize {
        self.places.len()
    }

    /// The number of a name below a path.
    pub(super) fn below(&self, slot: usize, name: &str) -> Option<usize> {
        self.places[slot].below.get(name).copied()
    }

    /// Whether something below a path is asked for.
    pub(super) fn leads_on(&self, slot: usize) -> bool {
        !self.places[slot].below.is_empty()
    }

    /// Whether what is there is asked for.
    pub(super) fn is_asked(&self, slot: usize) -> bool {
        self.places[slot].asked > 0
    }

    fn ask(&mut self, path: &Path) -> usize {
        let mut slot = ROOT;
        for name in path {
            slot = match self.below(slot, name) {
                Some(below) => below,
                None => self.add(slot, name),
            };
        }
        self.places[slot].asked += 1;
        slot
    }

    fn add(&mut self, parent: usize, name: &str) -> usize {
        let place = Place { name: name.into(), parent, ..Place::default() };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.places[slot] = place;
                slot
            }
            None => {
                self.places.push(place);
                self.places.len() - 1
            }
        };
        self.places[parent].below.insert(name.into(), slot);
        slot
    }

    /// Frees a place and those above it, up to one that is needed.
    fn forget(&mut self, mut slot: usize) {
        while slot != ROOT && !self.is_asked(slot) && !self.leads_on(slot) {
            let Place { name, parent, .. } = std::mem::take(&mut self.places[slot]);
            self.places[parent].below.remove(&name);
            self.free.push(slot);
            slot = parent;
        }
    }
}
