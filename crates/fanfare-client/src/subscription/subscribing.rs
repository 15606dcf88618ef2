//! What is to be heard, before it is.

use super::Subscription;
use crate::ear::Start;
use crate::reach::Reach;
use crate::transport::Transport;
use crate::wanted::Wanted;
use std::fmt::Display;

/// A subscription that is being described; heard from when started.
#[derive(Debug, Clone)]
#[must_use = "nothing is heard until it is started"]
pub struct Subscribing {
    pub(super) reach: Reach,
    pub(super) wanted: Wanted,
    pub(super) start: Option<Start>,
    pub(super) transports: Vec<Transport>,
}

impl Subscribing {
    pub(crate) fn new(reach: Reach, channels: Vec<String>) -> Subscribing {
        let wanted = Wanted { channels, ..Wanted::default() };
        Subscribing { reach, wanted, start: None, transports: Transport::ALL.to_vec() }
    }

    /// Only messages that a filter accepts, such as `temp > 20 and room = "hall"`.
    pub fn filter(self, filter: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { filter: filter.into(), ..self.wanted }, ..self }
    }

    /// At most so many messages of each key, and without a key, a second, such as `2` or `0.5`; of each key the newest.
    pub fn rate(self, rate: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { rate: rate.into(), ..self.wanted }, ..self }
    }

    /// At most so many bytes a second, such as `50k`; of each key the newest.
    pub fn bytes(self, bytes: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { bytes: bytes.into(), ..self.wanted }, ..self }
    }

    /// Of what was said before, hears only the newest message of each channel and key; without a start, of all that is kept.
    pub fn latest(self, latest: bool) -> Subscribing {
        Subscribing { wanted: Wanted { latest, ..self.wanted }, ..self }
    }

    /// How what was edited or deleted is shown: `events` as it happened, or `current` as it is now, as far as it happened
    /// before this has caught up.
    pub fn view(self, view: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { view: view.into(), ..self.wanted }, ..self }
    }

    /// Has bodies sent as what has changed since the message before, where that is shorter. What is heard is the same; the
    /// newest body of each key is kept in memory for it.
    pub fn deltas(self, deltas: bool) -> Subscribing {
        Subscribing { wanted: Wanted { deltas, ..self.wanted }, ..self }
    }

    /// Is seen on the channels as this member, as long as it hears them; none of them is a pattern then.
    pub fn presence(self, member: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { presence: member.into(), ..self.wanted }, ..self }
    }

    /// Hears as an acked reader, whose place the server keeps: it goes on where it was, without a cursor, and what it has
    /// done is said by [`Subscription::ack`]. What it has not is given again (`docs/readers.md`). Where to begin counts when
    /// the reader is made by this.
    pub fn reader(self, name: impl Into<Option<String>>) -> Subscribing {
        Subscribing { wanted: Wanted { reader: name.into(), ..self.wanted }, ..self }
    }

    /// As an acked reader, has so many messages at the most that are not done, 1 to 256. What is not begun was not given
    /// then, and counts as no attempt when this ends. A long poll asks on once [`Subscription::ack`] or
    /// [`Subscription::nack`] was said of all that it brought, and the next event is waited for.
    pub fn hand(self, messages: impl Into<Option<u16>>) -> Subscribing {
        let hand = messages.into().map(|messages| messages.to_string());
        Subscribing { wanted: Wanted { hand, ..self.wanted }, ..self }
    }

    /// Where to begin. Without this, with what comes next.
    pub fn start_at(self, start: impl Into<Option<Start>>) -> Subscribing {
        Subscribing { start: start.into(), ..self }
    }

    /// Begins with the newest messages.
    pub fn last(self, messages: u32) -> Subscribing {
        self.start_at(Start::Last(messages))
    }

    /// Begins with messages since a moment, or a time ago.
    pub fn since(self, moment: impl Display) -> Subscribing {
        self.start_at(Start::Since(moment.to_string()))
    }

    /// Begins with what follows what a cursor has heard.
    pub fn after(self, cursor: impl Display) -> Subscribing {
        self.start_at(Start::After(cursor.to_string()))
    }

    /// Only over these, tried in this order. An empty list changes nothing.
    pub fn transports(self, transports: impl IntoIterator<Item = Transport>) -> Subscribing {
        let transports: Vec<Transport> = transports.into_iter().collect();
        if transports.is_empty() { self } else { Subscribing { transports, ..self } }
    }

    /// Begins to hear, on a task of its own. Needs a tokio runtime, as `tokio::spawn` does.
    pub fn start(self) -> Subscription {
        Subscription::start(self)
    }
}
