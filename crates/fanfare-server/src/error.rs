//! Why a server cannot start, and what to do about it.

use fanfare_store::StoreError;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Others could reach it, and nothing would hold them.
    #[error(
        "{0} can be reached from other machines, and everyone who reaches it could read and publish everything: \
         there is no access control yet"
    )]
    Open(SocketAddr),
    /// Somebody listens there already.
    #[error("another program listens on {0} already")]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {error}")]
    Address {
        /// Which.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// What was handed over is no listener.
    #[error("the socket that was handed over (LISTEN_FDS) is not one that listens for TCP: {0}")]
    NoListener(io::Error),
    /// More was handed over than is needed.
    #[error("{0} sockets were handed over (LISTEN_FDS); a server takes one")]
    SeveralSockets(usize),
    /// The store cannot be opened.
    #[error("{}", with_path(path, error))]
    Store {
        /// Which folder.
        path: PathBuf,
        /// Why.
        error: StoreError,
    },
    /// The system gives no threads or descriptors.
    #[error("the system does not give what a server needs: {0}")]
    System(#[from] io::Error),
}

/// A store's error, with the folder unless it says where by itself.
fn with_path(path: &Path, error: &StoreError) -> String {
    let (path, error) = (path.display().to_string(), error.to_string());
    if error.contains(&path) { error } else { format!("{path}: {error}") }
}

impl StartError {
    /// What to do next.
    pub fn advice(&self) -> &'static str {
        match self {
            StartError::Open(_) => {
                "listen on 127.0.0.1 and let a proxy that checks who comes pass requests on; or, where everybody who \
                 can reach the address may do everything, say --insecure-open"
            }
            StartError::AddressInUse(_) => {
                "is a server running already? Stop it, or choose another address with --listen"
            }
            StartError::Address { .. } => "choose an address of this machine with --listen",
            StartError::NoListener(_) | StartError::SeveralSockets(_) => {
                "have one `ListenStream=` in the socket unit, with an address and a port"
            }
            StartError::Store { error, .. } => match error {
                StoreError::InUse(_) => "one server at a time has a store; choose another with --data",
                StoreError::Newer { .. } => "start the newer version, or choose another store with --data",
                StoreError::Corrupt(_) => {
                    "nothing was changed: keep a copy of the folder, then restore a backup or choose another with \
                     --data"
                }
                StoreError::Full(_) => "make room on the disk",
                StoreError::Unusable(_) | StoreError::Failed(_) => {
                    "look whether it is a folder, is a store, can be written and has a healthy disk; or choose another with --data"
                }
            },
            StartError::System(_) => "look at the limits of this user (`ulimit -a`)",
        }
    }
}
