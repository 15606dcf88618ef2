//! A selection: the channels and patterns that one session hears, as one value that can be shared and compared.

use crate::Pattern;
use crate::pattern::means;
use std::num::NonZeroU32;
use std::sync::Arc;

/// Between two names: no name holds it (design rule 17).
const END: char = '\n';

/// A set of channels and patterns. Equal sets are equal values, whatever order they were asked in, so sessions
/// that want the same share the work. Cheap to clone, and one piece of memory: the names, one after the other.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection(Arc<str>);

impl Default for Selection {
    /// The empty set.
    fn default() -> Selection {
        Selection("".into())
    }
}

/// Where in a selection a name starts, and one more: so an index of them has a number to spare. A text of 4 GiB is far
/// beyond what one session may hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NamePlace(NonZeroU32);

impl NamePlace {
    fn new(start: usize) -> NamePlace {
        NamePlace(NonZeroU32::MIN.saturating_add(start as u32))
    }

    fn start(self) -> usize {
        self.0.get() as usize - 1
    }
}

impl Selection {
    /// The set of these patterns.
    pub fn new(mut patterns: Vec<Pattern>) -> Selection {
        patterns.sort_unstable();
        patterns.dedup();
        let mut text = String::with_capacity(patterns.iter().map(|pattern| pattern.as_str().len() + 1).sum());
        for pattern in &patterns {
            text.push_str(pattern.as_str());
            text.push(END);
        }
        Selection(text.into())
    }

    /// The patterns, sorted.
    pub fn patterns(&self) -> impl Iterator<Item = Pattern> {
        self.names().map(|(place, name)| Pattern::part(&self.0, place.start(), name.len()))
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every pattern means exactly one channel.
    pub fn is_literal(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether the channel of this name is wanted.
    pub fn matches(&self, channel: &str) -> bool {
        self.0.split_terminator(END).any(|pattern| means(pattern, channel))
    }

    /// The patterns as texts, sorted, each with its place.
    pub fn names(&self) -> impl Iterator<Item = (NamePlace, &str)> {
        self.0.split_terminator(END).scan(0, |at, name| {
            let place = NamePlace::new(*at);
            *at += name.len() + 1;
            Some((place, name))
        })
    }

    /// The pattern at a place that [`names`](Selection::names) or [`place_of`](Selection::place_of) told.
    pub fn name_at(&self, place: NamePlace) -> &str {
        self.0.get(place.start()..).and_then(|rest| rest.split(END).next()).unwrap_or_default()
    }

    /// The place of a pattern, if it is among them.
    pub fn place_of(&self, name: &str) -> Option<NamePlace> {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            // The middle is most often inside of a name: what is compared is the whole one.
            let middle = low + (high - low) / 2;
            let start = self.0.as_bytes()[low..middle].iter().rposition(|byte| *byte == END as u8);
            let start = start.map_or(low, |at| low + at + 1);
            let place = NamePlace::new(start);
            let found = self.name_at(place);
            match found.cmp(name) {
                std::cmp::Ordering::Equal => return Some(place),
                std::cmp::Ordering::Less => low = start + found.len() + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(texts: &[&str]) -> Selection {
        Selection::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect())
    }

    #[test]
    fn equal_sets_are_equal_values() {
        assert_eq!(selection(&["b", "a/*", "b"]), selection(&["a/*", "b"]));
        assert_ne!(selection(&["a", "b"]), selection(&["a/b"]));
        assert!(selection(&[]).is_empty() && !selection(&["a"]).is_empty());
        assert_eq!(selection(&[]).patterns().count(), 0);
    }

    #[test]
    fn every_name_is_found_at_its_place_and_no_other_is_found() {
        let texts =
            ["a", "a/**", "a/b", "b/ünï/c", "c", "cc", "sensors/*/temp", "z/a-long-name/of-a/channel"];
        for count in 0..=texts.len() {
            let selection = selection(&texts[..count]);
            let names: Vec<&str> = selection.names().map(|(_, name)| name).collect();
            assert_eq!(names, texts[..count]);
            assert!(
                selection.patterns().map(|pattern| pattern.as_str().to_owned()).eq(names.iter().copied())
            );
            for (place, name) in selection.names() {
                assert_eq!(selection.place_of(name), Some(place));
                assert_eq!(selection.name_at(place), name);
            }
            for other in ["0", "a/", "a/a", "b", "b/ünï", "z", "zz"] {
                assert_eq!(selection.place_of(other), None, "{other}");
            }
        }
    }
}
