//! Hearing for long: what is done with each message, and a place that outlives the process.

mod handler;
mod place;
mod session;
mod turn;

pub use handler::Handler;
pub use place::Place;
pub use session::Session;
pub use turn::Turn;
