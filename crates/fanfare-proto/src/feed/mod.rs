//! What a feed tells of a channel, whatever its format: itself, and an entry for each message of a page, the newest first.

mod entry;
mod xml;

pub use entry::{Entry, Said};
pub(crate) use xml::{attribute, element, stamp, text};

use crate::{HistoryPage, Time, channel_path};
use std::time::Duration;

/// How often a channel is looked at about which nothing is known.
const EVERY: Duration = Duration::from_secs(3600);
/// As seldom as a feed's reader is told to look, and as often.
const SELDOM: Duration = Duration::from_secs(24 * 3600);
const OFTEN: Duration = Duration::from_secs(60);

/// A feed.
#[derive(Debug, Clone)]
pub struct Feed<'a> {
    /// The channel, or the pattern.
    pub title: &'a str,
    /// The page for people.
    pub home: String,
    /// The feed itself.
    pub own: String,
    /// When its newest message was said; for a feed without any, the beginning of time.
    pub updated: Time,
    /// How often to look at it, from how often something is said.
    pub every: Duration,
    /// What was said, the newest first.
    pub entries: Vec<Entry<'a>>,
}

impl<'a> Feed<'a> {
    /// What a page of the channel or pattern `title` says. `origin` is where its reader has found this server
    /// (`https://push.example`), `own` the address of the feed.
    pub fn new(title: &'a str, origin: &str, own: String, page: &'a HistoryPage) -> Feed<'a> {
        let mut entries: Vec<Entry<'a>> = page
            .placed()
            .filter(|(_, (message, _))| !message.is_tombstone())
            .map(|(log, (message, cursor))| Entry::new(message, log, cursor, origin))
            .collect();
        entries.reverse();
        let home = format!("{origin}{}", channel_path(title));
        let updated = entries.first().map_or(Time(0), |entry| entry.message.time);
        Feed { title, home, own, updated, every: every(page), entries }
    }
}

/// How often something is said, as often as it is worth to look: not more often than once a minute.
pub fn every(page: &HistoryPage) -> Duration {
    let (Some((first, _)), Some((last, _))) = (page.messages.first(), page.messages.last()) else {
        return EVERY;
    };
    let between = page.messages.len() as u64 - 1;
    match last.time.0.saturating_sub(first.time.0).checked_div(between) {
        Some(millis) => Duration::from_millis(millis).clamp(OFTEN, SELDOM),
        None => EVERY,
    }
}
