//! Sockets: everything between the listener and the node.
//!
//! - [`Transport`]: its threads, from [`Transport::start`] to [`Running::drain`];
//! - `acceptor`: gives each socket to the worker with the fewest, by its `mailbox`;
//! - `worker`: one thread with its sockets. Its `front` reads heads and decides: what is held open stays with the
//!   worker, on a raw `socket` with a session at the node's desk;
//! - `call`: everything else goes to the [`Api`] over hyper, which sees only what the strict parser `checked`;
//! - `http2`: connections of that version; a held-open stream is a session as a socket is;
//! - [`Watch`]: what its workers have counted, as [`Figures`];
//! - `wheel`, `pace`, `retry`, `room`: deadlines, slow bodies, when to come back, descriptors.
//!
//! The transport knows no routes of the API, and decides nothing about messages: that is the node's.

mod acceptor;
mod call;
mod checked;
mod counts;
mod figures;
mod front;
mod http2;
mod mailbox;
mod options;
mod pace;
mod retry;
mod room;
mod server;
mod socket;
mod wheel;
mod worker;

pub use call::{Api, BoxError, RequestBody, api};
pub use figures::{Figures, Watch};
pub use options::{Options, Patience};
pub use server::{Running, Transport};
