//! The checks that keep the house in order.
//!
//! - [`tree`]: the tracked files and the packages, read once;
//! - [`rust`]: a Rust file as a flat list of tokens, which is all the checks need;
//! - [`tidy`]: the checks, one file each, and their list.
//!
//! What a compiler, clippy, rustfmt or cargo-deny can hold is left to them.

pub mod rust;
pub mod tidy;
pub mod tree;
