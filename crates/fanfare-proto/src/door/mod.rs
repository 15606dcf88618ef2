//! Doors: from the bytes of a request to what is to be published.
//!
//! A message is published **bare**, when its body is the request's body and its fields are headers or query
//! parameters ([`read_bare`]), or as an **envelope**, a JSON object of the same fields, alone, in an array or one a
//! line ([`read_batch`]). What a field may be is said once, in [`fields`].

mod bare;
mod batch;
mod fields;
pub(crate) mod item;
mod own;
mod parts;
mod tags;

pub(crate) use bare::read_headed;
pub use bare::{BARE_PARAMETERS, read_bare};
pub use batch::{Batch, read_batch};
pub(crate) use fields::{bad, short};
pub(crate) use item::read as read_item;
pub(crate) use own::{Own, outside, patterns};
pub use parts::{Part, Parts};
