//! What a node promises to those who ask and are answered, told as short stories.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_node::{Node, Options};
use fanfare_proto::{
    Channel, Code, Content, Cursor, CursorPart, Epoch, GapReason, Grant, History, Keeping, LogId, Namespace,
    Namespaces, Origins, Pattern, Position, Publish, Receipt, Refusal, Start, Time, limits,
};
use fanfare_store::{MemoryLog, Removal, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

static NOW: AtomicU64 = AtomicU64::new(1_700_000_000_000);

fn now() -> Time {
    Time(NOW.fetch_add(1, SeqCst))
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

fn channel(text: &str) -> Channel {
    Channel::parse(text).unwrap()
}

fn namespaces() -> Arc<Namespaces> {
    let mut small = Namespace::new(pattern("small/**"), Keeping::Kept);
    small.body_bytes = 10;
    Arc::new(Namespaces::new([Namespace::new(pattern("live/**"), Keeping::Live), small]))
}

fn node_on(kept: Arc<dyn Store>) -> Node {
    let (origins, tail) = (Origins::default(), limits::TAIL_SLOTS);
    Node::start(Options { namespaces: namespaces(), origins, kept, tail, now, system: now }).unwrap()
}

fn node() -> Node {
    node_on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())))
}

fn say(to: &str, body: &str) -> Publish {
    let content = Content { body: body.to_owned().into(), ..Content::default() };
    Publish { channel: channel(to), id: None, ttl: None, when: None, content }
}

fn with_id(to: &str, id: &str, body: &str) -> Publish {
    Publish { id: Some(id.into()), ..say(to, body) }
}

async fn publish(node: &Node, message: Publish) -> Result<Receipt, Refusal> {
    node.publish(&Grant::open(), vec![message]).await.remove(0)
}

fn history(of: &[&str], start: Start) -> History {
    let patterns = of.iter().map(|text| pattern(text)).collect();
    History { patterns, start, limit: limits::PAGE_MESSAGES, ..History::default() }
}

/// The bodies of a page, one after the other.
async fn bodies(node: &Node, history: &History) -> String {
    let page = node.history(&Grant::open(), history).await.unwrap();
    page.messages.iter().map(|(message, _)| String::from_utf8_lossy(&message.content.body)).collect()
}

#[tokio::test]
async fn an_id_said_twice_is_answered_with_the_first_position() {
    let node = node();
    for to in ["kept/a", "live/a"] {
        let first = publish(&node, with_id(to, "x", "one")).await.unwrap();
        let again = publish(&node, with_id(to, "x", "one")).await.unwrap();
        assert_eq!((again.position, again.time, again.duplicate), (first.position, first.time, true));
        let other = publish(&node, with_id(to, "x", "two")).await.unwrap_err();
        assert_eq!(other.code, Code::ID_REUSED);
        let batch = vec![with_id(to, "y", "three"), with_id(to, "y", "three"), with_id(to, "y", "four")];
        let answers = node.publish(&Grant::open(), batch).await;
        assert_eq!(answers[0].as_ref().unwrap().position, answers[1].as_ref().unwrap().position);
        assert_eq!(answers[2].as_ref().unwrap_err().code, Code::ID_REUSED);
        assert_eq!(bodies(&node, &history(&[to], Start::Last(10))).await, "onethree");
    }
}

#[tokio::test]
async fn ids_are_remembered_across_a_restart() {
    let log: Arc<dyn Store> = Arc::new(MemoryLog::new(LogId::KEPT, namespaces()));
    let before = node_on(log.clone());
    let first = publish(&before, with_id("a", "x", "one")).await.unwrap();
    before.stop();
    let after = node_on(log);
    assert_eq!(publish(&after, with_id("a", "x", "one")).await.unwrap().position, first.position);
    assert_eq!(publish(&after, with_id("a", "x", "two")).await.unwrap_err().code, Code::ID_REUSED);
}

#[tokio::test]
async fn an_atomic_group_is_all_or_nothing_and_in_one_log() {
    let node = node();
    let mixed = vec![say("a", "1"), say("live/a", "2")];
    let refused = node.publish_atomic(&Grant::open(), mixed).await.unwrap_err();
    assert_eq!(refused.code, Code::NOT_ATOMIC);
    publish(&node, with_id("a", "x", "0")).await.unwrap();
    let clash = vec![say("a", "1"), with_id("a", "x", "2"), say("b", "3")];
    assert_eq!(node.publish_atomic(&Grant::open(), clash).await.unwrap_err().code, Code::ID_REUSED);
    let large = vec![say("a", "1"), say("small/a", "much too large")];
    assert_eq!(node.publish_atomic(&Grant::open(), large).await.unwrap_err().code, Code::TOO_LARGE);
    let many = vec![say("a", "1"); limits::BATCH_MESSAGES + 1];
    assert_eq!(node.publish_atomic(&Grant::open(), many).await.unwrap_err().code, Code::TOO_MANY);
    let group = vec![say("a", "1"), say("b", "2"), say("a", "3")];
    let receipts = node.publish_atomic(&Grant::open(), group).await.unwrap();
    assert!(receipts.windows(2).all(|pair| pair[0].position < pair[1].position));
    assert_eq!(bodies(&node, &history(&["**"], Start::Last(10))).await, "0123");
}

#[tokio::test]
async fn history_pages_forward_and_backward_over_both_logs() {
    let node = node();
    for (index, to) in ["a", "live/a", "b", "live/a", "a", "a", "live/b"].into_iter().enumerate() {
        publish(&node, say(to, &index.to_string())).await.unwrap();
    }
    let everything = |start| History { limit: 3, ..history(&["**"], start) };
    let (mut forward, mut start) = (String::new(), Start::Since(Time(0)));
    loop {
        let page = node.history(&Grant::open(), &everything(start)).await.unwrap();
        forward
            .extend(page.messages.iter().map(|(m, _)| String::from_utf8_lossy(&m.content.body).into_owned()));
        start = Start::After(page.cursor);
        if !page.more {
            break;
        }
    }
    assert_eq!(forward, "0123456");
    let newest = node.history(&Grant::open(), &everything(Start::Last(3))).await.unwrap();
    let older = History { before: Some(newest.before), ..everything(Start::Now) };
    assert_eq!(bodies(&node, &older).await, "123");
    let after = newest.messages[1].1.clone();
    assert_eq!(bodies(&node, &history(&["**"], Start::After(after))).await, "6");
    assert_eq!(bodies(&node, &history(&["a"], Start::Ago(Duration::from_secs(3600)))).await, "045");
}

#[tokio::test]
async fn a_cursor_works_with_another_set_of_channels() {
    let node = node();
    let one = publish(&node, say("a", "1")).await.unwrap();
    publish(&node, say("b", "2")).await.unwrap();
    publish(&node, say("live/a", "3")).await.unwrap();
    let cursor = one.cursor;
    assert_eq!(bodies(&node, &history(&["b"], Start::After(cursor.clone()))).await, "2");
    assert_eq!(bodies(&node, &history(&["b", "live/*"], Start::After(cursor))).await, "23");
}

#[tokio::test]
async fn a_place_that_does_not_exist_here_is_a_gap_and_then_everything_kept() {
    let node = node();
    publish(&node, say("a", "1")).await.unwrap();
    let epoch = node.status()[0].epoch;
    for (epoch, position, reason) in
        [(Epoch(epoch.0.wrapping_add(1)), 1, GapReason::Epoch), (epoch, 1_000_000, GapReason::WentBack)]
    {
        let part = CursorPart { log: LogId::KEPT, epoch, position: Position(position) };
        let asked = history(&["a"], Start::After(Cursor::new([part])));
        let page = node.history(&Grant::open(), &asked).await.unwrap();
        assert_eq!(page.gaps.first().map(|gap| gap.reason), Some(reason));
        assert_eq!(page.messages.len(), 1);
    }
}

#[tokio::test]
async fn what_has_expired_is_not_in_any_page() {
    let node = node();
    publish(&node, Publish { ttl: Some(Duration::ZERO), ..say("a", "never") }).await.unwrap();
    publish(&node, Publish { ttl: Some(Duration::from_secs(3600)), ..say("a", "later") }).await.unwrap();
    assert_eq!(bodies(&node, &history(&["a"], Start::Since(Time(0)))).await, "later");
    assert_eq!(bodies(&node, &history(&["a"], Start::Last(2))).await, "later");
}

#[tokio::test]
async fn a_purge_is_told_to_those_who_were_before_it() {
    let node = node();
    let first = publish(&node, say("a", "1")).await.unwrap();
    publish(&node, say("a", "2")).await.unwrap();
    assert!(node.remove(&Grant::open(), &channel("a"), Removal::Purge(channel("a"))).await.unwrap());
    publish(&node, say("a", "3")).await.unwrap();
    let asked = history(&["a"], Start::After(first.cursor));
    let page = node.history(&Grant::open(), &asked).await.unwrap();
    assert_eq!(
        page.gaps.first().map(|gap| (gap.from, gap.reason)),
        Some((first.position, GapReason::Purged))
    );
    assert_eq!(bodies(&node, &asked).await, "3");
}

#[tokio::test]
async fn a_draining_node_takes_nothing_more_and_keeps_what_it_has() {
    let node = node();
    publish(&node, say("a", "1")).await.unwrap();
    node.stop();
    assert_eq!(publish(&node, say("a", "2")).await.unwrap_err().code, Code::DRAINING);
    assert!(node.trouble().is_some());
}

#[tokio::test]
async fn what_a_grant_does_not_allow_is_refused() {
    let node = node();
    let grant =
        Grant { publish: vec![pattern("mine/**")], subscribe: vec![pattern("ours/*")], ..Grant::open() };
    let answer = node.publish(&grant, vec![say("theirs", "1")]).await.remove(0);
    assert_eq!(answer.unwrap_err().code, Code::FORBIDDEN);
    for of in ["ours/**", "ours", "theirs"] {
        let refused = node.history(&grant, &history(&[of], Start::Last(1))).await.unwrap_err();
        assert_eq!(refused.code, Code::FORBIDDEN, "{of}");
    }
    assert!(node.history(&grant, &history(&["ours/a"], Start::Last(1))).await.is_ok());
    let system = node.publish(&Grant::open(), vec![say("$presence/a", "1")]).await.remove(0);
    assert_eq!(system.unwrap_err().code, Code::FORBIDDEN);
}

#[tokio::test]
async fn a_page_of_large_messages_ends_early_and_goes_on() {
    let node = node();
    let large = "x".repeat(limits::BODY_BYTES);
    let count = 2 * limits::HISTORY_BYTES / limits::BODY_BYTES;
    let answers = node.publish(&Grant::open(), vec![say("a", &large); count]).await;
    assert!(answers.iter().all(Result::is_ok));
    let (mut forward, mut start) = (Vec::new(), Start::Since(Time(0)));
    loop {
        let page = node.history(&Grant::open(), &history(&["a"], start)).await.unwrap();
        forward.push(page.messages.len());
        start = Start::After(page.cursor);
        if !page.more {
            break;
        }
    }
    let newest = node.history(&Grant::open(), &history(&["a"], Start::Last(1))).await.unwrap();
    let (mut backward, mut before) = (vec![1], newest.before);
    loop {
        let asked = History { before: Some(before), ..history(&["a"], Start::Now) };
        let page = node.history(&Grant::open(), &asked).await.unwrap();
        backward.push(page.messages.len());
        before = page.before;
        if !page.more {
            break;
        }
    }
    for pages in [forward, backward] {
        assert!(pages.len() > 1 && pages.iter().all(|page| *page < count), "{pages:?}");
        assert_eq!(pages.iter().sum::<usize>(), count);
    }
}
