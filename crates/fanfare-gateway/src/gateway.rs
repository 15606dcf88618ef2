//! What a gateway is.

use bytes::Bytes;
use fanfare_proto::Webhook;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// How one service is given something. What is given to whom and when is the loop's.
pub trait Gateway: Send + Sync {
    /// A short stable name, for the log.
    fn name(&self) -> &'static str;
    /// Gives something to a target, once. May be dropped at any time.
    fn deliver<'a>(&'a self, delivery: &'a Delivery) -> Delivering<'a>;
}

/// A delivery on its way.
pub type Delivering<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What is given to whom.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// To whom.
    pub webhook: Webhook,
    /// The same for the same messages, however often they are tried.
    pub id: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// JSON.
    pub body: Bytes,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Taken,
    /// It was not; try again, not before a time if one was asked for.
    Failed {
        /// What went wrong, for the target's owner.
        why: String,
        /// What the target asked for.
        after: Option<Duration>,
    },
    /// The target says that it is no more.
    Gone,
    /// It was not tried: too much is on its way from here.
    Busy,
}
