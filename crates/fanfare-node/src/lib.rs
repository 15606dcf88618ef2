//! One running node: the commit thread, the tail, the reader threads and the part that every worker shares.
//!
//! - [`Node`]: the door for everything that asks and is answered: publish, history, channels, removal;
//! - [`Desk`]: one worker's sessions. It decides what to write to whom and when; the sockets are the worker's.

mod answer;
mod commit;
mod commit_thread;
mod desk;
mod history;
mod ids;
mod lent;
mod locate;
mod node;
mod places;
mod reading;
mod tail;

pub use answer::{HistoryPage, Receipt};
pub use desk::{Desk, Opening, Outcome, SessionKey, Sink};
pub use node::{Node, Options};
