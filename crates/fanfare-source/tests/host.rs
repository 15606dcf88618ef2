//! This machine's figures arrive on their channels.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_node::{Node, Options};
use fanfare_proto::{
    Grant, History, Keeping, LogId, Namespace, Namespaces, Origins, Pattern, Start, Time, limits,
};
use fanfare_source::{Host, Sources};
use fanfare_store::MemoryLog;
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn four_channels_have_figures_within_some_seconds() {
    let live = Namespace::new(Pattern::parse("host/**").unwrap(), Keeping::Live);
    let namespaces = Arc::new(Namespaces::new([live]));
    let kept = Arc::new(MemoryLog::new(LogId::KEPT, namespaces.clone()));
    let options = Options {
        namespaces,
        origins: Origins::default(),
        kept,
        tail: limits::TAIL_SLOTS,
        now: || Time(1),
        system: || Time(1),
    };
    let node = Node::start(options).unwrap();
    let sources = Sources::start(node.clone(), vec![Box::new(Host::new("."))]).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let all = vec![Pattern::parse("host/*").unwrap()];
    let asked = History::asked(all, Default::default(), Some(Start::Last(100)), None, None).unwrap();
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let page = runtime.block_on(node.history(&Grant::open(), &asked)).unwrap();
        let has = |channel: &str| {
            let found = page.messages.iter().find(|(message, _)| message.channel.as_str() == channel);
            found.map(|(message, _)| {
                serde_json::from_slice::<serde_json::Value>(&message.content.body).unwrap()
            })
        };
        let figures = ["host/cpu", "host/memory", "host/network", "host/disk"].map(has);
        if let [Some(cpu), Some(memory), Some(network), Some(disk)] = figures {
            assert!(
                cpu["busy_percent"].is_f64() && memory["used_bytes"].as_u64() > Some(0),
                "{cpu} {memory}"
            );
            assert!(
                network["sent_bytes_per_second"].is_f64() && disk["free_bytes"].is_u64(),
                "{network} {disk}"
            );
            break;
        }
        assert!(Instant::now() < end, "some figures do not come");
        std::thread::sleep(Duration::from_millis(50));
    }
    sources.stop();
    node.stop();
}
