//! What a desk promises to the sessions of a worker, told as short stories.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod barren;
mod story;

use barren::Barren;
use fanfare_node::{Outcome, SessionKey};
use fanfare_proto::{
    Channel, Content, Cursor, CursorPart, Epoch, Grant, History, LogId, Pattern, Position, Publish, Start,
    Time, limits,
};
use fanfare_store::{Log, MemoryLog, Removal};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use story::{NOW, Story, namespaces, now, wait};

#[test]
fn what_expires_at_once_is_heard_by_who_is_at_the_head_and_takes_it() {
    for channel in ["live/a", "kept/a"] {
        let mut story = Story::new();
        story.open(&[channel], Start::Now);
        story.turn();
        for body in ["1", "2", "3"] {
            story.say(channel, body, Some(Duration::ZERO));
        }
        story.turn();
        assert_eq!(story.bodies(), ["1", "2", "3"], "{channel}");
        story.socket.full = true;
        story.say(channel, "4", None);
        story.turn();
        story.say(channel, "5", Some(Duration::ZERO));
        story.turn();
        story.socket.full = false;
        story.desk.writable(0);
        story.settle();
        story.say(channel, "6", Some(Duration::ZERO));
        story.settle();
        assert_eq!(story.bodies(), ["1", "2", "3", "4", "6"], "{channel}");
    }
}

#[test]
fn a_cursor_of_one_log_hears_what_was_said_after_it_in_another() {
    let mut story = Story::new();
    story.say("live/a", "before", None);
    let cursor = story.say("kept/a", "here", None);
    story.say("live/a", "after", None);
    story.open(&["kept/a", "live/a"], Start::After(cursor));
    story.settle();
    assert_eq!(story.bodies(), ["after"]);
}

#[test]
fn a_start_that_is_found_while_the_socket_is_full_is_not_forgotten() {
    let mut story = Story::new();
    story.say("a", "1", None);
    story.socket.full = true;
    story.open(&["a"], Start::Last(1));
    story.write();
    assert!(matches!(story.last, Some(Outcome::Blocked)));
    story.rest();
    story.turn();
    story.socket.full = false;
    story.desk.writable(0);
    story.settle();
    assert_eq!(story.bodies(), ["1"]);
}

#[test]
fn no_cursor_lies_behind_a_gap_that_is_not_told() {
    let mut story = Story::new();
    story.say("kept/a", "1", None);
    story.say("live/a", "2", None);
    let lost =
        [LogId::KEPT, LogId::LIVE].map(|log| CursorPart { log, epoch: Epoch(0), position: Position(1) });
    story.open(&["*/a"], Start::After(Cursor::new(lost)));
    story.settle();
    let lines = story.lines();
    assert!(lines[0]["gap"].is_object() && lines[0]["cursor"].is_null(), "{lines:?}");
    assert!(lines[1]["gap"].is_object() && lines[1]["cursor"].is_string(), "{lines:?}");
    assert_eq!(story.bodies(), ["1", "2"]);
}

#[test]
fn a_large_commit_elsewhere_leaves_quiet_sessions_in_peace() {
    let mut story = Story::new();
    story.open(&["quiet"], Start::Now);
    story.turn();
    let content = Content { body: vec![b'x'; 60_000].into(), ..Content::default() };
    let one = || Publish {
        channel: Channel::parse("busy").unwrap(),
        id: None,
        ttl: None,
        when: None,
        content: content.clone(),
    };
    let batch: Vec<Publish> = std::iter::repeat_with(one).take(2 * limits::TAIL_BYTES / 60_000).collect();
    assert!(wait(story.node.publish(&Grant::open(), batch)).iter().all(Result::is_ok));
    story.desk.turn(now());
    assert_eq!(story.desk.next_in_line(), None);
    story.say("quiet", "1", None);
    story.turn();
    assert_eq!(story.bodies(), ["1"]);
}

#[test]
fn a_page_that_was_read_before_a_removal_is_not_written_after_it() {
    let mut story = Story::on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())), 0);
    let begin = CursorPart { log: LogId::KEPT, epoch: story.node.status()[0].epoch, position: Position(0) };
    for body in ["1", "2", "3"] {
        story.say("a", body, None);
    }
    story.open(&["a"], Start::After(Cursor::new([begin])));
    story.turn();
    assert!(matches!(story.last, Some(Outcome::Waiting)));
    story.rest();
    let (grant, channel) = (Grant::open(), Channel::parse("a").unwrap());
    assert!(wait(story.node.remove(&grant, &channel, Removal::Message(Position(2)))).unwrap());
    story.settle();
    assert_eq!(story.bodies(), ["1", "3"]);
}

#[test]
fn a_question_about_the_past_ends_after_so_many_pages_and_says_where_to_go_on() {
    let log = Arc::new(Barren::default());
    let story = Story::on(log.clone(), limits::TAIL_SLOTS);
    let ask = |start, before| {
        let patterns = vec![Pattern::parse("rare/**").unwrap()];
        let asked = log.reads();
        let page =
            wait(story.node.history(
                &Grant::open(),
                &History { patterns, start, before, limit: 1, ..History::default() },
            ))
            .unwrap();
        assert!(page.more && page.messages.is_empty());
        assert!(log.reads() - asked <= limits::LOOK_PAGES + 1, "{} pages", log.reads() - asked);
        page
    };
    let first = ask(Start::Since(Time(0)), None);
    assert_ne!(ask(Start::After(first.cursor.clone()), None).cursor, first.cursor);
    let end = CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: log.status().head };
    let last = ask(Start::Now, Some(Cursor::new([end])));
    assert_ne!(ask(Start::Now, Some(last.before.clone())).before, last.before);
}

#[test]
fn who_is_far_behind_hears_signs_of_life_and_where_it_is() {
    let mut story = Story::on(Arc::new(Barren::default()), limits::TAIL_SLOTS);
    let begin = CursorPart { log: LogId::KEPT, epoch: story.node.status()[0].epoch, position: Position(0) };
    story.open(&["rare/**"], Start::After(Cursor::new([begin])));
    story.turn();
    for _ in 0..3 {
        assert!(matches!(story.last, Some(Outcome::Waiting)));
        story.desk.alive(0);
        story.rest();
        story.turn();
    }
    let cursors: Vec<_> = story.lines().into_iter().map(|line| line["cursor"].to_string()).collect();
    assert_eq!(cursors.len(), 1 + 3, "{cursors:?}");
    assert!(cursors.windows(2).all(|pair| pair[0] != pair[1]), "{cursors:?}");
}

#[test]
fn who_comes_is_written_to_before_the_many_who_are_in_line() {
    let mut story = Story::new();
    let many = limits::FEW_SESSIONS as SessionKey + 36;
    (1..=many).for_each(|key| story.open_at(key, &["live/a"], Start::Now));
    story.turn();
    story.say("live/a", "1", None);
    story.desk.turn(now());
    story.open(&["live/a"], Start::Now);
    let first = [story.desk.next_in_line(), story.desk.next_in_line()];
    assert!(first.contains(&Some(0)), "{first:?}");
}

#[test]
fn who_comes_back_is_told_all_in_one_write() {
    let mut story = Story::new();
    let cursor = story.say("live/a", "heard", None);
    story.say("live/a", "1", None);
    let last = story.say("live/a", "2", None);
    story.open(&["live/a"], Start::After(cursor));
    story.settle();
    assert_eq!((story.bodies(), story.socket.writes), (vec!["1".to_owned(), "2".into()], 1));
    let end = story.lines().pop().unwrap();
    assert_eq!((&end["caught_up"], end["cursor"].as_str()), (&true.into(), Some(&*last.to_string())));
}

#[test]
fn another_selection_is_not_told_what_the_one_before_it_was() {
    let mut story = Story::new();
    let cursor = story.say("live/a", "heard", None);
    story.say("live/a", "1", None);
    story.say("live/b", "2", None);
    for channel in ["live/a", "live/b"] {
        story.open(&[channel], Start::After(cursor.clone()));
        story.settle();
    }
    assert_eq!(story.bodies(), ["1", "2"]);
}

#[test]
fn what_expires_is_not_told_to_who_comes_back_later() {
    let mut story = Story::new();
    let cursor = story.say("live/a", "heard", None);
    story.say("live/a", "soon gone", Some(Duration::from_secs(60)));
    story.open_at(1, &["live/a"], Start::Now);
    for key in [2, 3] {
        story.open_at(key, &["live/a"], Start::After(cursor.clone()));
        story.settle();
        NOW.fetch_add(61_000, SeqCst);
    }
    assert_eq!(story.bodies(), ["soon gone"]);
}
