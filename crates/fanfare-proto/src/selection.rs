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
        self.place_of(channel).is_some() || self.starred().any(|pattern| means(pattern, channel))
    }

    /// The patterns with stars, as texts: from star to star, past what has none.
    fn starred(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let star = memchr::memchr(b'*', rest.as_bytes())?;
            let start = memchr::memrchr(END as u8, &rest.as_bytes()[..star]).map_or(0, |end| end + 1);
            let (pattern, after) = rest[start..].split_once(END)?;
            rest = after;
            Some(pattern)
        })
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
        let rest = self.0.get(place.start()..).unwrap_or_default();
        &rest[..memchr::memchr(END as u8, rest.as_bytes()).unwrap_or_default()]
    }

    /// The place of a pattern, if it is among them.
    pub fn place_of(&self, name: &str) -> Option<NamePlace> {
        let (mut low, mut high) = (0, self.0.len());
        while low < high {
            // The middle is most often inside of a name: what is compared is the whole one.
            let middle = low + (high - low) / 2;
            let start = memchr::memrchr(END as u8, &self.0.as_bytes()[low..middle]);
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
    use proptest::prelude::*;

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

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(10_000) })]
        #[test]
        fn wants_what_one_of_its_patterns_means(
            patterns in prop::collection::vec(r"\$?([ab]{1,2}|\*)(/([ab]{1,2}|\*)){0,2}(/\*\*)?|\*\*", 0..8),
            channels in prop::collection::vec(r"\$?[ab]{1,2}(/[ab]{1,2}){0,3}", 1..8),
        ) {
            let patterns: Vec<Pattern> = patterns.iter().flat_map(|text| Pattern::parse(text)).collect();
            let selection = Selection::new(patterns.clone());
            let named = patterns.iter().filter_map(Pattern::channel).map(|channel| channel.to_string());
            for channel in channels.iter().cloned().chain(named) {
                let wanted = patterns.iter().any(|pattern| pattern.matches(&channel));
                prop_assert_eq!(selection.matches(&channel), wanted, "{} in {:?}", channel, patterns);
            }
        }
    }
}
