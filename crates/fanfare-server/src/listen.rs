//! The listener, and who may be let in.
//!
//! It is a new socket, or one that whoever started the server has open already (sd_listen_fds(3)). Such a socket stays
//! open between one server and the next: who connects meanwhile waits, and nobody is refused.

use crate::config::Config;
use crate::error::StartError;
use listenfd::ListenFd;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// The socket that was handed over, if one was.
pub(crate) fn given() -> Result<Option<TcpListener>, StartError> {
    let mut sockets = ListenFd::from_env();
    match sockets.len() {
        0 => Ok(None),
        1 => sockets.take_tcp_listener(0).map_err(StartError::NoListener),
        several => Err(StartError::SeveralSockets(several)),
    }
}

/// Refuses an address that others can reach, unless that is wanted.
pub(crate) fn check(address: SocketAddr, config: &Config) -> Result<(), StartError> {
    if address.ip().to_canonical().is_loopback() || config.insecure_open {
        return Ok(());
    }
    Err(StartError::Open(address))
}

/// Listens where the configuration says.
pub(crate) fn bind(config: &Config) -> Result<TcpListener, StartError> {
    let address = config.listen;
    TcpListener::bind(address).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => StartError::AddressInUse(address),
        _ => StartError::Address { address, error },
    })
}
