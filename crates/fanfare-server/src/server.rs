//! The parts put together: a store, a node over it, the API over the node, the transport before both.

use crate::clock::{self, now};
use crate::config::Config;
use crate::error::StartError;
use crate::metrics::Watcher;
use crate::{descriptors, listen};
use fanfare_egress::{Addresses, Client};
use fanfare_gateway::{Deliveries, WebhookGateway};
use fanfare_node::{Node, Traces, Webhooks};
use fanfare_proto::{Grant, Origins, limits};
use fanfare_source::{Host, Source, Sources};
use fanfare_store::{Beyond, Log, SqliteLog, SqliteOptions};
use fanfare_transport::{Running, Transport};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A server that serves until [`Server::stop`].
pub struct Server {
    data: PathBuf,
    node: Node,
    sources: Sources,
    deliveries: Deliveries,
    running: Running,
}

impl Server {
    /// Whether a configuration without errors can be served, as far as that can be known before.
    pub fn check(config: &Config) -> Result<(), StartError> {
        listen::check(config.listen, config)
    }

    /// Opens the store, starts the node and lets readers and publishers in. Whoever traces is told of what they do.
    pub fn start(config: &Config, traces: Option<Arc<dyn Traces>>) -> Result<Server, StartError> {
        let given = listen::given()?;
        let address = given.as_ref().map_or(Ok(config.listen), TcpListener::local_addr)?;
        listen::check(address, config)?;
        descriptors::raise();
        let namespaces = Arc::new(config.rules());
        let store = |error| StartError::Store { path: config.data.clone(), error };
        let options = SqliteOptions { bytes: config.store_bytes, ..SqliteOptions::default() };
        let kept = Arc::new(SqliteLog::open(&config.data, namespaces.clone(), options).map_err(store)?);
        kept.beyond().iter().for_each(tell_beyond);
        clock::start_from(kept.status().time);
        let listener = given.map_or_else(|| listen::bind(config), Ok)?;
        let origins = origins(config);
        let tail = limits::TAIL_SLOTS;
        let webhooks = Webhooks::new(kept.clone());
        let node =
            Node::start(fanfare_node::Options { namespaces, origins, kept, tail, now, system: clock::wall })
                .map_err(store)?;
        node.set_presence_grace(config.presence_grace);
        if let Some(traces) = &traces {
            node.trace(traces.clone());
        }
        let grant = Arc::new(Grant::open());
        let mut options = fanfare_api::Options {
            grant: grant.clone(),
            webhooks: webhooks.clone(),
            addresses: Addresses::allowing(config.egress_allow.clone()),
            traces,
            ..fanfare_api::Options::default()
        };
        let watcher =
            Watcher::new(node.clone(), webhooks.clone(), options.counts.clone(), config.data.clone());
        options.scrape = watcher.scrape();
        let api = fanfare_api::api(node.clone(), options);
        let workers = config.workers.count().get();
        let options = fanfare_transport::Options { workers, grant, ..fanfare_transport::Options::default() };
        let running = Transport::start(listener, node.clone(), fanfare_transport::api(api), options)?;
        watcher.watch(running.watch());
        let deliveries = deliver(config, node.clone(), webhooks)?;
        let sources = Sources::start(node.clone(), sources(config))?;
        let data = config.data.canonicalize().unwrap_or_else(|_| config.data.clone());
        if !running.address().ip().to_canonical().is_loopback() {
            tracing::warn!(address = %running.address(), "everyone who reaches this address may do everything");
        }
        tracing::debug!(address = %running.address(), data = %data.display(), workers, "started");
        Ok(Server { data, node, sources, deliveries, running })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.running.address()
    }

    /// Where its messages are kept.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Takes over what a running server can: what [`Change::Running`](crate::config::Change) says.
    pub(crate) fn take(&self, config: &Config) {
        self.node.set_origins(origins(config));
        self.node.set_presence_grace(config.presence_grace);
    }

    /// Takes no new sessions and publishes, answers what is in progress, tells readers to come back, and finishes
    /// what was accepted. Readers come back over this time. Blocks until all is done.
    pub fn stop(self, return_over: Duration) {
        tracing::info!(sessions = self.running.sessions(), "ending; a second signal ends at once");
        self.sources.stop();
        self.deliveries.stop();
        // First of all: who is refused from now on and comes again comes to the next server.
        self.running.close();
        self.node.drain();
        self.running.drain(return_over);
        self.running.join();
        self.node.stop();
        tracing::info!("ended");
    }
}

/// The gateways, each with what it needs.
fn deliver(config: &Config, node: Node, webhooks: Webhooks) -> std::io::Result<Deliveries> {
    let addresses = Addresses::allowing(config.egress_allow.clone());
    let client = Client::new(fanfare_egress::Options { addresses, ..fanfare_egress::Options::default() });
    let gateway = Box::new(WebhookGateway::new(client, now));
    Deliveries::start(node, webhooks, gateway, fanfare_gateway::Options::default())
}

fn tell_beyond(beyond: &Beyond) {
    let Beyond { namespace, messages, bytes } = beyond;
    let namespace = namespace.as_ref().map_or("(the whole store)", |pattern| pattern.as_str());
    tracing::warn!(
        namespace,
        messages,
        bytes,
        "the store has more than the rules of today keep: these messages, or the oldest of so many bytes, are being removed \
         now; if that is a mistake, stop the server and restore a backup with the rules that kept them"
    );
}

fn origins(config: &Config) -> Origins {
    Origins::new(config.origins.iter().map(String::as_str))
}

fn sources(config: &Config) -> Vec<Box<dyn Source>> {
    let host = config.host.then(|| Box::new(Host::new(&config.data)) as Box<dyn Source>);
    host.into_iter().collect()
}
