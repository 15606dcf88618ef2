//! What a session hears that changes what it wants to hear while it reads what it missed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::Outcome;
use fanfare_proto::websocket::Received;
use fanfare_proto::{Cursor, LogId, Start};
use fanfare_store::MemoryLog;
use std::sync::Arc;
use std::time::Duration;
use story::{Story, namespaces, now};

/// Twenty messages of `a`, of which the window has four, and where they began.
fn long() -> (Story, Cursor) {
    let story = Story::on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())), 4);
    let cursor = story.say("a", "heard", None);
    (0..20).for_each(|_| drop(story.say("a", "of-a", None)));
    (story, cursor)
}

fn ask(story: &mut Story, request: &str) {
    if let Some(task) = story.desk.hear(0, &Received::Text(request), now()) {
        story::wait(task);
    }
}

/// How often something was told.
fn told(story: &Story, body: &str) -> usize {
    String::from_utf8_lossy(&story.socket.heard).matches(body).count()
}

/// Writes until nobody is in line, which comes soon.
fn write(story: &mut Story) {
    for _ in 0..100 {
        let Some(key) = story.desk.next_in_line() else { return };
        story.last = Some(story.desk.write(key, now(), &mut story.socket));
    }
    panic!("it is written to without end");
}

#[test]
fn a_page_that_was_asked_for_before_another_beginning_is_not_told() {
    let (mut story, cursor) = long();
    story.open(&["a"], Start::After(cursor));
    story.desk.turn(now());
    write(&mut story);
    assert!(matches!(story.last, Some(Outcome::Waiting)), "{:?}", story.last);
    ask(&mut story, r#"{"unsubscribe":"a"}"#);
    ask(&mut story, r#"{"subscribe":"b"}"#);
    write(&mut story);
    story.rest();
    for _ in 0..3 {
        story.desk.turn(now());
        write(&mut story);
    }
    story.say("b", "of-b", None);
    story.desk.turn(now());
    write(&mut story);
    assert_eq!((told(&story, "of-a"), told(&story, "of-b")), (0, 1));
}

#[test]
fn what_is_not_wanted_any_more_is_not_told_from_the_page_at_hand() {
    let (mut story, cursor) = long();
    story.open(&["a", "b"], Start::After(cursor));
    story.desk.turn(now());
    write(&mut story);
    story.say("b", "of-b", None);
    story.rest();
    story.desk.turn(now());
    ask(&mut story, r#"{"unsubscribe":"a"}"#);
    story.settle();
    assert_eq!((told(&story, "of-a"), told(&story, "of-b")), (0, 1));
}

#[test]
fn a_later_subscription_is_not_told_what_expired_at_once_before_it() {
    let mut story = Story::new();
    let cursor = story.say("live/b", "before", None);
    story.open(&["live/a"], Start::Now);
    story.turn();
    story.say("live/b", "at-once", Some(Duration::ZERO));
    story.say("live/b", "of-b", None);
    ask(&mut story, &format!(r#"{{"subscribe":"live/b","after":"{cursor}"}}"#));
    story.settle();
    assert_eq!((told(&story, "at-once"), told(&story, "of-b")), (0, 1));
}
