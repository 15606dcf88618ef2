//! From a channel's name to the selections that want it.
//!
//! Names without stars are found by one hash look-up, patterns by walking a tree of segments: at each segment at
//! most two branches, the segment itself and `*`. The cost of a message does not grow with the number of
//! selections that do not want it.

use crate::entries::{Entries, InterestId};
use crate::ids::Ids;
use crate::names::Names;
use std::collections::HashMap;

/// The selections of one worker's sessions, by channel.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Patterns without stars.
    names: Names,
    patterns: Branch,
}

/// One place in the tree of patterns.
#[derive(Debug, Default)]
struct Branch {
    segments: HashMap<Box<str>, Branch>,
    star: Option<Box<Branch>>,
    /// Patterns that end here.
    here: Ids,
    /// Patterns that go on with `**`.
    rest: Ids,
}

impl Index {
    /// Adds a selection that is among the entries under this id.
    pub(crate) fn add(&mut self, entries: &Entries, id: InterestId) {
        let Some(selection) = entries.selection(id) else { return };
        for (place, name) in selection.names() {
            if is_literal(name) {
                self.names.add(entries, id, place, name);
            } else {
                self.patterns.ends(name).insert(id);
            }
        }
    }

    /// Removes the selection that is still among the entries under this id.
    pub(crate) fn remove(&mut self, entries: &Entries, id: InterestId) {
        let Some(selection) = entries.selection(id) else { return };
        for (_, name) in selection.names() {
            if is_literal(name) {
                self.names.remove(entries, id, name);
            } else {
                self.patterns.forget(name.split('/'), id);
            }
        }
    }

    /// Calls `found` for each selection that wants the channel; more than once if several of its patterns do.
    pub(crate) fn matches(&self, entries: &Entries, channel: &str, found: &mut dyn FnMut(InterestId)) {
        self.names.find(entries, channel, found);
        self.patterns.matches(Some(channel), channel.starts_with('$'), found);
    }

    /// Whether nothing is indexed.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.patterns.is_empty()
    }
}

impl Branch {
    fn ends(&mut self, pattern: &str) -> &mut Ids {
        let mut branch = self;
        for segment in pattern.split('/') {
            branch = match segment {
                "**" => return &mut branch.rest,
                "*" => branch.star.get_or_insert_default(),
                _ => branch.segments.entry(segment.into()).or_default(),
            };
        }
        &mut branch.here
    }

    fn forget<'a>(&mut self, mut segments: impl Iterator<Item = &'a str>, id: InterestId) {
        match segments.next() {
            None => self.here.remove(id),
            Some("**") => self.rest.remove(id),
            Some("*") => {
                if let Some(branch) = &mut self.star {
                    branch.forget(segments, id);
                    self.star.take_if(|branch| branch.is_empty());
                }
            }
            Some(segment) => {
                if let Some(branch) = self.segments.get_mut(segment) {
                    branch.forget(segments, id);
                    if branch.is_empty() {
                        self.segments.remove(segment);
                    }
                }
            }
        }
    }

    /// `name` is what is left of the channel's name, `None` when nothing is. Stars do not match the first
    /// segment of a system name.
    fn matches(&self, name: Option<&str>, system: bool, found: &mut dyn FnMut(InterestId)) {
        if !system {
            self.rest.iter().for_each(&mut *found);
        }
        let Some(name) = name else {
            self.here.iter().for_each(found);
            return;
        };
        let (segment, left) = match name.split_once('/') {
            Some((segment, left)) => (segment, Some(left)),
            None => (name, None),
        };
        if let Some(branch) = self.segments.get(segment) {
            branch.matches(left, false, found);
        }
        if let (Some(branch), false) = (&self.star, system) {
            branch.matches(left, false, found);
        }
    }

    fn is_empty(&self) -> bool {
        self.segments.is_empty() && self.star.is_none() && self.here.is_empty() && self.rest.is_empty()
    }
}

fn is_literal(name: &str) -> bool {
    !name.contains('*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::Filters;
    use fanfare_proto::{LogSet, Pattern, Selection};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn segment(stars: bool) -> impl Strategy<Value = String> {
        let words: &'static [&'static str] =
            if stars { &["a", "b", "c", "*"] } else { &["a", "b", "c", "$a"] };
        prop::sample::select(words).prop_map(str::to_owned)
    }

    fn pattern() -> impl Strategy<Value = Option<Pattern>> {
        (prop::collection::vec(segment(true), 0..4), any::<bool>(), any::<bool>()).prop_map(
            |(mut segments, rest, system)| {
                if rest {
                    segments.push("**".into());
                }
                let text = segments.join("/");
                Pattern::parse(&if system { format!("${text}") } else { text }).ok()
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]
        #[test]
        fn finds_what_asking_every_pattern_finds(
            selections in prop::collection::vec(prop::collection::vec(pattern(), 1..4), 1..12),
            removed in prop::collection::vec(any::<bool>(), 12),
            names in prop::collection::vec(prop::collection::vec(segment(false), 1..5), 1..10),
        ) {
            let selections: Vec<Selection> =
                selections.into_iter().map(|set| Selection::new(set.into_iter().flatten().collect())).collect();
            let (mut index, mut entries, mut filters) = (Index::default(), Entries::default(), Filters::default());
            let ids = |of: bool| {
                let gone = &removed;
                (0..selections.len()).filter(move |id| gone[*id] == of)
            };
            for (id, selection) in selections.iter().enumerate() {
                let added = entries.add(selection.clone(), LogSet(1), &mut filters);
                assert_eq!(added, InterestId(id as u32));
                index.add(&entries, InterestId(id as u32));
            }
            let mut forget = |index: &mut Index, entries: &mut Entries, id: usize| {
                index.remove(entries, InterestId(id as u32));
                entries.remove(InterestId(id as u32), &mut filters);
            };
            ids(true).for_each(|id| forget(&mut index, &mut entries, id));
            for name in names.iter().map(|segments| segments.join("/")) {
                let mut found = BTreeSet::new();
                index.matches(&entries, &name, &mut |id| { found.insert(id.0 as usize); });
                let wants = |id: &usize| selections[*id].patterns().any(|pattern| pattern.matches(&name));
                let wanted: BTreeSet<usize> = ids(false).filter(wants).collect();
                prop_assert_eq!(found, wanted, "{}", name);
            }
            ids(false).for_each(|id| forget(&mut index, &mut entries, id));
            prop_assert!(index.is_empty());
        }
    }
}
