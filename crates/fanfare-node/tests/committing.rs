//! What publishers are answered when the store cannot keep what they say.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod barren;

use barren::Barren;
use fanfare_node::{Node, Options};
use fanfare_proto::{
    Channel, Code, Content, Grant, Namespaces, Origins, Publish, Receipt, Refusal, Time, limits,
};
use std::sync::{Arc, mpsc};
use std::time::Duration;

fn node(cursed: bool) -> Node {
    let options = Options {
        namespaces: Arc::new(Namespaces::new([])),
        origins: Origins::default(),
        kept: Arc::new(if cursed { Barren::cursed() } else { Barren::default() }),
        tail: limits::TAIL_SLOTS,
        now: || Time(1_700_000_000_000),
    };
    Node::start(options).unwrap()
}

fn publish() -> Publish {
    let channel = Channel::parse("kept/a").unwrap();
    Publish { channel, id: None, ttl: None, content: Content::default() }
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
