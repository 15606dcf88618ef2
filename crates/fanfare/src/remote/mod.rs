//! A Fanfare server as a command sees it: which one, and what its refusals mean for how the command ends.

mod server;
mod trouble;

pub use server::{Remote, ServerArgs};
