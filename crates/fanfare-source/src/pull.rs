//! The one loop over all sources.

use crate::source::Source;
use fanfare_node::Node;
use fanfare_proto::Grant;
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;
use tokio::sync::Notify;
use tokio::time::sleep_until;

/// Sources that are asked until [`Sources::stop`].
pub struct Sources {
    stop: Arc<Notify>,
    thread: Option<JoinHandle<()>>,
}

/// A source, and when it is asked next.
struct Turn {
    source: Box<dyn Source>,
    due: Instant,
}

impl Sources {
    /// Begins to ask these sources. Without any there is no thread.
    pub fn start(node: Node, sources: Vec<Box<dyn Source>>) -> io::Result<Sources> {
        let stop = Arc::new(Notify::new());
        if sources.is_empty() {
            return Ok(Sources { stop, thread: None });
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let told = stop.clone();
        let now = Instant::now();
        let turns = sources.into_iter().map(|source| Turn { source, due: now }).collect();
        let run = move || runtime.block_on(run(&node, turns, &told));
        let thread = std::thread::Builder::new().name("sources".into()).spawn(run)?;
        Ok(Sources { stop, thread: Some(thread) })
    }

    /// Asks no more. Waits for what is being published.
    pub fn stop(mut self) {
        self.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(node: &Node, mut turns: Vec<Turn>, stop: &Notify) {
    loop {
        let Some(next) = turns.iter_mut().min_by_key(|turn| turn.due) else { return };
        tokio::select! {
            () = stop.notified() => return,
            () = sleep_until(next.due.into()) => {}
        }
        let now = Instant::now();
        let messages = next.source.pull(now);
        // Where it was late, or the machine slept, nothing is made up for.
        next.due = (next.due + next.source.every()).max(now);
        for answer in node.publish(&Grant::open(), messages).await {
            if let Err(refusal) = answer {
                tracing::debug!(source = next.source.name(), %refusal, "a message of a source was refused");
            }
        }
    }
}
