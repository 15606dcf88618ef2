//! What has expired is not written from that moment on, and a moment before it still is (design rule 12).

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::{Node, Options};
use fanfare_proto::{Channel, Content, Grant, History, Origins, Pattern, Publish, Start, Time, View, limits};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use story::{Story, memory, namespaces, wait};

const TTL: Duration = Duration::from_secs(3600);

fn short_lived(to: &str) -> Publish {
    let content = Content { body: "short".into(), key: Some("k".into()), ..Content::default() };
    Publish { channel: Channel::parse(to).unwrap(), id: None, ttl: Some(TTL), when: None, content }
}

/// The clock of the pages of this file.
static CLOCK: AtomicU64 = AtomicU64::new(1_700_000_000_000);

fn clock() -> Time {
    Time(CLOCK.load(SeqCst))
}

#[test]
fn a_page_has_it_until_then() {
    let (origins, tail, kept) = (Origins::default(), limits::TAIL_SLOTS, memory());
    let node =
        Node::start(Options { namespaces: namespaces(), origins, kept, tail, now: clock, system: clock });
    let node = node.unwrap();
    for to in ["kept/a", "live/a"] {
        let said = wait(node.publish(&Grant::open(), vec![short_lived(to)])).remove(0).unwrap();
        let end = said.time.after(TTL);
        for (at, there) in [(Time(end.0 - 1), 1), (end, 0)] {
            CLOCK.store(at.0, SeqCst);
            for (latest, view) in [(false, View::Events), (false, View::Current), (true, View::Events)] {
                let patterns = vec![Pattern::parse(to).unwrap()];
                let history =
                    History { patterns, latest, view, start: Start::Oldest, limit: 9, ..History::default() };
                let page = wait(node.history(&Grant::open(), &history)).unwrap();
                assert_eq!(page.messages.len(), there, "{to}: {at}, {latest}, {view:?}");
            }
        }
    }
    node.stop();
}

#[test]
fn a_reader_hears_it_until_then() {
    // From the window, and from pages of the log.
    for (tail, to) in
        [(limits::TAIL_SLOTS, "kept/a"), (1, "kept/a"), (limits::TAIL_SLOTS, "live/a"), (1, "live/a")]
    {
        for early in [true, false] {
            for view in [View::Events, View::Current] {
                let mut story = Story::on(memory(), tail);
                let publish = vec![short_lived(to)];
                let said = wait(story.node.publish(&Grant::open(), publish)).remove(0).unwrap();
                for _ in 0..3 {
                    story.say("other", "x", None);
                }
                let end = said.time.after(TTL);
                let at = if early { Time(end.0 - 1) } else { end };
                story.open_viewed(0, &[to], Start::Oldest, view);
                story.settle_at(at);
                let heard = story.bodies();
                assert_eq!(heard, if early { vec!["short"] } else { vec![] }, "{tail} {to} {early} {view:?}");
            }
        }
    }
}

#[test]
fn what_was_made_ready_is_made_again_once_something_in_it_has_expired() {
    let mut story = Story::new();
    for key in 0..2 {
        story.open_at(key, &["**"], Start::Now);
    }
    story.settle();
    let said = wait(story.node.publish(&Grant::open(), vec![short_lived("a")])).remove(0).unwrap();
    story.say("a", "long", None);
    let end = said.time.after(TTL);
    story.desk.turn(story::now());
    // Both are to be given the same, one a moment before and one then.
    for at in [Time(end.0 - 1), end] {
        let key = story.desk.next_in_line().unwrap();
        story.desk.write(key, at, &mut story.socket);
    }
    assert_eq!(story.bodies(), ["short", "long", "long"]);
}
