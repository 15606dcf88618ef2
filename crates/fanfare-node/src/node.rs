//! The node's door for everything that asks and is answered.

use crate::Desk;
use fanfare_proto::{
    Channel, Cursor, Gap, Grant, History, Message, Namespaces, Origins, Pattern, Position, Publish, Refusal, Time,
};
use fanfare_store::{ChannelInfo, Log, LogStatus, Removal};
use std::sync::Arc;
use std::time::Duration;

/// What a node is made of.
pub struct Options {
    /// The rules of channels.
    pub namespaces: Arc<Namespaces>,
    /// Origins whose pages may read responses.
    pub origins: Origins,
    /// The kept log; the live one is the node's own.
    pub kept: Arc<dyn Log>,
    /// The clock.
    pub now: fn() -> Time,
}

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
    /// What was lost between the place asked and the first message.
    pub gap: Option<Gap>,
    /// Whether more messages lie after the page; paging backwards: before it.
    pub more: bool,
}

/// One running node. Cheap to clone; the node ends by [`Node::stop`].
#[derive(Clone)]
pub struct Node {}

impl Node {
    /// Starts the commit thread and the reader threads.
    pub fn start(_options: Options) -> Result<Node, Refusal> {
        todo!()
    }

    /// Publishes each message on its own; the answers are in the order of the messages.
    pub async fn publish(&self, _grant: &Grant, _messages: Vec<Publish>) -> Vec<Result<Receipt, Refusal>> {
        todo!()
    }

    /// Publishes all messages or none, at consecutive positions of one log (design rule 22).
    pub async fn publish_atomic(&self, _grant: &Grant, _messages: Vec<Publish>) -> Result<Vec<Receipt>, Refusal> {
        todo!()
    }

    /// Reads one page.
    pub async fn history(&self, _grant: &Grant, _history: &History) -> Result<HistoryPage, Refusal> {
        todo!()
    }

    /// Channels that a pattern means, by name, after a name.
    pub async fn channels(
        &self,
        _grant: &Grant,
        _pattern: &Pattern,
        _after: &str,
        _limit: usize,
    ) -> Result<Vec<ChannelInfo>, Refusal> {
        todo!()
    }

    /// Removes messages; answers whether there was anything to remove.
    pub async fn remove(&self, _grant: &Grant, _channel: &Channel, _removal: Removal) -> Result<bool, Refusal> {
        todo!()
    }

    /// The rules of channels.
    pub fn namespaces(&self) -> &Arc<Namespaces> {
        todo!()
    }

    /// Origins whose pages may read responses.
    pub fn origins(&self) -> &Origins {
        todo!()
    }

    /// The node's clock.
    pub fn now(&self) -> Time {
        todo!()
    }

    /// Numbers of the logs, kept first.
    pub fn status(&self) -> [LogStatus; 2] {
        todo!()
    }

    /// Why the node cannot publish to kept channels or should get no new sessions, if so: `/readyz`.
    pub fn trouble(&self) -> Option<Refusal> {
        todo!()
    }

    /// The part of the node that belongs to one worker. `wake` is called from other threads when the desk has
    /// something to do; it must be quick and may come early, late or twice.
    pub fn desk(&self, _wake: Arc<dyn Fn() + Send + Sync>) -> Desk {
        todo!()
    }

    /// From now on nothing new is accepted: publishes and sessions are refused with `DRAINING`.
    pub fn drain(&self) {
        todo!()
    }

    /// Whether [`Node::drain`] was called.
    pub fn is_draining(&self) -> bool {
        todo!()
    }

    /// Finishes what was accepted and ends the threads; waits at most so long. Blocks.
    pub fn stop(&self, _patience: Duration) {
        todo!()
    }
}
