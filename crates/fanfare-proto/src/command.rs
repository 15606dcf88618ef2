//! What is asked of a node.

use crate::{Cursor, Pattern, Time};
use std::time::Duration;

/// Where hearing starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Start {
    /// With the next message.
    #[default]
    Now,
    /// After what this cursor says was heard.
    After(Cursor),
    /// With the newest messages, at most so many.
    Last(u32),
    /// With the first message accepted at or after this moment.
    Since(Time),
    /// With the first message accepted within the last so long.
    Ago(Duration),
}

/// A request to hear channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// Channels and patterns, at least one, at most [`limits::SUBSCRIPTIONS`](crate::limits::SUBSCRIPTIONS).
    pub patterns: Vec<Pattern>,
    /// Where to start.
    pub start: Start,
}

/// A request for a page of what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Channels and patterns.
    pub patterns: Vec<Pattern>,
    /// The page's messages come after this place...
    pub start: Start,
    /// ...and, when set, not after this one, the newest first reached (paging backwards).
    pub before: Option<Cursor>,
    /// Messages of the page at the most.
    pub limit: usize,
}
