//! What looking after a store needs beyond one command: where it is, what its refusals mean here, how far long work is,
//! and the files of exports and imports.

mod data;
mod export;
mod import;
mod trouble;
mod watch;

pub use data::{DataArgs, StoreArgs};
pub use export::{Export, Target};
pub use import::{Import, ImportOptions};
pub use trouble::{after_damage, of_copy, of_store};
pub use watch::watch;
