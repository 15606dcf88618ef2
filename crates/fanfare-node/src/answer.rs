//! What a node answers.

use fanfare_proto::{Channel, Cursor, Gap, Message, Position, Time};
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
