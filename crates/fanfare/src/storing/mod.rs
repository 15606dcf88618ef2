//! What looking after a store needs beyond one command: where it is, what its refusals mean here, how far long work is,
//! and the files of exports and imports.

mod begun;
mod data;
mod export;
mod fingerprint;
mod import;
mod replacement;
mod target;
mod trouble;
mod watch;

pub use begun::Begun;
pub use data::{DataArgs, StoreArgs};
pub use export::{Chosen, Export};
pub use import::{Import, ImportOptions};
pub use target::Target;
pub use trouble::{after_damage, of_copy, of_store};
pub use watch::watch;
