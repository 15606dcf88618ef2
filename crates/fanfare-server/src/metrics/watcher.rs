//! Who asks all parts of the server for their numbers.

use super::samples;
use super::system::System;
use fanfare_api::{Counts, Scrape};
use fanfare_node::{Node, ReaderStatus, WebhookHealth, Webhooks};
use fanfare_proto::Time;
use fanfare_transport::Watch;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::spawn_blocking;

/// Knows all parts.
pub(crate) struct Watcher {
    node: Node,
    webhooks: Webhooks,
    counts: Arc<Counts>,
    /// It starts last.
    transport: OnceLock<Watch>,
    data: PathBuf,
    started: Instant,
    /// The same by the clock, since 1970.
    started_at: Duration,
}

/// What all parts say.
pub(super) struct Seen {
    pub(super) node: fanfare_node::Figures,
    /// The patterns of namespaces, in order.
    pub(super) namespaces: Vec<String>,
    /// By id.
    pub(super) webhooks: Vec<(Box<str>, WebhookHealth)>,
    /// By name, each with when its oldest message was accepted that is not done.
    pub(super) readers: Vec<(ReaderStatus, Option<Time>)>,
    /// Now, by the node's clock.
    pub(super) now: Time,
    pub(super) counts: Arc<Counts>,
    /// `None` before it serves.
    pub(super) transport: Option<fanfare_transport::Figures>,
    pub(super) system: System,
    pub(super) uptime: Duration,
    pub(super) started_at: Duration,
}

impl Watcher {
    pub(crate) fn new(node: Node, webhooks: Webhooks, counts: Arc<Counts>, data: PathBuf) -> Arc<Watcher> {
        #[expect(
            clippy::disallowed_methods,
            reason = "Prometheus compares it with the clocks of other machines"
        )]
        let started_at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (transport, started) = (OnceLock::new(), Instant::now());
        Arc::new(Watcher { node, webhooks, counts, transport, data, started, started_at })
    }

    /// From now on the transport is asked, too.
    pub(crate) fn watch(&self, transport: Watch) {
        let _ = self.transport.set(transport);
    }

    /// What makes the text of `/metrics`.
    pub(crate) fn scrape(self: &Arc<Watcher>) -> Scrape {
        let watcher = self.clone();
        Arc::new(move || {
            let watcher = watcher.clone();
            Box::pin(async move { samples::text(watcher.see().await) })
        })
    }

    async fn see(&self) -> Seen {
        let data = self.data.clone();
        // A process with many descriptors takes a while to count them, which no worker waits for.
        let system = spawn_blocking(move || System::read(&data));
        let node = self.node.figures().await;
        Seen {
            node,
            namespaces: self.node.namespaces().iter().map(|(_, rule)| rule.pattern.to_string()).collect(),
            webhooks: self.webhooks.health_of_all(),
            readers: self.node.acked_reader_figures().await,
            now: self.node.now(),
            counts: self.counts.clone(),
            transport: self.transport.get().map(Watch::figures),
            system: system.await.unwrap_or_default(),
            uptime: self.started.elapsed(),
            started_at: self.started_at,
        }
    }
}
