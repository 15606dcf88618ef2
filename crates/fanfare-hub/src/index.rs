//! From a channel's name to the selections that want it.
//!
//! Names without stars are found by one hash look-up, patterns by walking a tree of segments: at each segment at
//! most two branches, the segment itself and `*`. The cost of a message does not grow with the number of
//! selections that do not want it.

use fanfare_proto::{Pattern, Selection};
use std::collections::HashMap;

/// A selection's place among the [`Interests`](crate::Interests).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterestId(pub u32);

/// The selections of one worker's sessions, by channel.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// By patterns without stars.
    channels: HashMap<Pattern, Wanting>,
    patterns: Branch,
}

/// The selections that want one channel. Most often one does, and it needs no memory of its own.
#[derive(Debug)]
enum Wanting {
    One(InterestId),
    Several(Vec<InterestId>),
}

/// One place in the tree of patterns.
#[derive(Debug, Default)]
struct Branch {
    segments: HashMap<Box<str>, Branch>,
    star: Option<Box<Branch>>,
    /// Patterns that end here.
    here: Vec<InterestId>,
    /// Patterns that go on with `**`.
    rest: Vec<InterestId>,
}

impl Index {
    /// The same selection, with the names that are here already in place of its own.
    pub(crate) fn share(&self, selection: &Selection) -> Selection {
        let known = |pattern: &Pattern| self.channels.get_key_value(pattern).map(|(known, _)| known.clone());
        let patterns = selection.patterns().iter();
        Selection::new(patterns.map(|pattern| known(pattern).unwrap_or_else(|| pattern.clone())).collect())
    }

    /// Adds a selection under its id.
    pub(crate) fn add(&mut self, selection: &Selection, id: InterestId) {
        for pattern in selection.patterns() {
            if pattern.is_literal() {
                let wanting = self.channels.entry(pattern.clone());
                wanting.and_modify(|wanting| wanting.push(id)).or_insert(Wanting::One(id));
            } else {
                self.patterns.ends(pattern).push(id);
            }
        }
    }

    /// Removes a selection that was added under this id.
    pub(crate) fn remove(&mut self, selection: &Selection, id: InterestId) {
        for pattern in selection.patterns() {
            if pattern.is_literal() {
                if self.channels.get_mut(pattern).is_some_and(|wanting| wanting.forget(id)) {
                    self.channels.remove(pattern);
                }
            } else {
                self.patterns.forget(pattern.as_str().split('/'), id);
            }
        }
    }

    /// Calls `found` for each selection that wants the channel; more than once if several of its patterns do.
    pub(crate) fn matches(&self, channel: &str, found: &mut dyn FnMut(InterestId)) {
        if let Some(wanting) = self.channels.get(channel) {
            wanting.ids().iter().for_each(|id| found(*id));
        }
        self.patterns.matches(Some(channel), channel.starts_with('$'), found);
    }

    /// Whether nothing is indexed.
    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.channels.is_empty() && self.patterns.is_empty()
    }
}

impl Wanting {
    fn ids(&self) -> &[InterestId] {
        match self {
            Wanting::One(id) => std::slice::from_ref(id),
            Wanting::Several(ids) => ids,
        }
    }

    fn push(&mut self, id: InterestId) {
        match self {
            Wanting::One(first) => *self = Wanting::Several(vec![*first, id]),
            Wanting::Several(ids) => ids.push(id),
        }
    }

    /// Answers whether none is left.
    fn forget(&mut self, id: InterestId) -> bool {
        match self {
            Wanting::One(last) => *last == id,
            Wanting::Several(ids) => {
                forget(ids, id);
                ids.is_empty()
            }
        }
    }
}

impl Branch {
    fn ends(&mut self, pattern: &Pattern) -> &mut Vec<InterestId> {
        let mut branch = self;
        for segment in pattern.as_str().split('/') {
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
            None => forget(&mut self.here, id),
            Some("**") => forget(&mut self.rest, id),
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
            self.rest.iter().for_each(|id| found(*id));
        }
        let Some(name) = name else {
            self.here.iter().for_each(|id| found(*id));
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

fn forget(ids: &mut Vec<InterestId>, id: InterestId) {
    if let Some(at) = ids.iter().position(|other| *other == id) {
        ids.swap_remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
            let mut index = Index::default();
            for (id, selection) in selections.iter().enumerate() {
                index.add(selection, InterestId(id as u32));
            }
            for (id, selection) in selections.iter().enumerate().filter(|(id, _)| removed[*id]) {
                index.remove(selection, InterestId(id as u32));
            }
            for name in names.iter().map(|segments| segments.join("/")) {
                let mut found = BTreeSet::new();
                index.matches(&name, &mut |id| { found.insert(id.0 as usize); });
                let wanted: BTreeSet<usize> = (0..selections.len())
                    .filter(|id| !removed[*id] && selections[*id].matches(&name))
                    .collect();
                prop_assert_eq!(found, wanted, "{}", name);
            }
            for (id, selection) in selections.iter().enumerate().filter(|(id, _)| !removed[*id]) {
                index.remove(selection, InterestId(id as u32));
            }
            prop_assert!(index.is_empty());
        }
    }
}
