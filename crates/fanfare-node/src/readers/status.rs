//! How an acked reader does, for whoever looks.

use super::reader::Reader;
use crate::hands::Hands;
use fanfare_proto::{Cursor, ReaderName, ReaderRules, Refusal, Time};

/// An acked reader as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderStatus {
    /// Its name.
    pub name: ReaderName,
    /// What it hears.
    pub rules: ReaderRules,
    /// When it was made.
    pub created: Time,
    /// When somebody used it last.
    pub used: Time,
    /// Everything up to here is done, or was not wanted.
    pub floor: Cursor,
    /// Messages that were given, or are about to be, and are not done.
    pub unacked: usize,
    /// Its sessions.
    pub sessions: usize,
    /// When the oldest of its messages was accepted that is not done, of those that were read.
    pub oldest: Option<Time>,
    /// Messages that were acknowledged since the server was started.
    pub acked: u64,
    /// Messages that were given again because nobody acknowledged them.
    pub redelivered: u64,
    /// Messages that were given up.
    pub dead: u64,
}

/// What lies before an acked reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReaderLag {
    /// Messages that are not done...
    pub messages: usize,
    /// ...at the least.
    pub more: bool,
    /// When the oldest was accepted.
    pub oldest: Option<Time>,
}

impl Reader {
    pub(crate) fn status(&self) -> ReaderStatus {
        ReaderStatus {
            name: self.name.clone(),
            rules: self.rules.clone(),
            created: self.created,
            used: self.used,
            floor: self.floor.clone(),
            unacked: self.window.undone().count() + self.tried.len(),
            sessions: self.seats.len(),
            oldest: self.window.undone().next().map(|held| held.message.time),
            acked: self.counts.acked,
            redelivered: self.counts.redelivered,
            dead: self.counts.dead,
        }
    }

    /// Counts what lies before it, up to a limit.
    pub(crate) fn lag(&self, hands: &Hands, limit: usize) -> Result<ReaderLag, Refusal> {
        let page = hands.page(self.behind(limit))?;
        let is_open = |message: &fanfare_proto::Message| {
            let place = (hands.log_of(&message.channel), message.position);
            !self.acked.contains(&place)
        };
        let ahead: Vec<Time> = page
            .messages
            .iter()
            .filter(|(message, _)| is_open(message))
            .map(|(message, _)| message.time)
            .collect();
        let oldest = self.window.undone().map(|held| held.message.time).chain(ahead.iter().copied()).next();
        Ok(ReaderLag { messages: self.window.undone().count() + ahead.len(), more: page.more, oldest })
    }
}
