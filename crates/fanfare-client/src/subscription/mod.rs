//! Hearing for long: one place over many connections.
//!
//! A task of its own, `run`, opens one connection after the other, as `path` says, and puts what it hears into a
//! bounded buffer. The [`Subscription`] takes it from there. Whoever takes too slowly loses the connection and not a
//! message: it is opened again, after the cursor, once the buffer is empty.

mod handle;
mod path;
mod run;
mod subscribing;

pub use handle::Subscription;
pub use subscribing::Subscribing;
