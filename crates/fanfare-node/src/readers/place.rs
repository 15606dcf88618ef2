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

/// The messages of a page.
pub(super) fn held(page: &HistoryPage) -> impl Iterator<Item = Held> {
    let held = |message: &Arc<Message>, log, cursor: &Cursor| Held {
        message: message.clone(),
        log,
        cursor: cursor.clone(),
    };
    page.placed().map(move |(log, (message, cursor))| held(message, log, cursor))
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
