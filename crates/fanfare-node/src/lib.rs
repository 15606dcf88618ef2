//! One running node: the commit thread, the tail, the reader threads and the part that every worker shares.
//!
//! - [`Node`]: the door for everything that asks and is answered: publish, history, channels, removal;
//! - [`Desk`]: one worker's sessions. It decides what to write to whom and when; the sockets are the worker's.

mod desk;
mod node;

pub use desk::{Desk, Opening, Outcome, SessionKey, Sink};
pub use node::{HistoryPage, Node, Options, Receipt};
