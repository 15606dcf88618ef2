//! The listener, and who may be let in.

use crate::config::Config;
use crate::error::StartError;
use std::io::ErrorKind;
use std::net::TcpListener;

/// Refuses an address that others can reach, unless that is wanted.
pub(crate) fn check(config: &Config) -> Result<(), StartError> {
    if config.listen.ip().to_canonical().is_loopback() || config.insecure_open {
        return Ok(());
    }
    Err(StartError::Open(config.listen))
}

/// Listens.
pub(crate) fn bind(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen;
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => StartError::AddressInUse(address),
        _ => StartError::Address { address, error },
    })
}
