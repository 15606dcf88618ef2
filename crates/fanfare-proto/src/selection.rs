//! A selection: the channels and patterns that one session hears, as one value that can be shared and compared.

use crate::Pattern;
use std::sync::Arc;

/// A set of channels and patterns. Equal sets are equal values, whatever order they were asked in, so sessions
/// that want the same share the work. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selection(Arc<[Pattern]>);

impl Selection {
    /// The set of these patterns.
    pub fn new(mut patterns: Vec<Pattern>) -> Selection {
        patterns.sort_unstable();
        patterns.dedup();
        Selection(patterns.into())
    }

    /// The patterns, sorted.
    pub fn patterns(&self) -> &[Pattern] {
        &self.0
    }

    /// Whether every pattern means exactly one channel.
    pub fn is_literal(&self) -> bool {
        self.0.iter().all(Pattern::is_literal)
    }

    /// Whether the channel of this name is wanted.
    pub fn matches(&self, channel: &str) -> bool {
        self.0.iter().any(|pattern| pattern.matches(channel))
    }
}
