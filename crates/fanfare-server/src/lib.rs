//! The composition root: configuration in, running server out.
//!
//! - [`config`]: one list of options; a file, the environment and flags write to it;
//! - [`Server`]: a store, a node, the API and the transport, put together from a [`Config`];
//! - [`metrics`]: what it counts, for Prometheus;
//! - [`run`]: a server as a process, which signals end;
//! - [`Rereading`]: reading the configuration again while it runs;
//! - [`Traces`]: who is told of each request and each commit, if somebody is.

mod clock;
pub mod config;
mod descriptors;
mod error;
mod listen;
pub mod metrics;
mod rereading;
mod run;
mod server;

pub use config::{Config, ConfigError};
pub use error::StartError;
pub use fanfare_node::{CommitTrace, Period, RequestTrace, Traces};
pub use rereading::Rereading;
pub use run::{Ended, run};
pub use server::Server;
