//! The one loop over all targets: a task for each, as long as it is there.

use crate::gateway::Gateway;
use crate::shared::{Options, Shared};
use crate::walk::Walk;
use fanfare_node::{Node, Webhooks};
use fanfare_proto::limits;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Threads for what waits: names that are looked up, and records.
const BLOCKING_THREADS: usize = limits::EGRESS_LOOKUPS + 4;
/// Before records are read again that could not be.
const TROUBLE_TIME: Duration = Duration::from_secs(1);

/// Deliveries that go on until [`Deliveries::stop`].
pub struct Deliveries {
    stop: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl Deliveries {
    /// Begins to deliver to all webhooks, and to those that come.
    pub fn start(
        node: Node,
        webhooks: Webhooks,
        gateway: Box<dyn Gateway>,
        options: Options,
    ) -> io::Result<Deliveries> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(BLOCKING_THREADS).build()?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared { node, webhooks, gateway, options });
        let run = move || runtime.block_on(run(shared, stopped));
        let thread = std::thread::Builder::new().name("gateways".into()).spawn(run)?;
        Ok(Deliveries { stop, thread: Some(thread) })
    }

    /// Sends no more. What is on its way is dropped and sent again by the next server; how far each is, is kept.
    pub fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(shared: Arc<Shared>, mut stop: watch::Receiver<bool>) {
    let news = watch::Sender::new(0u64);
    let ring = news.clone();
    shared.node.watch(Arc::new(move || ring.send_modify(|rings| *rings = rings.wrapping_add(1))));
    let mut changes = shared.webhooks.changes();
    let (mut walks, mut tasks) = (HashMap::new(), JoinSet::new());
    while !*stop.borrow() {
        changes.borrow_and_update();
        let known = follow(&shared, &mut walks, &mut tasks, &news, &stop).await;
        tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = changes.changed() => {}
            () = tokio::time::sleep(TROUBLE_TIME), if !known => {}
        }
        // Those that ended are not held.
        while tasks.try_join_next().is_some() {}
    }
    while tasks.join_next().await.is_some() {}
}

/// Begins a walk for each webhook that has none, and ends those whose webhook is gone; answers whether that is known.
async fn follow(
    shared: &Arc<Shared>,
    walks: &mut HashMap<Box<str>, tokio::task::AbortHandle>,
    tasks: &mut JoinSet<()>,
    news: &watch::Sender<u64>,
    stop: &watch::Receiver<bool>,
) -> bool {
    let entries = match shared.webhooks.all().await {
        Ok(list) => list.entries,
        Err(refusal) => {
            tracing::warn!(%refusal, "the webhooks cannot be read; nothing new is delivered until they can");
            return false;
        }
    };
    walks.retain(|id, walk| {
        let is_there = entries.iter().any(|entry| entry.webhook.id == *id);
        if !is_there {
            walk.abort();
            shared.webhooks.forget(id);
        }
        is_there
    });
    for entry in entries {
        walks.entry(entry.webhook.id.clone()).or_insert_with(|| {
            shared.webhooks.attend(&entry.webhook.id);
            tasks.spawn(Walk::new(shared.clone(), entry, news.subscribe(), stop.clone()).run())
        });
    }
    true
}
