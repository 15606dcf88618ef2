//! The composition root: configuration in, running server out.
//!
//! - [`config`]: one list of options; a file, the environment and flags write to it;
//! - [`Server`]: a store, a node, the API and the transport, put together from a [`Config`].

pub mod config;

pub use config::{Config, ConfigError};
