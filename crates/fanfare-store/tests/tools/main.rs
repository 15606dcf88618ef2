//! What looks at a store and moves it, beside the server: checks, backups, restoring, exports.

// A panic is how a test says that something is wrong.
#![allow(clippy::unwrap_used)]

mod backups;
mod damage;
mod salvage;
mod store;
mod targets;
