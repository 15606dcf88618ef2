//! What a subscription tells.

use crate::error::{Error, Refusal};
use crate::message::{Gap, Message};
use crate::transport::Transport;
use std::time::Duration;

/// Something that was heard.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A message.
    Message(Box<Message>),
    /// Messages may be missing; what follows is the oldest that is kept.
    Gap(Gap),
    /// Everything up to now has been heard; what follows is live. Without a start it is told at once, and once more behind
    /// the newest of each key where a namespace has those told first.
    CaughtUp,
    /// A sign of life: the cursor moved over what was not wanted.
    Alive,
    /// A part of what was asked for is refused; the rest goes on.
    Refused(Refusal),
    /// The connection changed.
    State(State),
}

/// What the connection is doing.
#[derive(Debug)]
#[non_exhaustive]
pub enum State {
    /// A transport is tried.
    Connecting {
        /// Which.
        transport: Transport,
    },
    /// The server has answered over it.
    Open {
        /// Which.
        transport: Transport,
    },
    /// The connection is lost, or was never there.
    Lost {
        /// Over which transport.
        transport: Transport,
        /// Why.
        why: Error,
        /// When the next is tried, over another transport if it is at once; `None` if once what was heard is taken.
        retry_in: Option<Duration>,
    },
}
