//! A server, and where what it keeps lies.

use crate::world::NOW;
use fanfare_node::{Desk, Node, Options};
use fanfare_proto::{Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Time};
use fanfare_store::{MemoryLog, SqliteLog, SqliteOptions, Store};
use std::path::PathBuf;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Condvar, Mutex};

/// Woken by the node's threads.
pub type Bell = Arc<(Mutex<bool>, Condvar)>;

/// Where what is kept lies.
pub enum Home {
    Memory(Arc<MemoryLog>),
    Disk(PathBuf),
}

impl Home {
    pub fn in_memory() -> Home {
        Home::Memory(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())))
    }

    fn open(&self) -> Arc<dyn Store> {
        match self {
            Home::Memory(log) => log.clone(),
            Home::Disk(dir) => {
                // What happens rarely on a server happens often here.
                let options =
                    SqliteOptions { flush_every: 8, checkpoint_pages: 8, ..SqliteOptions::default() };
                Arc::new(SqliteLog::open(dir, namespaces(), options).unwrap())
            }
        }
    }

    /// A server on it, and its one desk.
    pub fn start(&self) -> (Node, Desk, Bell) {
        let now = || Time(NOW.fetch_add(1, SeqCst));
        let options = Options {
            namespaces: namespaces(),
            origins: Origins::default(),
            kept: self.open(),
            tail: 6,
            now,
            system: now,
        };
        let (node, bell) = (Node::start(options).unwrap(), Bell::default());
        let theirs = bell.clone();
        let wake = move || {
            *theirs.0.lock().unwrap() = true;
            theirs.1.notify_all();
        };
        let desk = Desk::new(node.clone(), Arc::new(wake));
        (node, desk, bell)
    }
}

fn namespaces() -> Arc<Namespaces> {
    let rule = |text, keeping, messages| {
        let mut namespace = Namespace::new(Pattern::parse(text).unwrap(), keeping);
        namespace.retention.messages = messages;
        namespace
    };
    Arc::new(Namespaces::new([
        rule("live/a", Keeping::Live, 5),
        rule("live/**", Keeping::Live, 1000),
        rule("few/**", Keeping::Kept, 4),
    ]))
}
