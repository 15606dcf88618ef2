//! What tests of the running command share: a server as a child process, the command, and bare requests.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[cfg(feature = "otel")]
pub mod collector;
pub mod command;
pub mod disk;
pub mod guide;
pub mod http;
pub mod proxy;
pub mod server;
pub mod socket;
