//! The parts put together: a store, a node over it, the API over the node, the transport before both.

use crate::clock::now;
use crate::config::Config;
use crate::error::StartError;
use crate::metrics::Watcher;
use crate::{descriptors, listen};
use fanfare_node::Node;
use fanfare_proto::{Grant, Keeping, Namespace, Namespaces, Origins, Pattern, limits};
use fanfare_source::{Host, Source, Sources};
use fanfare_store::{SqliteLog, SqliteOptions};
use fanfare_transport::{Running, Transport};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Readers that are told to come back do so over this time, so that the next server is not run over.
const RETURN_WINDOW: Duration = Duration::from_secs(5);

/// A server that serves until [`Server::stop`].
pub struct Server {
    data: PathBuf,
    node: Node,
    sources: Sources,
    running: Running,
}

impl Server {
    /// Opens the store, starts the node and lets readers and publishers in.
    pub fn start(config: &Config) -> Result<Server, StartError> {
        listen::check(config)?;
        descriptors::raise();
        let namespaces = Arc::new(Namespaces::new(namespaces(config)));
        let store = |error| StartError::Store { path: config.data.clone(), error };
        let options = SqliteOptions { bytes: config.store_bytes, ..SqliteOptions::default() };
        let kept = Arc::new(SqliteLog::open(&config.data, namespaces.clone(), options).map_err(store)?);
        let listener = listen::bind(config)?;
        let origins = Origins::new(config.origins.iter().map(String::as_str));
        let tail = limits::TAIL_SLOTS;
        let node =
            Node::start(fanfare_node::Options { namespaces, origins, kept, tail, now }).map_err(store)?;
        let grant = Arc::new(Grant::open());
        let mut options = fanfare_api::Options { grant: grant.clone(), ..fanfare_api::Options::default() };
        let watcher = Watcher::new(node.clone(), options.counts.clone(), config.data.clone());
        options.scrape = watcher.scrape();
        let api = fanfare_api::api(node.clone(), options);
        let workers = config.workers.get();
        let options = fanfare_transport::Options { workers, grant, ..fanfare_transport::Options::default() };
        let running = Transport::start(listener, node.clone(), fanfare_transport::api(api), options)?;
        watcher.watch(running.watch());
        let sources = Sources::start(node.clone(), sources(config))?;
        let data = config.data.canonicalize().unwrap_or_else(|_| config.data.clone());
        if !running.address().ip().to_canonical().is_loopback() {
            tracing::warn!(address = %running.address(), "everyone who reaches this address may do everything");
        }
        tracing::debug!(address = %running.address(), data = %data.display(), workers, "started");
        Ok(Server { data, node, sources, running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Where its messages are kept.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Takes no new sessions and publishes, answers what is in progress, tells readers to come back, and finishes
    /// what was accepted. Blocks until all is done.
    pub fn stop(self) {
        tracing::info!(sessions = self.running.sessions(), "ending; a second signal ends at once");
        self.sources.stop();
        self.node.drain();
        self.running.drain(RETURN_WINDOW);
        self.running.join();
        self.node.stop();
        tracing::info!("ended");
    }
}

/// The configured rules, and those of the server's own sources where nobody has said otherwise.
fn namespaces(config: &Config) -> Vec<Namespace> {
    let own = config.host.then(|| Pattern::parse(HOST)).into_iter().flatten();
    let own = own.map(|pattern| Namespace::new(pattern, Keeping::Live));
    config.namespaces.iter().cloned().chain(own).collect()
}

/// The channels of this machine's figures.
const HOST: &str = "host/**";

fn sources(config: &Config) -> Vec<Box<dyn Source>> {
    let host = config.host.then(|| Box::new(Host::new(&config.data)) as Box<dyn Source>);
    host.into_iter().collect()
}
