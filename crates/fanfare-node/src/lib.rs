//! One running node: the commit thread, the tail, the reader threads and the part that every worker shares.
//!
//! - [`Node`]: the door for everything that asks and is answered: publish, history, channels, removal;
//! - [`Desk`]: one worker's sessions. It decides what to write to whom and when; the sockets are the worker's.

mod commit;
mod commit_thread;
mod desk;
mod history;
mod ids;
mod lent;
mod locate;
mod node;
mod orders;
mod outgo;
mod places;
mod publish;
mod reading;
mod tail;

pub use desk::{Desk, Opening, Outcome, SessionKey, Sink, Task, Terms};
pub use node::{Node, Options};
pub use outgo::Outgo;
pub use publish::Pending;
