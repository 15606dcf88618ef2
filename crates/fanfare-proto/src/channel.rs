//! A channel: a named stream of messages.

use crate::NameError;
use crate::name;
use std::fmt;
use std::sync::Arc;

/// The name of a channel: a path such as `market/eurusd`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(Arc<str>);

impl Channel {
    /// Checks and takes a name (design rule 17): no empty segment, no `.`, `..`, `*`, control or bidirectional
    /// characters; NFC; `$` only at the very start, for system channels.
    pub fn parse(text: &str) -> Result<Channel, NameError> {
        name::check(text, false)?;
        Ok(Channel(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is a system channel (`$presence/...`), which only the server publishes to.
    pub fn is_system(&self) -> bool {
        self.0.starts_with('$')
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::borrow::Borrow<str> for Channel {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_is_named_when_broken() {
        for (text, error) in [
            ("", "segment 1 is empty"),
            ("a//b", "segment 2 is empty"),
            ("a/", "segment 2 is empty"),
            ("a/../b", "segment 2 is `.` or `..`"),
            ("a/*", "`*` at byte 2"),
            ("a/$b", "segment 2 starts with `$`"),
            ("a\u{7}", "U+0007 at byte 1"),
            ("a\u{202E}b", "U+202E at byte 1"),
            ("e\u{301}", "not in Unicode normalization form C"),
        ] {
            let found = Channel::parse(text).unwrap_err().to_string();
            assert!(found.contains(error), "{text:?}: {found}");
        }
        assert!(Channel::parse(&"x".repeat(257)).unwrap_err().to_string().contains("257 bytes"));
        assert!(Channel::parse(&"x/".repeat(40)).is_err());
    }

    #[test]
    fn ordinary_and_system_names_pass() {
        for text in ["a", "market/eurusd", "é/日本", "$presence/a", "with space", "a.b", "...", "a$b"] {
            assert_eq!(Channel::parse(text).unwrap().as_str(), text);
        }
        assert!(Channel::parse("$dead/a").unwrap().is_system());
    }
}
