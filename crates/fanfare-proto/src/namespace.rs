//! Namespaces: the rules of all channels that match a pattern.

use crate::{LogId, LogSet, Pace, Pattern, limits, presence};
use std::time::Duration;

/// Where the messages of a namespace are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// In the store, synced before the publisher is answered.
    Kept,
    /// In memory only.
    Live,
}

impl Keeping {
    /// The log of such a namespace.
    pub fn log(self) -> LogId {
        match self {
            Keeping::Kept => LogId::KEPT,
            Keeping::Live => LogId::LIVE,
        }
    }
}

/// What is kept at the most; the oldest messages go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// How long.
    pub age: Duration,
    /// Messages of each channel.
    pub messages: u64,
    /// Bytes of the whole namespace.
    pub bytes: u64,
    /// Of each channel and key only the newest; messages of a channel that have no key count as one key.
    pub compact: bool,
}

/// The rules of all channels that match a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespace {
    /// Which channels.
    pub pattern: Pattern,
    /// Kept or live.
    pub keeping: Keeping,
    /// How long and how much.
    pub retention: Retention,
    /// Bytes of a message's body.
    pub body_bytes: usize,
    /// How fast each of its readers hears at the most.
    pub pace: Option<Pace>,
    /// Whether readers that say nothing of where to start begin with the newest message of each channel and key.
    pub latest: bool,
}

impl Namespace {
    /// The defaults for channels that match a pattern (design section 7).
    pub fn new(pattern: Pattern, keeping: Keeping) -> Namespace {
        let retention = match keeping {
            Keeping::Kept => Retention {
                age: limits::KEPT_AGE,
                messages: limits::KEPT_MESSAGES,
                bytes: limits::KEPT_BYTES,
                compact: false,
            },
            Keeping::Live => Retention {
                age: limits::LIVE_AGE,
                messages: limits::LIVE_MESSAGES,
                bytes: limits::LIVE_BYTES,
                compact: false,
            },
        };
        Namespace { pattern, keeping, retention, body_bytes: limits::BODY_BYTES, pace: None, latest: false }
    }
}

/// An index into [`Namespaces`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NamespaceId(pub u16);

/// All namespaces in order: the first whose pattern matches a channel rules it. The last one is always the
/// default, which matches what no other does.
#[derive(Debug, Clone)]
pub struct Namespaces {
    rules: Vec<Namespace>,
}

impl Namespaces {
    /// These rules, then the default: kept, for every channel; unless the last of them is for every channel.
    pub fn new(rules: impl IntoIterator<Item = Namespace>) -> Namespaces {
        let mut rules: Vec<Namespace> = rules.into_iter().take(usize::from(u16::MAX)).collect();
        if rules.last().is_none_or(|last| last.pattern != Pattern::everything()) {
            rules.push(Namespace::new(Pattern::everything(), Keeping::Kept));
        }
        Namespaces { rules }
    }

    /// Which namespace rules a channel of this name.
    pub fn id_of(&self, channel: &str) -> NamespaceId {
        let found = self.rules.iter().position(|rule| rule.pattern.matches(channel));
        NamespaceId(found.unwrap_or(self.rules.len() - 1) as u16)
    }

    /// The namespace that rules a channel of this name.
    pub fn of(&self, channel: &str) -> &Namespace {
        self.get(self.id_of(channel))
    }

    /// Where the messages of a channel of this name are kept. Presence is live, whatever the rules say (design rule 19).
    pub fn keeping(&self, channel: &str) -> Keeping {
        if channel.starts_with(presence::PREFIX) { Keeping::Live } else { self.of(channel).keeping }
    }

    /// A namespace by its index; the default for an index of another list.
    pub fn get(&self, id: NamespaceId) -> &Namespace {
        let last = self.rules.len() - 1;
        &self.rules[usize::from(id.0).min(last)]
    }

    /// All namespaces with their indexes, in order.
    pub fn iter(&self) -> impl Iterator<Item = (NamespaceId, &Namespace)> + Clone {
        self.rules.iter().enumerate().map(|(index, rule)| (NamespaceId(index as u16), rule))
    }

    /// The places in the list of those that rule channels of this pattern.
    pub fn ids_of(&self, pattern: &Pattern) -> Vec<usize> {
        if pattern.is_literal() {
            return vec![usize::from(self.id_of(pattern.as_str()).0)];
        }
        let covering = self.rules.iter().position(|rule| rule.pattern.covers(pattern));
        let last = covering.unwrap_or(self.rules.len() - 1);
        (0..=last).filter(|place| self.rules[*place].pattern.overlaps(pattern)).collect()
    }

    /// How fast a reader of these patterns hears at the most, who asks for this: the slowest of all that rule.
    pub fn pace_of<P: std::borrow::Borrow<Pattern>>(
        &self,
        asked: Option<Pace>,
        patterns: impl IntoIterator<Item = P>,
    ) -> Option<Pace> {
        if self.rules.iter().all(|rule| rule.pace.is_none()) {
            return asked;
        }
        let ids = patterns.into_iter().flat_map(|pattern| self.ids_of(pattern.borrow()));
        let ruling = ids.filter_map(|id| self.rules[id].pace);
        asked.into_iter().chain(ruling).reduce(Pace::slowest)
    }

    /// Whether a reader of these patterns that says nothing of where to start begins with the newest of each key: if so
    /// says every namespace that rules.
    pub fn begins_with_latest<P: std::borrow::Borrow<Pattern>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> bool {
        self.all_rule(patterns, |rule| rule.latest)
    }

    /// Whether of these patterns only the newest message of each channel and key is kept.
    pub fn are_compact<P: std::borrow::Borrow<Pattern>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> bool {
        self.all_rule(patterns, |rule| rule.retention.compact)
    }

    /// Whether every namespace that rules these patterns is such; none rules the channels of the system.
    fn all_rule<P: std::borrow::Borrow<Pattern>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
        is_such: impl Fn(&Namespace) -> bool,
    ) -> bool {
        if !self.rules.iter().any(&is_such) {
            return false;
        }
        let mut patterns = patterns.into_iter().peekable();
        patterns.peek().is_some()
            && patterns.all(|pattern| {
                let pattern = pattern.borrow();
                !pattern.as_str().starts_with('$')
                    && self.ids_of(pattern).into_iter().all(|id| is_such(&self.rules[id]))
            })
    }

    /// Bytes of a message's body that some namespace allows.
    pub fn largest_body(&self) -> usize {
        self.rules.iter().map(|rule| rule.body_bytes).max().unwrap_or(limits::BODY_BYTES)
    }

    /// The logs in which channels of this pattern can lie.
    pub fn logs_of(&self, pattern: &Pattern) -> LogSet {
        let mut logs = LogSet::default();
        if pattern.is_literal() || pattern.as_str().starts_with(presence::PREFIX) {
            return logs.with(self.keeping(pattern.as_str()).log());
        }
        for rule in &self.rules {
            if rule.pattern.overlaps(pattern) {
                logs = logs.with(rule.keeping.log());
            }
            if rule.pattern.covers(pattern) {
                return logs;
            }
        }
        logs.with(LogId::KEPT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_namespace_sets_the_pace() {
        let rule = |text, every| Namespace {
            pace: Pace::of(every, None),
            ..Namespace::new(Pattern::parse(text).unwrap(), Keeping::Kept)
        };
        let spaces = Namespaces::new([rule("a/**", Some(500)), rule("b", Some(100)), rule("c/*", None)]);
        let pace = |every, patterns: &[&str]| {
            let patterns = patterns.iter().map(|text| Pattern::parse(text).unwrap());
            spaces.pace_of(Pace::of(every, None), patterns).map(|pace| pace.limits().0.unwrap())
        };
        assert_eq!([pace(None, &["c/x"]), pace(Some(7), &["c/x"])], [None, Some(7)]);
        assert_eq!(
            [pace(None, &["b"]), pace(Some(50), &["b"]), pace(Some(200), &["b"])],
            [100, 100, 200].map(Some)
        );
        assert_eq!([pace(None, &["b", "a/x/y"]), pace(None, &["**"])], [Some(500), Some(500)]);
    }

    #[test]
    fn all_that_rule_have_to_begin_with_the_latest() {
        let rule = |text, latest| Namespace {
            latest,
            ..Namespace::new(Pattern::parse(text).unwrap(), Keeping::Kept)
        };
        let spaces = Namespaces::new([rule("prices/**", true), rule("boards/*", true), rule("a", false)]);
        for (patterns, latest) in [
            (&["prices/**"][..], true),
            (&["prices/x", "boards/*"], true),
            (&["prices/x", "a"], false),
            (&["boards/**"], false),
            (&["**"], false),
            (&["$presence/prices/x"], false),
            (&[], false),
        ] {
            let patterns = patterns.iter().map(|text| Pattern::parse(text).unwrap());
            assert_eq!(
                spaces.begins_with_latest(patterns.clone()),
                latest,
                "{:?}",
                patterns.collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_first_match_rules_and_patterns_may_span_logs() {
        let pattern = |text| Pattern::parse(text).unwrap();
        let live = Namespace::new(pattern("live/**"), Keeping::Live);
        let spaces = Namespaces::new([live]);
        assert_eq!(spaces.of("live/a").keeping, Keeping::Live);
        assert_eq!(spaces.of("other").keeping, Keeping::Kept);
        let both = LogSet::default().with(LogId::KEPT).with(LogId::LIVE);
        assert_eq!(spaces.logs_of(&pattern("**")), both);
        assert_eq!(spaces.logs_of(&pattern("live/*")), LogSet::default().with(LogId::LIVE));
        assert_eq!(spaces.logs_of(&pattern("logs/*")), LogSet::default().with(LogId::KEPT));
        assert_eq!(spaces.logs_of(&pattern("*/a")), both);
        let live = LogSet::default().with(LogId::LIVE);
        assert_eq!(
            [spaces.logs_of(&pattern("$presence/a")), spaces.logs_of(&pattern("$presence/**"))],
            [live; 2]
        );
        let ids = |text| spaces.ids_of(&pattern(text));
        assert_eq!(
            [ids("live/a"), ids("live/*"), ids("logs/*"), ids("**")],
            [vec![0], vec![0], vec![1], vec![0, 1]]
        );
    }
}
