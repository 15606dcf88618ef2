//! Requests of the server to elsewhere, guarded: whoever may name an address may not reach with it what only this machine
//! reaches.
//!
//! - [`Target`]: an address that may be called as far as its text goes;
//! - [`Addresses`]: which addresses may be connected to: public ones, and what the configuration allows;
//! - [`Resolver`]: who finds addresses of a name, asked once for each connection;
//! - [`Client`]: finds, checks every address, connects to a checked one and sends, within limits;
//! - [`EgressError`]: what was refused or failed, and why.
//!
//! It knows no messages. It is HTTP/1.1 without a pool: a connection carries one request, so it was checked for it.

mod address;
mod client;
mod connection;
mod crowd;
mod error;
mod exchange;
mod options;
mod redirect;
mod resolver;
mod target;

pub use address::{AddressKind, Addresses};
pub use client::Client;
pub use error::{EgressError, RedirectError, Step};
pub use exchange::{Answer, Call};
pub use ipnet::IpNet;
pub use options::Options;
pub use resolver::{Lookup, Resolver, SystemResolver};
pub use target::{Target, UrlError};
