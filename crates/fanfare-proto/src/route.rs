//! Who answers a request: the worker that owns the socket, for what is held open, or the API, for all else.

use crate::{Subscribe, Wire};
use std::time::Duration;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// The socket is held open and the worker answers.
    Hold(Hold),
    /// It is answered at once, by the API.
    Call,
}

/// A request that is held open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// How its events look on the wire.
    pub wire: Wire,
    /// What it wants to hear, and from where.
    pub subscribe: Subscribe,
    /// For an answer: how long to wait for something to say, at most [`limits::POLL_WAIT`](crate::limits::POLL_WAIT).
    /// `None` for a stream.
    pub wait: Option<Duration>,
}
