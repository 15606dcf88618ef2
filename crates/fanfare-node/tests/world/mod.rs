//! A node with a clock of its own, in memory or on a disk.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use fanfare_node::{Node, Options};
use fanfare_proto::{
    Grant, History, Keeping, LogId, Message, Namespace, Namespaces, Origins, Pattern, Start, Time, limits,
};
use fanfare_store::{MemoryLog, SqliteLog, SqliteOptions, Store};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// When all clocks begin: 2026-11-27T07:59:00Z, a Friday.
pub const BEGIN: u64 = 1_795_766_340_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// A clock that is moved, and how it is read.
pub type Clock = (&'static AtomicU64, fn() -> Time);

/// A clock of its own for each world: `now` of a node is a plain function.
#[macro_export]
macro_rules! clock {
    () => {{
        use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
        static CLOCK: AtomicU64 = AtomicU64::new($crate::world::BEGIN);
        (&CLOCK, (|| fanfare_proto::Time(CLOCK.load(SeqCst))) as fn() -> fanfare_proto::Time)
    }};
}

pub fn namespaces() -> Arc<Namespaces> {
    let rule = |pattern, keeping| Namespace::new(Pattern::parse(pattern).unwrap(), keeping);
    let tiny = Namespace { body_bytes: 4, ..rule("tiny", Keeping::Kept) };
    let mut kept = rule("**", Keeping::Kept);
    kept.retention.age = Duration::from_secs(30 * 24 * 3600);
    Arc::new(Namespaces::new([rule("live/**", Keeping::Live), tiny, kept]))
}

pub fn node(kept: Arc<dyn Store>, now: fn() -> Time) -> Node {
    node_of(kept, now, namespaces())
}

pub fn node_of(kept: Arc<dyn Store>, now: fn() -> Time, namespaces: Arc<Namespaces>) -> Node {
    let (origins, tail) = (Origins::default(), limits::TAIL_SLOTS);
    Node::start(Options { namespaces, origins, kept, tail, now, system: now }).unwrap()
}

pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryLog::new(LogId::KEPT, namespaces()))
}

pub fn disk(dir: &Path) -> Arc<dyn Store> {
    Arc::new(SqliteLog::open(dir, namespaces(), SqliteOptions::default()).unwrap())
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what}");
        std::thread::yield_now();
    }
}

/// The newest messages that a pattern means.
pub fn messages(node: &Node, channel: &str) -> Vec<Arc<Message>> {
    let patterns = vec![Pattern::parse(channel).unwrap()];
    let history = History { patterns, start: Start::Last(100), limit: 100, ..History::default() };
    let page = wait(node.history(&Grant::open(), &history)).unwrap();
    page.messages.into_iter().map(|(message, _)| message).collect()
}
