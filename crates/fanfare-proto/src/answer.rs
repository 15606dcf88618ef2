//! What is answered: receipts and pages, as values and as JSON.

use crate::put::Put;
use crate::{Channel, Cursor, Gap, LogId, Message, Position, Time, json};
use std::sync::Arc;

/// The answer to a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Where.
    pub channel: Channel,
    /// Its place in the log.
    pub position: Position,
    /// A reader that gives this back hears what comes after the message.
    pub cursor: Cursor,
    /// The publisher's id, else the one made.
    pub id: Box<str>,
    /// When it was accepted.
    pub time: Time,
    /// Whether this id had been accepted before: the answer is the first one's.
    pub duplicate: bool,
}

/// A page of what was said.
#[derive(Debug, Clone)]
pub struct HistoryPage {
    /// The messages, oldest first, each with the cursor of a reader that has heard up to it.
    pub messages: Vec<(Arc<Message>, Cursor)>,
    /// Where a reader of this page is.
    pub cursor: Cursor,
    /// Everything before this place is older than the page.
    pub before: Cursor,
    /// What was lost between the place asked and the first message, of each log.
    pub gaps: Vec<Gap>,
    /// Whether more messages lie after the page; paging backwards: before it.
    pub more: bool,
}

impl Receipt {
    /// Appends the receipt as a JSON object, as publishers see it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut cursor = Vec::with_capacity(64);
        self.cursor.put(&mut cursor);
        self.write_with(&cursor, out);
    }

    /// The same, given the text of the cursor.
    pub(crate) fn write_with(&self, cursor: &[u8], out: &mut Vec<u8>) {
        out.push(b'{');
        json::string("channel", self.channel.as_str(), out);
        json::plain("position", self.position, out);
        json::quoted("cursor", cursor, out);
        json::string("id", &self.id, out);
        json::quoted("time", self.time, out);
        out.push(b'}');
    }
}

impl HistoryPage {
    /// The messages and the logs that they lie in. Each lies in the log in which its cursor goes on from the one before: the
    /// rules of its channel may name another one by now.
    pub fn placed(&self) -> impl Iterator<Item = (LogId, &(Arc<Message>, Cursor))> {
        let mut before = &self.before;
        self.messages.iter().map(move |placed| {
            let (message, cursor) = placed;
            let goes_on = |log: LogId| before.part(log).is_none_or(|part| part.position < message.position);
            let here = cursor.parts().iter().filter(|part| part.position == message.position);
            let log = here.map(|part| part.log).find(|log| goes_on(*log)).unwrap_or(LogId::KEPT);
            before = cursor;
            (log, placed)
        })
    }
}
