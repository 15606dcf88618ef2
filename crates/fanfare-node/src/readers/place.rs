//! Where a reader's messages lie: in which log, and where there.

use fanfare_proto::{Channel, Cursor, HistoryPage, LogId, Message, Position};
use std::sync::Arc;

/// What names a message while its logs live.
pub(crate) type Place = (LogId, Position);

/// A message of the window.
pub(super) struct Held {
    pub(super) message: Arc<Message>,
    pub(super) log: LogId,
    /// Where a reader is that has heard it and all before it.
    pub(super) cursor: Cursor,
}

impl Held {
    pub(super) fn place(&self) -> Place {
        (self.log, self.message.position)
    }

    /// What it is found by.
    pub(super) fn named(&self) -> (Place, Channel) {
        (self.place(), self.message.channel.clone())
    }
}

/// The messages of a page. Each lies in the log in which its cursor goes on from the one before: the rules of its channel may
/// name another one by now.
pub(super) fn held(page: &HistoryPage) -> impl Iterator<Item = Held> {
    let mut before = &page.before;
    page.messages.iter().map(move |(message, cursor)| {
        let goes_on = |log: LogId| before.part(log).is_none_or(|part| part.position < message.position);
        let here = cursor.parts().iter().filter(|part| part.position == message.position);
        let log = here.map(|part| part.log).find(|log| goes_on(*log)).unwrap_or(LogId::KEPT);
        before = cursor;
        Held { message: message.clone(), log, cursor: cursor.clone() }
    })
}

/// A message that was given too often.
pub(super) struct Spent {
    pub(super) place: Place,
    pub(super) message: Arc<Message>,
    pub(super) attempts: u32,
}

impl Spent {
    pub(super) fn new(held: &Held, attempts: u32) -> Spent {
        Spent { place: held.place(), message: held.message.clone(), attempts }
    }
}
