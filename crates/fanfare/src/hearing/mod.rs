//! Hearing for long: one session over many connections, and a place that outlives both.

mod handler;
mod line;
mod place;
mod session;

pub use handler::Handler;
pub use place::Place;
pub use session::{Session, Start};
