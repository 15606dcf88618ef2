//! The seam between a node and what keeps its messages.

use fanfare_proto::{Channel, Content, Epoch, Gap, Message, Pattern, Position, Selection, Time};
use std::sync::Arc;

/// A message that has no position yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// Where to.
    pub channel: Channel,
    /// The publisher's idempotency key.
    pub id: Option<Box<str>>,
    /// Who publishes.
    pub publisher: Option<Box<str>>,
    /// Not delivered from this moment on.
    pub expires: Option<Time>,
    /// What is said.
    pub content: Content,
}

impl Draft {
    /// Whether it is for a moment, if it is accepted then: a log gives it a position, and keeps nothing of it.
    pub(crate) fn is_momentary(&self, time: Time) -> bool {
        self.expires.is_some_and(|expires| expires <= time)
    }

    /// The message that it becomes, behind one of its channel.
    pub(crate) fn at(self, position: Position, previous: Option<Position>, time: Time) -> Message {
        let Draft { channel, id, publisher, expires, content } = self;
        let previous = previous.filter(|previous| *previous > Position::START);
        Message { channel, position, previous, time, id, publisher, expires, content }
    }
}

/// A message that others may edit or delete, if it is one.
#[derive(Debug, Clone)]
pub struct Original {
    /// As it was said, or what is left of it.
    pub message: Arc<Message>,
    /// When it expires as its newest edit has it.
    pub expires: Option<Time>,
}

/// In which direction a page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// The oldest after the place.
    Forward,
    /// The newest before the place. The page's messages still come in rising order.
    Backward,
}

/// A request for one page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Read {
    /// Which channels.
    pub selection: Selection,
    /// The place: exclusive when forward, exclusive when backward too.
    pub from: Position,
    /// Its reader was shown nothing of what lies up to here: of that, no edit and no delete is told where what is current is
    /// shown.
    pub began: Position,
    /// In which direction.
    pub order: Order,
    /// Messages at the most.
    pub messages: usize,
    /// Bytes of contents at the most; one message more may pass it.
    pub bytes: usize,
}

/// One page of a log.
#[derive(Debug, Clone)]
pub struct Page {
    /// The wanted messages, in rising order of position. Expired ones included.
    pub messages: Vec<Arc<Message>>,
    /// Everything wanted between the place asked and here (this one included) is in the page. Forward it is at
    /// least the last message's position, and the head when there is no more.
    pub through: Position,
    /// What retention or a purge took from the wanted channels after the place asked (forward only).
    pub gap: Option<Gap>,
}

/// What to remove. Positions stay used; readers behind are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removal {
    /// One message.
    Message(Position),
    /// All messages of a channel.
    Purge(Channel),
    /// All messages of a channel and the channel itself.
    Drop(Channel),
}

/// What a step of trimming did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Trimmed {
    /// Messages removed that were too old or too many.
    pub removed: u64,
    /// Messages removed that were superseded.
    pub superseded: u64,
    /// The newest one that retention removed since the step before.
    pub through: Position,
    /// Whether another step would remove more now.
    pub more: bool,
}

/// What is known of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelInfo {
    /// Its name.
    pub channel: Channel,
    /// Its newest message ever.
    pub head: Position,
    /// Messages ever; from 0 again once the channel was forgotten.
    pub published: u64,
    /// Messages kept.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
    /// Everything up to here is gone.
    pub trimmed_through: Position,
}

/// What is known of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStatus {
    /// Which life of the log this is.
    pub epoch: Epoch,
    /// The newest position given out and kept as promised.
    pub head: Position,
    /// The time of the newest message ever; new ones are not earlier.
    pub time: Time,
    /// Messages kept.
    pub messages: u64,
    /// Bytes of their contents.
    pub bytes: u64,
}

/// What a log has met since it was opened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Incidents {
    /// How often it took no more because the disk had failed.
    pub failures: u64,
    /// How often it took no more because what is stored is damaged.
    pub damages: u64,
    /// The first damage that was met, by whoever read or wrote; forgotten when a check of all that is stored finds none.
    pub damage: Option<StoreError>,
}

/// Why a log could not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// No room on the disk, or in memory; the same may succeed once there is room.
    #[error("the store has no room left: {0}")]
    Full(String),
    /// The disk failed. Where it failed a write, the log takes no more until the store has been checked, which it does
    /// by itself, every few seconds.
    #[error("the disk failed, and what it failed to write was not kept: {0}")]
    Failed(String),
    /// What is stored is damaged, or a disk could not read it. Where a write met that, the log takes no more as long as a
    /// check of all that is stored finds damage.
    #[error("the store is damaged: {0}; `fanfare db check` tells what is")]
    Corrupt(String),
    /// Another process has it open.
    #[error("{0}")]
    InUse(String),
    /// The place cannot hold a store: no permission, not a directory, somebody else's file.
    #[error("the store cannot be opened: {0}")]
    Unusable(String),
    /// Written by a newer version.
    #[error(
        "the store has schema version {found}; this server knows versions up to {known}: use a newer server"
    )]
    Newer {
        /// The version found.
        found: u32,
        /// The newest known.
        known: u32,
    },
}

/// Where messages are ordered and kept. All calls may come from any thread; [`append`](Log::append),
/// [`remove`](Log::remove) and [`trim`](Log::trim) are made by one thread at a time.
pub trait Log: Send + Sync {
    /// Appends all drafts, in order, or none, and answers them as messages. When this returns, they are kept as
    /// the log promises. Their time is `now`, or the log's newest time if that is later.
    fn append(&self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError>;

    /// Reads one page.
    fn read(&self, read: &Read) -> Result<Page, StoreError>;

    /// The message at a position, if it is one of this channel. For whoever appends: it does not wait for readers.
    fn original(&self, channel: &Channel, position: Position) -> Result<Option<Original>, StoreError>;

    /// The place just before the first message accepted at or after a moment; the head if there is none.
    fn find(&self, time: Time) -> Result<Position, StoreError>;

    /// Channels that a pattern means, by name, after a name, at most so many.
    fn channels(&self, pattern: &Pattern, after: &str, limit: usize) -> Result<Vec<ChannelInfo>, StoreError>;

    /// Removes messages. Answers whether there was anything to remove.
    fn remove(&self, removal: &Removal) -> Result<bool, StoreError>;

    /// Does one short step (at most 20 ms) of what retention and clean-up ask for.
    fn trim(&self, now: Time) -> Result<Trimmed, StoreError>;

    /// Numbers about the log; cheap.
    fn status(&self) -> LogStatus;

    /// Why the log takes no more messages, if so. A full disk is not among it: the next message may find room.
    fn trouble(&self) -> Option<StoreError> {
        None
    }

    /// What went wrong so far, whether or not it still does. Damage that is only read closes nothing and is among it.
    fn incidents(&self) -> Incidents {
        Incidents::default()
    }
}
