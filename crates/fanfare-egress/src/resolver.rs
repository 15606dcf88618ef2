//! Who finds the addresses of a name. Asked once for each connection: what it answers is checked, and what was checked is
//! connected to.

use fanfare_proto::limits;
use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Addresses on their way.
pub type Lookup<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a name.
pub trait Resolver: Send + Sync {
    /// All of them; they need not be trusted.
    fn addresses<'a>(&'a self, name: &'a str) -> Lookup<'a>;
}

/// What the system says (`getaddrinfo`): its files, its servers, its cache.
pub struct SystemResolver {
    lookups: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> SystemResolver {
        SystemResolver { lookups: Arc::new(Semaphore::new(limits::EGRESS_LOOKUPS)) }
    }
}

impl Resolver for SystemResolver {
    fn addresses<'a>(&'a self, name: &'a str) -> Lookup<'a> {
        Box::pin(async move {
            let permit = self.lookups.clone().acquire_owned().await.map_err(io::Error::other)?;
            let name = name.to_owned();
            let found = tokio::task::spawn_blocking(move || {
                // Whoever asked may have gone; the thread is taken until the system answers.
                let _permit = permit;
                (name.as_str(), 0).to_socket_addrs().map(|found| found.map(|address| address.ip()).collect())
            });
            found.await.map_err(io::Error::other)?
        })
    }
}
