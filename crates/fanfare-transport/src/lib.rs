//! Sockets: everything between the listener and the node.
//!
//! - the [acceptor](acceptor) gives each socket to a [worker](worker);
//! - the worker reads heads, and its [front](front) decides: what is held open stays with the worker, on a raw
//!   [socket](socket) with a session at the node's desk; everything else is a [call](call) of the API, over hyper,
//!   which sees only what the strict parser [passed](checked);
//! - deadlines are in the worker's [wheel](wheel).
//!
//! The transport knows no routes of the API, and decides nothing about messages: that is the node's.

mod acceptor;
mod call;
mod checked;
mod front;
mod mailbox;
mod options;
mod pace;
mod room;
mod server;
mod socket;
mod wheel;
mod worker;

pub use call::{Api, BoxError, api};
pub use options::{Options, Patience};
pub use server::{Running, Transport};
