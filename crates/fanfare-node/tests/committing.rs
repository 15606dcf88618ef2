//! What publishers are answered when the store cannot keep what they say.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod barren;

use barren::Barren;
use fanfare_node::{CommitTrace, Node, Options, RequestTrace, Traces};
use fanfare_proto::{
    Channel, Code, Content, Grant, LogId, Namespaces, Origins, Publish, Receipt, Refusal, Time, limits,
};
use fanfare_store::{MemoryLog, Store};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

fn node(cursed: bool) -> Node {
    node_over(Arc::new(if cursed { Barren::cursed() } else { Barren::default() }))
}

fn node_over(kept: Arc<dyn Store>) -> Node {
    let options = Options {
        namespaces: Arc::new(Namespaces::new([])),
        origins: Origins::default(),
        kept,
        tail: limits::TAIL_SLOTS,
        now: || Time(1_700_000_000_000),
        system: || Time(1_700_000_000_000),
    };
    Node::start(options).unwrap()
}

fn publish() -> Publish {
    let channel = Channel::parse("kept/a").unwrap();
    Publish {
        channel,
        id: None,
        ttl: None,
        when: None,
        content: Content { body: "hello".into(), ..Content::default() },
    }
}

/// The answer to a publish, however it comes.
fn post(node: &Node) -> Result<Receipt, Refusal> {
    let (sender, receiver) = mpsc::channel();
    let then = move |answer| sender.send(answer).unwrap();
    node.post_kept(&Grant::open(), publish(), then)?;
    receiver.recv_timeout(Duration::from_secs(20)).unwrap()
}

#[test]
fn a_store_without_room_says_so() {
    let node = node(false);
    for _ in 0..2 {
        assert_eq!(post(&node).unwrap_err().code, Code::STORE_FULL);
    }
}

#[test]
fn nobody_waits_for_a_commit_thread_that_has_died() {
    let node = node(true);
    for _ in 0..2 {
        assert_eq!(post(&node).unwrap_err().code, Code::STORE_FAILED);
    }
    assert_eq!(node.trouble().unwrap().code, Code::STORE_FAILED);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let grant = Grant::open();
    let atomic = node.publish_atomic(&grant, vec![publish(), publish()]);
    assert_eq!(runtime.block_on(atomic).unwrap_err().code, Code::STORE_FAILED);
}

/// Keeps what it is told of commits: messages, those of them that were accepted, and bytes.
#[derive(Default)]
struct Told(Mutex<Vec<(usize, usize, usize)>>);

impl Traces for Told {
    fn answered(&self, _: &RequestTrace<'_>) {
        unreachable!("a node answers no requests");
    }

    fn committed(&self, commit: &CommitTrace) {
        self.0.lock().unwrap().push((commit.messages, commit.accepted, commit.bytes));
    }
}

#[test]
fn whoever_traces_is_told_of_each_commit_of_the_kept_log() {
    let (memory, told) = (MemoryLog::new(LogId::KEPT, Arc::new(Namespaces::new([]))), Arc::<Told>::default());
    let nodes: [(Node, usize); 2] = [(node_over(Arc::new(memory)), 2), (node(false), 0)];
    for (node, accepted) in nodes {
        node.trace(told.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let grant = Grant::open();
        let atomic = node.publish_atomic(&grant, vec![publish(), publish()]);
        assert_eq!(runtime.block_on(atomic).is_ok(), accepted > 0);
        // The last commit is told before its thread ends.
        node.stop();
        assert_eq!(std::mem::take(&mut *told.0.lock().unwrap()), [(2, accepted, 2 * "hello".len())]);
    }
}
