//! A pattern: which channels a subscription, a namespace or a grant means.

use crate::name;
use crate::{Channel, NameError};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A channel name in which a segment may be `*` (any one segment) and the last may be `**` (any number of
/// segments, none included). A pattern without stars means exactly one channel. Stars in the first segment do
/// not match system names (`$...`). Cheap to clone: it is a part of a text that it may share with others.
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    start: u32,
    len: u32,
}

impl Pattern {
    /// Checks and takes a pattern; the rules are a channel's (design rule 17), stars apart.
    pub fn parse(text: &str) -> Result<Pattern, NameError> {
        name::check(text, true)?;
        Ok(Pattern::whole(text))
    }

    /// The pattern `**`: every channel that is not a system channel.
    pub fn everything() -> Pattern {
        Pattern::whole("**")
    }

    /// The pattern `$dead/**`: what readers could not be given.
    pub fn dead() -> Pattern {
        Pattern::whole("$dead/**")
    }

    fn whole(text: &str) -> Pattern {
        Pattern { text: text.into(), start: 0, len: text.len() as u32 }
    }

    /// A pattern that stands in a text of several.
    pub(crate) fn part(text: &Arc<str>, start: usize, len: usize) -> Pattern {
        Pattern { text: text.clone(), start: start as u32, len: len as u32 }
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        let (start, len) = (self.start as usize, self.len as usize);
        &self.text[start..start + len]
    }

    /// The one channel this pattern means, if it has no stars.
    pub fn channel(&self) -> Option<Channel> {
        if self.is_literal() { Channel::parse(self.as_str()).ok() } else { None }
    }

    /// Whether the pattern has no stars.
    pub fn is_literal(&self) -> bool {
        !self.as_str().contains('*')
    }

    /// What every matching name starts with: the text before the first star.
    pub fn literal_prefix(&self) -> &str {
        let text = self.as_str();
        let end = text.find('*').unwrap_or(text.len());
        let prefix = &text[..end];
        // `a/**` matches `a` itself, which does not start with `a/`.
        if text[end..].starts_with("**") { prefix.strip_suffix('/').unwrap_or(prefix) } else { prefix }
    }

    /// Whether the channel of this name is meant.
    pub fn matches(&self, name: &str) -> bool {
        means(self.as_str(), name)
    }

    /// Whether every channel that `other` means is meant by this pattern too (design rule 18).
    pub fn covers(&self, other: &Pattern) -> bool {
        self.relate(other, |mine, theirs| mine == theirs || (mine == "*" && theirs != "**"), |open| open)
    }

    /// Whether some channel is meant by both patterns.
    pub fn overlaps(&self, other: &Pattern) -> bool {
        self.relate(other, |mine, theirs| mine == theirs || mine == "*" || theirs == "*", |_| true)
    }

    /// Walks two patterns segment by segment. `pair` says whether two segments agree; `rest` says whether what
    /// one side leaves over agrees with `**` on the other (its argument: is it this side that has the `**`).
    fn relate(&self, other: &Pattern, pair: fn(&str, &str) -> bool, rest: fn(bool) -> bool) -> bool {
        if self.as_str().starts_with('$') != other.as_str().starts_with('$') {
            return false;
        }
        let (mut mine, mut theirs) = (self.as_str().split('/'), other.as_str().split('/'));
        loop {
            match (mine.next(), theirs.next()) {
                (Some("**"), _) => return true,
                (_, Some("**")) => return rest(false),
                (None, None) => return true,
                (Some(a), Some(b)) if pair(a, b) => {}
                _ => return false,
            }
        }
    }
}

impl From<&Channel> for Pattern {
    fn from(channel: &Channel) -> Pattern {
        Pattern::whole(channel.as_str())
    }
}

/// Whether the channel of this name is meant by the text of a pattern.
pub(crate) fn means(pattern: &str, name: &str) -> bool {
    let Some(star) = memchr::memchr(b'*', pattern.as_bytes()) else { return pattern == name };
    if name.starts_with('$') && !pattern.starts_with('$') {
        return false;
    }
    if pattern[star..].starts_with("**") {
        // Nothing follows `**`, and `a/**` means `a`, too.
        return name.starts_with(&pattern[..star]) || name == pattern[..star].trim_end_matches('/');
    }
    let mut names = name.split('/');
    for wanted in pattern.split('/') {
        if wanted == "**" {
            return true;
        }
        match names.next() {
            Some(segment) if wanted == "*" || wanted == segment => {}
            _ => return false,
        }
    }
    names.next().is_none()
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl PartialOrd for Pattern {
    fn partial_cmp(&self, other: &Pattern) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pattern {
    fn cmp(&self, other: &Pattern) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::borrow::Borrow<str> for Pattern {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    #[test]
    fn stars_match_segments() {
        for (text, yes, no) in [
            ("a/b", &["a/b"][..], &["a", "a/b/c", "a/c"][..]),
            ("sensors/*/temp", &["sensors/1/temp"], &["sensors/temp", "sensors/1/2/temp", "sensors/1/hum"]),
            ("chat/**", &["chat", "chat/a", "chat/a/b"], &["chats", "ch", "$chat/a"]),
            ("**", &["a", "a/b"], &["$presence/a"]),
            ("*", &["a"], &["a/b", "$a"]),
            ("$presence/**", &["$presence/a"], &["presence/a"]),
        ] {
            yes.iter().for_each(|name| assert!(pattern(text).matches(name), "{text} {name}"));
            no.iter().for_each(|name| assert!(!pattern(text).matches(name), "{text} {name}"));
        }
        for text in ["a*", "a/**/b", "***", "a/b*"] {
            assert!(matches!(Pattern::parse(text), Err(NameError::Star(_))), "{text}");
        }
    }

    #[test]
    fn covering_and_overlapping() {
        for (a, b, covers, overlaps) in [
            ("a/**", "a/*/c", true, true),
            ("a/**", "a", true, true),
            ("a/*", "a/**", false, true),
            ("a/*/c", "a/b/*", false, true),
            ("a/*", "b/*", false, false),
            ("a", "a/**", false, true),
            ("**", "$x/a", false, false),
            ("*/b", "a/b", true, true),
            ("a/b/c", "a/**", false, true),
        ] {
            assert_eq!(pattern(a).covers(&pattern(b)), covers, "{a} covers {b}");
            assert_eq!(pattern(a).overlaps(&pattern(b)), overlaps, "{a} overlaps {b}");
            assert_eq!(pattern(b).overlaps(&pattern(a)), overlaps, "{b} overlaps {a}");
        }
    }

    #[test]
    fn the_literal_prefix_is_in_every_match() {
        assert_eq!(pattern("a/**").literal_prefix(), "a");
        assert_eq!(pattern("a/*/b").literal_prefix(), "a/");
        assert_eq!(pattern("a/b").literal_prefix(), "a/b");
        assert_eq!(pattern("**").literal_prefix(), "");
    }
}
