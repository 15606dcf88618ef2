//! Edits and deletes, as publishers and readers meet them.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod chance;
mod says;
#[path = "../story/mod.rs"]
mod story;

use fanfare_node::Outcome;
use fanfare_proto::{
    Amends, AsReader, Code, Content, Filter, Grant, History, Pattern, Position, Publish, ReaderName,
    ReaderRules, Start, View, limits,
};
use says::{amending, delete, edit, heard, history, page, publish, say, saying};
use std::time::Duration;
use story::{Story, wait};

#[test]
fn an_edit_or_a_delete_names_an_original_of_its_channel_that_is_there() {
    let story = Story::new();
    for to in ["kept/a", "live/a"] {
        let other = to.replace('a', "b");
        let first = say(&story, to, "one");
        let edited = edit(&story, to, first, "two");
        let keyed =
            Publish { content: Content { key: Some("k".into()), ..Content::default() }, ..saying(to, "") };
        let keyed = publish(&story, keyed).unwrap().position;
        let short = Publish { ttl: Some(Duration::from_millis(1)), ..saying(to, "short") };
        let short = publish(&story, short).unwrap().position;
        let gone = say(&story, to, "gone");
        let deleted = delete(&story, to, gone);
        let elsewhere = say(&story, &other, "elsewhere");
        let unknown = Position(elsewhere.0 + 1000);
        for (target, code) in [
            (unknown, Code::TARGET_GONE),
            (Position(u64::MAX), Code::TARGET_GONE),
            (elsewhere, Code::TARGET_GONE),
            (short, Code::TARGET_GONE),
            (gone, Code::TARGET_GONE),
            (edited, Code::NOT_ORIGINAL),
            (deleted, Code::NOT_ORIGINAL),
        ] {
            // What has expired is there until it is let go, and a delete takes it.
            let deletes = (target != short).then_some(Amends::Deletes(target));
            for amends in [Some(Amends::Replaces(target)), deletes].into_iter().flatten() {
                let refused = publish(&story, amending(to, amends, "")).unwrap_err();
                assert_eq!(refused.code, code, "{to}: {amends:?}: {refused}");
                assert!(refused.detail.contains(&target.to_string()), "{refused}");
            }
        }
        publish(&story, amending(to, Amends::Deletes(short), "")).unwrap();
        // An edit keeps the key, whether or not it says it.
        let keys = [None, Some("k"), Some("other")].map(|key| {
            let publish = amending(to, Amends::Replaces(keyed), "edited");
            Publish { content: Content { key: key.map(Into::into), ..publish.content }, ..publish }
        });
        let [unsaid, same, another] = keys.map(|asked| publish(&story, asked));
        assert!(unsaid.is_ok() && same.is_ok());
        assert_eq!(another.unwrap_err().code, Code::BAD_FIELD);
    }
}

#[test]
fn of_two_deletes_in_one_batch_the_second_finds_nothing() {
    let story = Story::new();
    for to in ["kept/a", "live/a"] {
        let first = say(&story, to, "one");
        let deletes = || amending(to, Amends::Deletes(first), "");
        let batch = vec![deletes(), deletes(), amending(to, Amends::Replaces(first), "late")];
        let answers = wait(story.node.publish(&Grant::open(), batch));
        assert!(answers[0].is_ok());
        for late in &answers[1..] {
            assert_eq!(late.as_ref().unwrap_err().code, Code::TARGET_GONE);
        }
        // All or none: what was undone has deleted nothing.
        let second = say(&story, to, "two");
        let deletes = || amending(to, Amends::Deletes(second), "");
        let refused = wait(story.node.publish_atomic(&Grant::open(), vec![deletes(), deletes()]));
        assert_eq!(refused.unwrap_err().code, Code::TARGET_GONE);
        assert!(publish(&story, deletes()).is_ok());
    }
}

#[test]
fn only_who_published_a_message_may_amend_it() {
    let story = Story::new();
    let as_of = |subject: &str| Grant { subject: subject.into(), ..Grant::open() };
    let publish = |grant: &Grant, publish| wait(story.node.publish(grant, vec![publish])).remove(0);
    let hers = publish(&as_of("her"), saying("a", "hers")).unwrap().position;
    for grant in [as_of("him"), as_of("")] {
        for amends in [Amends::Replaces(hers), Amends::Deletes(hers)] {
            let refused = publish(&grant, amending("a", amends, "")).unwrap_err();
            assert_eq!(refused.code, Code::FORBIDDEN, "{refused}");
        }
    }
    publish(&as_of("her"), amending("a", Amends::Replaces(hers), "edited")).unwrap();
    publish(&as_of("her"), amending("a", Amends::Deletes(hers), "")).unwrap();
    let nobodys = publish(&as_of(""), saying("a", "nobody's")).unwrap().position;
    publish(&as_of("him"), amending("a", Amends::Deletes(nobodys), "")).unwrap();
}

#[test]
fn an_edit_said_twice_with_one_id_is_one_edit() {
    let story = Story::new();
    let keyed =
        Publish { content: Content { key: Some("k".into()), ..Content::default() }, ..saying("a", "") };
    let first = publish(&story, keyed).unwrap().position;
    let with_id = |amends, body: &str| Publish { id: Some("i".into()), ..amending("a", amends, body) };
    let once = publish(&story, with_id(Amends::Replaces(first), "x")).unwrap();
    let again = publish(&story, with_id(Amends::Replaces(first), "x")).unwrap();
    assert_eq!((again.position, again.duplicate), (once.position, true));
    let second = say(&story, "a", "other");
    for other in [with_id(Amends::Replaces(first), "y"), with_id(Amends::Replaces(second), "x"), {
        Publish { id: Some("i".into()), ..saying("a", "x") }
    }] {
        assert_eq!(publish(&story, other).unwrap_err().code, Code::ID_REUSED);
    }
    let deletes = || Publish { id: Some("d".into()), ..amending("a", Amends::Deletes(first), "") };
    let once = publish(&story, deletes()).unwrap();
    assert_eq!(publish(&story, deletes()).unwrap().position, once.position);
}

#[test]
fn pages_show_what_happened_or_what_is_current() {
    for to in ["kept/a", "live/a"] {
        let story = Story::new();
        let cursor = publish(&story, saying(to, "one")).unwrap().cursor;
        for body in ["two", "three"] {
            say(&story, to, body);
        }
        edit(&story, to, Position(1), "first");
        edit(&story, to, Position(1), "1st");
        delete(&story, to, Position(2));
        let everything = ["1 one", "2 gone", "3 three", "4 first > 1", "5 1st > 1", "6 x 2"];
        assert_eq!(page(&story, Start::Oldest, View::Events), everything);
        assert_eq!(page(&story, Start::Oldest, View::Current), ["1 1st < 5", "3 three"]);
        assert_eq!(page(&story, Start::Last(1), View::Current), ["3 three"]);
        assert_eq!(page(&story, Start::Last(5), View::Current), ["1 1st < 5", "3 three"]);
        // Who has heard the first is told what became of it.
        let after = Start::After(cursor);
        assert_eq!(page(&story, after.clone(), View::Current), ["3 three", "5 1st > 1"]);
        assert_eq!(page(&story, after, View::Events), everything[1..]);
        let newest = history(&story, History { latest: true, start: Start::Oldest, ..History::default() });
        assert_eq!(newest.messages.len(), 1);
        assert_eq!(newest.messages[0].0.position, Position(3), "an edit of an older message is not newer");
        let before = history(
            &story,
            History { start: Start::Last(1), view: View::Current, limit: 1, ..History::default() },
        );
        let before = History { before: Some(before.before), view: View::Current, ..History::default() };
        let older = history(&story, before);
        assert_eq!(older.messages.len(), 1);
        assert_eq!(&*older.messages[0].0.content.body, b"1st");
    }
}

#[test]
fn a_filter_sees_what_is_current_and_lets_deletes_pass() {
    let story = Story::new();
    let first = say(&story, "a", r#"{"n":1}"#);
    say(&story, "a", r#"{"n":2}"#);
    edit(&story, "a", first, r#"{"n":3}"#);
    let with = |text: &str, start, view| {
        let filter = Some(Filter::parse(text).unwrap());
        let page = history(&story, History { filter, start, view, ..History::default() });
        page.messages.iter().map(|(message, _)| message.position.0).collect::<Vec<_>>()
    };
    assert_eq!(with("body.n = 1", Start::Oldest, View::Events), [1]);
    assert_eq!(with("body.n = 1", Start::Oldest, View::Current), [0; 0]);
    assert_eq!(with("body.n = 3", Start::Oldest, View::Current), [1]);
    let end = delete(&story, "a", first).0;
    assert_eq!(with("body.n = 2", Start::Oldest, View::Events), [2, end]);
}

#[test]
fn who_is_live_hears_edits_and_deletes_as_they_happen() {
    for (view, to) in [(View::Events, "a"), (View::Current, "a"), (View::Current, "live/a")] {
        let mut story = Story::new();
        story.open_viewed(0, &["**"], Start::Now, view);
        story.settle();
        say(&story, to, "one");
        story.settle();
        edit(&story, to, Position(1), "two");
        story.settle();
        delete(&story, to, Position(1));
        story.settle();
        assert_eq!(heard(&story), ["1 one", "2 two > 1", "3 x 1"], "{view:?} {to}");
    }
}

#[test]
fn nobody_is_given_what_was_deleted_from_where_it_was_kept_at_hand() {
    for (view, tail) in [
        (View::Events, limits::TAIL_SLOTS),
        (View::Current, limits::TAIL_SLOTS),
        (View::Events, 2),
        (View::Current, 2),
    ] {
        let mut story = Story::on(story::memory(), tail);
        story.open_viewed(0, &["**"], Start::Now, view);
        story.settle();
        story.socket.full = true;
        say(&story, "a", "secret");
        story.turn();
        // The frame is made, and the desk has the message and a page of it.
        story.desk.writable(0);
        story.turn();
        edit(&story, "a", Position(1), "secret, too");
        story.turn();
        delete(&story, "a", Position(1));
        story.socket.full = false;
        story.turn();
        story.desk.writable(0);
        story.settle();
        let text = String::from_utf8_lossy(&story.socket.heard).into_owned();
        assert!(!text.contains("secret"), "{view:?} {tail}: {text}");
        let wanted: &[&str] = match view {
            View::Events => &["1 gone", "2 > 1 gone", "3 x 1"],
            // It had not heard it.
            View::Current => &[],
        };
        assert_eq!(heard(&story), wanted, "{view:?} {tail}");
    }
}

#[test]
fn a_page_that_is_half_written_is_read_again_once_something_in_it_is_deleted() {
    let mut story = Story::on(story::memory(), 1);
    say(&story, "a", &"x".repeat(limits::TURN_BYTES - 1000));
    let secret = say(&story, "a", "secret");
    for _ in 0..3 {
        say(&story, "a", "more");
    }
    story.open(&["a"], Start::Oldest);
    story.turn();
    story.rest();
    story.desk.turn(story::now());
    // One turn's share: the first message, and the page stays at hand.
    let key = story.desk.next_in_line().unwrap();
    let outcome = story.desk.write(key, story::now(), &mut story.socket);
    assert!(matches!(outcome, Outcome::Again), "{outcome:?}");
    delete(&story, "a", secret);
    story.settle();
    assert!(!String::from_utf8_lossy(&story.socket.heard).contains("secret"));
    let rest = ["2 gone", "3 more", "4 more", "5 more", "6 x 2"];
    assert_eq!(heard(&story)[1..], rest);
}

#[test]
fn what_waits_for_a_session_of_an_acked_reader_is_erased_there() {
    let mut story = Story::new();
    story.open(&[], Start::Now);
    let reader = AsReader::new(ReaderName::parse("r").unwrap());
    let rules = ReaderRules::new(vec![Pattern::parse("a").unwrap()], None);
    story.desk.hear_as(0, reader, rules, Start::Oldest).unwrap();
    // Its turn in the thread of readers comes after everything that was said before.
    let told = |story: &Story| (0..2).for_each(|_| drop(wait(story.node.acked_reader_figures())));
    told(&story);
    story.turn();
    story.socket.full = true;
    let secret = say(&story, "a", "secret");
    told(&story);
    delete(&story, "a", secret);
    told(&story);
    story.socket.full = false;
    story.turn();
    story.desk.writable(0);
    story.settle();
    // It may be given in several turns of that thread.
    let end = std::time::Instant::now() + Duration::from_secs(20);
    while heard(&story).len() < 2 && std::time::Instant::now() < end {
        told(&story);
        story.settle();
    }
    let text = String::from_utf8_lossy(&story.socket.heard).into_owned();
    assert!(!text.contains("secret"), "{text}");
    assert_eq!(heard(&story), ["1 gone", "2 x 1"]);
}

#[test]
fn who_catches_up_with_what_is_current_hears_it_folded() {
    for tail in [limits::TAIL_SLOTS, 2] {
        let mut story = Story::on(story::memory(), tail);
        let cursor = publish(&story, saying("kept/a", "one")).unwrap().cursor;
        for (to, body) in [("live/a", "two"), ("kept/a", "three"), ("kept/a", "four")] {
            say(&story, to, body);
        }
        edit(&story, "kept/a", Position(1), "first");
        edit(&story, "live/a", Position(1), "second");
        edit(&story, "kept/a", Position(2), "third");
        delete(&story, "kept/a", Position(3));
        story.open_viewed(0, &["kept/a"], Start::Oldest, View::Current);
        story.settle();
        assert_eq!(heard(&story), ["1 first < 4", "2 third < 5"]);
        story.socket.heard.clear();
        story.open_viewed(1, &["kept/a"], Start::Last(1), View::Current);
        story.settle();
        assert!(heard(&story).contains(&"2 third < 5".to_owned()), "{:?}", heard(&story));
        story.socket.heard.clear();
        story.open_viewed(2, &["kept/a"], Start::After(cursor.clone()), View::Current);
        story.settle();
        assert_eq!(heard(&story), ["2 third < 5", "4 first > 1"], "of what it has heard it is told");
        story.socket.heard.clear();
        story.open_viewed(3, &["live/a"], Start::Oldest, View::Current);
        story.settle();
        assert_eq!(heard(&story), ["1 second < 2"]);
        // And it goes on as it happens.
        story.socket.heard.clear();
        edit(&story, "live/a", Position(1), "again");
        story.settle();
        assert_eq!(heard(&story), ["3 again > 1"]);
    }
}

#[test]
fn what_expires_at_once_is_for_those_who_are_at_the_head() {
    for to in ["kept/a", "live/a"] {
        let mut story = Story::new();
        story.open(&["**"], Start::Now);
        story.open_at(1, &["**"], Start::Oldest);
        story.settle();
        let moment = Publish { ttl: Some(Duration::ZERO), ..saying(to, "moment") };
        let receipt = publish(&story, moment).unwrap();
        story.settle();
        assert_eq!(story.bodies(), ["moment", "moment"], "both have heard everything");
        story.open_at(2, &["**"], Start::Oldest);
        story.settle();
        assert_eq!(story.bodies().len(), 2);
        assert_eq!(page(&story, Start::Oldest, View::Events), [""; 0]);
        let latest = history(&story, History { latest: true, start: Start::Oldest, ..History::default() });
        assert!(latest.messages.is_empty());
        let refused = publish(&story, amending(to, Amends::Replaces(receipt.position), "")).unwrap_err();
        assert_eq!(refused.code, Code::TARGET_GONE);
    }
}
