//! What tests of the running command share: a server as a child process and bare requests to it.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod server;
