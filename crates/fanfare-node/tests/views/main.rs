//! What those who see what is current are told of messages that they were not shown, that have expired, or that they do not
//! see any more.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

#[path = "../edits/says.rs"]
mod says;
#[path = "../story/mod.rs"]
mod story;

use fanfare_node::Opening;
use fanfare_proto::{
    Amends, Code, Filter, Form, Framing, Grant, History, Pace, Pattern, Position, Publish, Query, Selection,
    Start, Time, View, Wire, limits, protocol,
};
use says::{amending, delete, edit, heard, history, line, page, publish, say, saying};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use story::{NOW, Story, wait};

/// Live messages are let go after five minutes.
const TTL: Duration = Duration::from_secs(50);

/// All tests have one clock.
fn alone() -> MutexGuard<'static, ()> {
    static CLOCK: Mutex<()> = Mutex::new(());
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lasting(publish: Publish, ttl: Duration) -> Publish {
    Publish { ttl: Some(ttl), ..publish }
}

/// Lets time pass.
fn pass(time: Duration) {
    NOW.fetch_add(time.as_millis() as u64, SeqCst);
}

fn open(story: &mut Story, start: Start, filter: Option<&str>, pace: Option<&str>, at: Time) {
    let protocol = protocol::by_name("stream").unwrap();
    let wire = Wire { protocol, form: Form::Envelope, framing: Framing::Close, origin: None };
    let filter = filter.map(|text| Filter::parse(text).unwrap());
    let selection = Selection::filtered(vec![Pattern::parse("**").unwrap()], filter.as_ref());
    let opening = Opening {
        grant: &Arc::new(Grant::open()),
        selection: selection.viewed(Some(View::Current)),
        start,
        latest: false,
        pace: pace.map(|text| Pace::asked(&Query::parse(text).unwrap()).unwrap().unwrap()),
        wire,
        head: b"\n".to_vec(),
        retry: Duration::from_secs(1),
        manner: Default::default(),
    };
    story.socket.heard.clear();
    story.desk.open(0, opening, at).unwrap();
}

/// Some ticks.
fn settle(story: &mut Story) {
    for _ in 0..3 {
        pass(Duration::from_secs(1));
        story.settle_at(story::now());
    }
}

#[test]
fn a_message_expires_when_its_newest_edit_says() {
    let _alone = alone();
    for to in ["kept/a", "live/a"] {
        let story = Story::new();
        let first = publish(&story, saying(to, "one")).unwrap();
        let replaces = || Amends::Replaces(first.position);
        publish(&story, lasting(amending(to, replaces(), "two"), TTL)).unwrap();
        // What says nothing of it keeps it; in one batch, too.
        let again = vec![amending(to, replaces(), "three"), amending(to, replaces(), "four")];
        wait(story.node.publish(&Grant::open(), again)).into_iter().for_each(|answer| drop(answer.unwrap()));
        assert_eq!(page(&story, Start::Oldest, View::Current), ["1 four < 4"]);
        assert_eq!(page(&story, Start::After(first.cursor.clone()), View::Current), ["4 four > 1"]);
        pass(TTL + TTL);
        assert_eq!(
            page(&story, Start::Oldest, View::Current),
            [""; 0],
            "for everybody who sees what is current"
        );
        assert_eq!(page(&story, Start::Oldest, View::Events), ["1 one"], "each has its own time");
        // Who has it is told that it is gone.
        assert_eq!(page(&story, Start::After(first.cursor.clone()), View::Current), ["4 x 1"]);
        let late = publish(&story, amending(to, replaces(), "late")).unwrap_err();
        assert_eq!((late.code, late.detail.contains("expired")), (Code::TARGET_GONE, true), "{late}");
        delete(&story, to, first.position);
    }
}

#[test]
fn an_edit_may_let_a_message_last_longer() {
    let _alone = alone();
    for to in ["kept/a", "live/a"] {
        let story = Story::new();
        let first = publish(&story, lasting(saying(to, "one"), TTL)).unwrap().position;
        publish(&story, lasting(amending(to, Amends::Replaces(first), "two"), 3 * TTL)).unwrap();
        pass(2 * TTL);
        assert_eq!(page(&story, Start::Oldest, View::Current), ["1 two < 2"]);
        edit(&story, to, first, "three");
        assert_eq!(page(&story, Start::Oldest, View::Current), ["1 three < 3"]);
    }
}

#[test]
fn a_stream_is_told_that_what_it_showed_has_expired_while_it_was_away() {
    let _alone = alone();
    for (tail, to) in [(limits::TAIL_SLOTS, "kept/a"), (1, "kept/a"), (1, "live/a")] {
        let mut story = Story::on(story::memory(), tail);
        let first = publish(&story, saying(to, "one")).unwrap();
        publish(&story, lasting(amending(to, Amends::Replaces(first.position), "two"), TTL)).unwrap();
        pass(2 * TTL);
        say(&story, to, "three");
        story.open_viewed(0, &["**"], Start::After(first.cursor.clone()), View::Current);
        story.settle();
        assert_eq!(heard(&story), ["2 x 1", "3 three"], "{tail} {to}");
    }
}

#[test]
fn who_begins_is_not_told_what_became_of_what_was_before() {
    let _alone = alone();
    for (tail, to) in [(limits::TAIL_SLOTS, "kept/a"), (1, "kept/a"), (1, "live/a")] {
        for pace in [None, Some("rate=10")] {
            let mut story = Story::on(story::memory(), tail);
            let first = publish(&story, saying(to, "one")).unwrap();
            let gone = say(&story, to, "two");
            let since = story::now();
            say(&story, to, "three");
            edit(&story, to, first.position, "first");
            delete(&story, to, gone);
            for start in [Start::Last(1), Start::Since(since)] {
                open(&mut story, start.clone(), None, pace, story::now());
                settle(&mut story);
                assert_eq!(heard(&story), ["3 three"], "{tail} {to} {start:?} {pace:?}");
                assert_eq!(page(&story, start, View::Current), ["3 three"]);
            }
            open(&mut story, Start::After(first.cursor.clone()), None, pace, story::now());
            settle(&mut story);
            assert_eq!(heard(&story), ["3 three", "4 first > 1"], "who comes back is");
        }
    }
}

#[test]
fn what_a_filter_does_not_accept_any_more_is_gone_for_its_readers() {
    let _alone = alone();
    for (tail, pace) in [(limits::TAIL_SLOTS, None), (1, None), (1, Some("rate=10"))] {
        let mut story = Story::on(story::memory(), tail);
        open(&mut story, Start::Now, Some("body.n > 5"), pace, story::now());
        settle(&mut story);
        let first = publish(&story, saying("a", r#"{"n":7}"#)).unwrap();
        settle(&mut story);
        pass(Duration::from_secs(1));
        edit(&story, "a", first.position, r#"{"n":3}"#);
        settle(&mut story);
        let said = [r#"1 {"n":7}"#, "2 x 1"];
        assert_eq!(heard(&story), said, "{tail} {pace:?}");
        // And so it is for who was away.
        open(&mut story, Start::After(first.cursor.clone()), Some("body.n > 5"), pace, story::now());
        settle(&mut story);
        assert_eq!(heard(&story), said[1..], "{tail} {pace:?}");
        let filter = Some(Filter::parse("body.n > 5").unwrap());
        let start = Start::After(first.cursor.clone());
        let page = history(&story, History { filter, start, view: View::Current, ..History::default() });
        let mut out = Vec::new();
        page.write(Form::Envelope, &mut out);
        let page: serde_json::Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(page["messages"].as_array().unwrap().iter().map(line).collect::<Vec<_>>(), said[1..]);
    }
}

#[test]
fn of_an_original_the_newest_edit_is_given_in_each_tick() {
    let _alone = alone();
    for tail in [limits::TAIL_SLOTS, 1] {
        let mut story = Story::on(story::memory(), tail);
        let [one, two] = ["one", "two"].map(|body| say(&story, "a", body));
        let at = story::now();
        open(&mut story, Start::Now, None, Some("rate=1"), at);
        story.settle_at(at);
        for body in ["x", "y", "z"] {
            edit(&story, "a", one, body);
            edit(&story, "a", two, body);
        }
        let keyed = |body: &str| {
            let mut publish = saying("a", body);
            publish.content.key = Some("k".into());
            publish
        };
        publish(&story, keyed("old")).unwrap();
        publish(&story, keyed("new")).unwrap();
        let edited = edit(&story, "a", Position(9), "edit of the old");
        assert_eq!(edited, Position(11));
        // One tick: of each original the newest edit, and of each key the newest value.
        story.settle_at(Time(at.0 + 1_000));
        let wanted = ["7 z > 1", "8 z > 2", "10 new", "11 edit of the old > 9"];
        // In the log what was superseded is superseded with its edits.
        let wanted = if tail == 1 { &wanted[..3] } else { &wanted };
        assert_eq!(heard(&story), wanted, "{tail}");
    }
}
