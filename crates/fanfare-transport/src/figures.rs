//! What the transport has counted, for whoever watches it. Each worker counts for itself; nothing is summed before
//! somebody asks.

use crate::counts::Counts;
use crate::mailbox::Mailbox;
use crate::room::Room;
use fanfare_node::{Count, Refusals};
use fanfare_proto::Code;
use std::sync::Arc;

/// Reads the numbers of a transport, for as long as one likes.
#[derive(Clone)]
pub struct Watch {
    room: Arc<Room>,
    mailboxes: Vec<Arc<Mailbox>>,
}

/// A transport in numbers.
#[derive(Debug)]
pub struct Figures {
    /// Sockets that are open, and how many may be.
    pub sockets: (u64, u64),
    /// Sessions that are held open, and how many may be.
    pub sessions: (u64, u64),
    /// Sockets that were accepted.
    pub accepted: u64,
    /// Responses that were begun and are held open.
    pub held: u64,
    /// Connections that became WebSockets.
    pub upgraded: u64,
    /// Publishes that workers answered themselves: accepted.
    pub published: u64,
    /// Known already.
    pub repeated: u64,
    /// Refused.
    pub unpublished: Vec<(&'static Code, u64)>,
    /// Requests that came no further than the front.
    pub refused: Vec<(&'static Code, u64)>,
}

impl Watch {
    pub(crate) fn new(room: Arc<Room>, mailboxes: Vec<Arc<Mailbox>>) -> Watch {
        Watch { room, mailboxes }
    }

    /// The numbers now.
    pub fn figures(&self) -> Figures {
        let sum = |number: fn(&Counts) -> &Count| {
            self.mailboxes.iter().map(|mailbox| number(&mailbox.counts).get()).sum()
        };
        Figures {
            sockets: (self.room.open(), self.room.sockets()),
            sessions: (self.room.held(), self.room.sessions()),
            accepted: sum(|counts| &counts.sockets),
            held: sum(|counts| &counts.held),
            upgraded: sum(|counts| &counts.upgraded),
            published: sum(|counts| &counts.published),
            repeated: sum(|counts| &counts.repeated),
            unpublished: self.refusals(|counts| &counts.unpublished),
            refused: self.refusals(|counts| &counts.refused),
        }
    }

    fn refusals(&self, of: fn(&Counts) -> &Refusals) -> Vec<(&'static Code, u64)> {
        let mut all: Vec<_> = Code::ALL.iter().map(|code| (*code, 0)).collect();
        for mailbox in &self.mailboxes {
            all.iter_mut().zip(of(&mailbox.counts).iter()).for_each(|(all, (_, more))| all.1 += more);
        }
        all
    }
}
