//! A selection: the channels and patterns that one session hears, and what it wants of each, as one value that can be
//! shared and compared.

use crate::pattern::means;
use crate::{Amends, Filter, Message, Pattern, View};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::Arc;

/// Between two names: no name holds it (design rule 17).
const END: char = '\n';

/// A set of channels and patterns, each with a filter or without one. Equal sets are equal values, whatever order they
/// were asked in, so sessions that want the same share the work. Cheap to clone. The names are one piece of memory, one
/// after the other; few have a filter, and those are listed beside them.
#[derive(Debug, Clone)]
pub struct Selection {
    names: Arc<str>,
    /// By place, in order; none if it would be empty.
    filters: Option<Arc<Filters>>,
    /// Of all of them; `None` if nobody said.
    view: Option<View>,
}

type Filters = Vec<(NamePlace, Filter)>;

impl Hash for Selection {
    /// What has no filter pays nothing for those that have.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.names.hash(state);
        if let Some(filters) = &self.filters {
            filters.hash(state);
        }
        if self.view() == View::Current {
            View::Current.hash(state);
        }
    }
}

impl PartialEq for Selection {
    /// Whoever says the view that everybody has wants the same as who says none.
    fn eq(&self, other: &Selection) -> bool {
        self.names == other.names && self.filters == other.filters && self.view() == other.view()
    }
}

impl Eq for Selection {}

impl Default for Selection {
    /// The empty set.
    fn default() -> Selection {
        Selection { names: "".into(), filters: None, view: None }
    }
}

/// Where in a selection a name starts, and one more: so an index of them has a number to spare. A text of 4 GiB is far
/// beyond what one session may hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The set of these patterns, which wants everything of each.
    pub fn new(patterns: Vec<Pattern>) -> Selection {
        Selection::filtered(patterns, None)
    }

    /// The set of these patterns, which wants of each what a filter accepts.
    pub fn filtered(mut patterns: Vec<Pattern>, filter: Option<&Filter>) -> Selection {
        patterns.sort_unstable();
        patterns.dedup();
        Selection::of(patterns.iter().map(|pattern| (pattern, filter)))
    }

    /// The set of patterns that are sorted, each once.
    fn of<'a>(patterns: impl Iterator<Item = (&'a Pattern, Option<&'a Filter>)> + Clone) -> Selection {
        let size = patterns.clone().map(|(pattern, _)| pattern.as_str().len() + 1).sum();
        let (mut names, mut filters) = (String::with_capacity(size), Filters::new());
        for (pattern, filter) in patterns {
            filters.extend(filter.map(|filter| (NamePlace::new(names.len()), filter.clone())));
            names.push_str(pattern.as_str());
            names.push(END);
        }
        let filters = (!filters.is_empty()).then(|| filters.into());
        Selection { names: names.into(), filters, view: None }
    }

    /// The same, seen so; as before if nobody says.
    pub fn viewed(self, view: Option<View>) -> Selection {
        Selection { view: view.or(self.view), ..self }
    }

    /// How what was edited or deleted is shown.
    pub fn view(&self) -> View {
        self.view.unwrap_or_default()
    }

    /// Whether a message is an edit by which its original is gone for who does not see it: one in a channel of this set, for
    /// readers of what is current.
    pub fn withdraws(&self, message: &Message) -> bool {
        matches!(message.content.amends, Some(Amends::Replaces(_)))
            && self.view() == View::Current
            && self.matches(message.channel.as_str())
    }

    /// This set and another one. Of a pattern that is in both, the other one says what is wanted.
    pub fn with(&self, other: &Selection) -> Selection {
        let of = |selection: &Selection| selection.subscriptions().collect::<BTreeMap<_, _>>();
        let mut all = of(self);
        all.extend(of(other));
        let all = Selection::of(all.iter().map(|(pattern, filter)| (pattern, filter.as_ref())));
        all.viewed(other.view.or(self.view))
    }

    /// What is left of this set without these patterns.
    pub fn without(&self, patterns: &[Pattern]) -> Selection {
        let left = self.subscriptions().filter(|(pattern, _)| !patterns.contains(pattern));
        let left: Vec<_> = left.collect();
        let left = Selection::of(left.iter().map(|(pattern, filter)| (pattern, filter.as_ref())));
        left.viewed(self.view)
    }

    /// The same patterns, everything of each.
    pub fn unfiltered(&self) -> Selection {
        Selection { names: self.names.clone(), filters: None, view: self.view }
    }

    /// The patterns, sorted.
    pub fn patterns(&self) -> impl Iterator<Item = Pattern> {
        self.names().map(|(place, name)| Pattern::part(&self.names, place.start(), name.len()))
    }

    /// The patterns, sorted, each with its filter.
    fn subscriptions(&self) -> impl Iterator<Item = (Pattern, Option<Filter>)> {
        let filter = |place| self.filter_of(place).map(|index| self.filters()[index].1.clone());
        self.names()
            .map(move |(place, name)| (Pattern::part(&self.names, place.start(), name.len()), filter(place)))
    }

    /// The filters, by the place of their pattern.
    pub fn filters(&self) -> &[(NamePlace, Filter)] {
        self.filters.as_deref().map_or(&[], Vec::as_slice)
    }

    /// The index among the filters of that of a place.
    fn filter_of(&self, place: NamePlace) -> Option<usize> {
        self.filters().binary_search_by_key(&place, |(place, _)| *place).ok()
    }

    /// Whether nothing is wanted.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether every pattern means exactly one channel.
    pub fn is_literal(&self) -> bool {
        !self.names.contains('*')
    }

    /// Whether something of the channel of this name is wanted.
    pub fn matches(&self, channel: &str) -> bool {
        self.places(channel).next().is_some()
    }

    /// Whether a message of the channel of this name is wanted: a pattern means the channel and has no filter, or one
    /// that accepts the message, which is asked by its index.
    pub fn wants(&self, channel: &str, mut accepts: impl FnMut(usize) -> bool) -> bool {
        self.places(channel).any(|place| self.filter_of(place).is_none_or(&mut accepts))
    }

    /// The patterns that mean the channel of this name.
    fn places(&self, channel: &str) -> impl Iterator<Item = NamePlace> {
        let named = self.place_of(channel).into_iter();
        named.chain(self.starred().filter(|(_, pattern)| means(pattern, channel)).map(|(place, _)| place))
    }

    /// The patterns with stars, as texts, each with its place: from star to star, past what has none.
    fn starred(&self) -> impl Iterator<Item = (NamePlace, &str)> {
        let (names, mut at) = (&*self.names, 0);
        std::iter::from_fn(move || {
            let star = at + memchr::memchr(b'*', names.as_bytes().get(at..)?)?;
            let start =
                memchr::memrchr(END as u8, &names.as_bytes()[at..star]).map_or(at, |end| at + end + 1);
            let (pattern, _) = names[start..].split_once(END)?;
            at = start + pattern.len() + 1;
            Some((NamePlace::new(start), pattern))
        })
    }

    /// The patterns as texts, sorted, each with its place.
    pub fn names(&self) -> impl Iterator<Item = (NamePlace, &str)> {
        self.names.split_terminator(END).scan(0, |at, name| {
            let place = NamePlace::new(*at);
            *at += name.len() + 1;
            Some((place, name))
        })
    }

    /// The pattern at a place that [`names`](Selection::names) or [`place_of`](Selection::place_of) told.
    pub fn name_at(&self, place: NamePlace) -> &str {
        let rest = self.names.get(place.start()..).unwrap_or_default();
        &rest[..memchr::memchr(END as u8, rest.as_bytes()).unwrap_or_default()]
    }

    /// The place of a pattern, if it is among them.
    pub fn place_of(&self, name: &str) -> Option<NamePlace> {
        let (mut low, mut high) = (0, self.names.len());
        while low < high {
            // The middle is most often inside of a name: what is compared is the whole one.
            let middle = low + (high - low) / 2;
            let start = memchr::memrchr(END as u8, &self.names.as_bytes()[low..middle]);
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
    fn who_says_the_usual_view_shares_with_who_says_none() {
        let hashed = |selection: &Selection| {
            let mut hasher = std::hash::DefaultHasher::new();
            selection.hash(&mut hasher);
            hasher.finish()
        };
        let (none, current) = (selection(&["a"]), selection(&["a"]).viewed(Some(View::Current)));
        let events = selection(&["a"]).viewed(Some(View::Events));
        assert!(none == events && hashed(&none) == hashed(&events));
        assert!(none != current && hashed(&none) != hashed(&current));
        // Said later, it counts.
        assert_eq!(current.with(&events).view(), View::Events);
        assert_eq!(current.with(&none).view(), View::Current);
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

    fn filter(text: &str) -> Filter {
        Filter::parse(text).unwrap()
    }

    fn filtered(texts: &[&str], text: &str) -> Selection {
        let patterns = texts.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        Selection::filtered(patterns, Some(&filter(text)))
    }

    #[test]
    fn a_filter_stays_with_its_pattern_and_the_later_one_counts() {
        let all = selection(&["a", "z"]).with(&filtered(&["a/*", "b"], "priority = 5"));
        assert_ne!(all, selection(&["a", "a/*", "b", "z"]));
        assert_eq!(all.unfiltered(), selection(&["a", "a/*", "b", "z"]));
        assert_eq!(all, filtered(&["b", "a/*"], "priority=5").with(&selection(&["z", "a"])));
        let filters: Vec<_> = all.filters().iter().map(|(place, _)| all.name_at(*place)).collect();
        assert_eq!(filters, ["a/*", "b"]);
        let of = |selection: &Selection, name| {
            let place = selection.place_of(name).unwrap();
            selection.filter_of(place).map(|index| selection.filters()[index].1.to_string())
        };
        let again = all.with(&filtered(&["b"], "key = 'x'")).with(&selection(&["a/*"]));
        assert_eq!([of(&again, "a"), of(&again, "a/*"), of(&again, "z")], [None, None, None]);
        assert_eq!(of(&again, "b"), Some(filter("key = 'x'").to_string()));
        let less = all.without(&[Pattern::parse("b").unwrap(), Pattern::parse("z").unwrap()]);
        assert_eq!(less, selection(&["a"]).with(&filtered(&["a/*"], "priority = 5")));
        assert_eq!(all.without(&all.patterns().collect::<Vec<_>>()), Selection::default());
    }

    #[test]
    fn a_message_is_wanted_if_one_of_its_patterns_wants_it() {
        let both = filtered(&["a/*"], "priority = 5").with(&filtered(&["a/b", "**"], "key = 'x'"));
        let accepts = |accepted: &'static str| {
            let both = &both;
            move |index: usize| both.name_at(both.filters()[index].0) == accepted
        };
        assert!(both.wants("a/b", accepts("a/*")) && both.wants("a/b", accepts("a/b")));
        assert!(both.wants("c", accepts("**")) && !both.wants("c", accepts("a/*")));
        assert!(!both.wants("a/b", |_| false) && both.matches("a/b"));
        let open = both.with(&selection(&["a/b"]));
        assert!(open.wants("a/b", |_| false), "one of them has no filter");
        assert!(!selection(&["a"]).wants("b", |_| true));
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
