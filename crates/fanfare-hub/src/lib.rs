//! Who hears: given a channel, which sessions; given a place, which messages.
//!
//! - [`Interests`]: equal selections kept once, with the sessions that share each, found by the channels they want;
//! - [`Filters`]: equal filters kept once, and each asked once of each message;
//! - [`Window`]: the newest messages of all logs in one order, with a mark beside each, and how a reader that
//!   comes from a log joins that order without a hole or a repeat;
//! - [`AckWindow`]: what the members of an acked reader were given, and what of it is done;
//! - [`Presence`]: who is on which channel, and what is to be told of it.
//!
//! Everything here is a pure value: no socket, no thread, no clock.

mod acking;
mod entries;
mod filters;
mod ids;
mod index;
mod interest;
mod names;
mod presence;
mod table;
mod window;

pub use acking::{AckWindow, Handing, MemberId, speakers, was_given};
pub use entries::{Interest, InterestId};
pub use filters::Filters;
pub use interest::{Interests, Membership};
pub use presence::Presence;
pub use window::{Slot, Window};
