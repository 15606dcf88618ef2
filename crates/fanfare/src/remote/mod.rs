//! A Fanfare server over HTTP: where it is, how its paths are written, what it answers and what it refuses.

mod connection;
mod envelope;
mod target;
mod trouble;

pub use connection::{Remote, ServerArgs, Silence, why};
pub use envelope::{Envelope, Lost};
pub use target::Target;
pub use trouble::{Duty, Refused, Trouble};
