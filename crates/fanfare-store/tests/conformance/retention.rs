//! Letting the oldest go.

use crate::subject::{EVERYTHING, Kind, Subject, draft, request};
use fanfare_proto::{Gap, GapReason, Keeping, LogId, Namespaces, Position, Retention, Time, limits};
use fanfare_store::{Log, MemoryLog, Order, Removal};
use std::sync::Arc;
use std::time::Duration;

/// Later than anything, but not than what is kept for ever.
const LATE: u64 = u64::MAX / 2;

fn age(millis: u64) -> Retention {
    Retention { age: Duration::from_millis(millis), ..EVERYTHING }
}

fn count(messages: u64) -> Retention {
    Retention { messages, ..EVERYTHING }
}

pub fn age_lets_the_oldest_go(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("**", age(1_000))]);
    let appended: Vec<_> = (0..5).flat_map(|step| subject.append(&["a", "b"], 10_000 + step * 100)).collect();
    assert_eq!(subject.trim(10_999), 0);
    assert_eq!(subject.trim(11_200), 6);
    for _ in 0..2 {
        assert_eq!(subject.all(request(&["**"], 0, Order::Forward)), appended[6..]);
        assert_eq!(subject.all(request(&["a"], 0, Order::Forward)).len(), 2);
        assert_eq!(subject.log().status().messages, 4);
        subject.reopen();
        if kind == Kind::Memory {
            break;
        }
    }
    assert_eq!(subject.trim(LATE), 4);
    assert_eq!(subject.log().status().messages, 0);
    subject.reopen();
    let next = subject.append(&["a"], 20_000);
    assert!(kind == Kind::Memory || next[0].position > appended[9].position);
}

pub fn count_lets_the_oldest_of_a_channel_go(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("few/*", count(3)), ("many/*", count(1_600))]);
    for round in 0..10 {
        subject.append(&["few/a", "few/b", "free"], round);
    }
    assert_eq!(subject.trim(10), 14);
    for channel in ["few/a", "few/b"] {
        assert_eq!(subject.bodies(&[channel], 0).len(), 3, "small limits are exact");
    }
    assert_eq!(subject.bodies(&["free"], 0).len(), 10);
    // Large limits have slack, so that trimming is done in batches.
    let many = |count| subject.log().append(vec![draft("many/a", "x"); count], Time(20)).unwrap();
    many(1_663);
    assert_eq!(subject.trim(20), 0);
    many(1);
    assert_eq!(subject.trim(20), 64);
    many(1_000);
    assert_eq!(subject.trim(20), 1_000);
    let kept = subject.all(request(&["many/a"], 0, Order::Forward));
    assert_eq!(kept.len(), 1_600);
    subject.reopen();
    assert!(kind == Kind::Memory || subject.all(request(&["many/*"], 0, Order::Forward)) == kept);
}

pub fn bytes_let_the_oldest_of_a_namespace_go(kind: Kind) {
    let bytes = Retention { bytes: 30, ..EVERYTHING };
    let mut subject = Subject::with_rules(kind, &[("small/**", bytes)]);
    let drafts = |names: &[&str]| names.iter().map(|name| draft(name, "0123456789")).collect::<Vec<_>>();
    subject.log().append(drafts(&["small/a", "large", "small/b", "small/a"]), Time(1)).unwrap();
    assert_eq!(subject.trim(1), 0);
    subject.reopen();
    if kind == Kind::Memory {
        subject.log().append(drafts(&["small/b"]), Time(1)).unwrap();
        assert_eq!(subject.trim(1), 1);
    } else {
        subject.log().append(drafts(&["small/b"]), Time(1)).unwrap();
        assert_eq!(subject.trim(1), 1, "what a namespace holds is known after reopening");
    }
    let left = subject.all(request(&["**"], 0, Order::Forward));
    let names: Vec<&str> = left.iter().map(|message| message.channel.as_str()).collect();
    assert_eq!(names, ["large", "small/b", "small/a", "small/b"]);
}

pub fn a_gap_is_told_if_and_only_if_something_was_lost(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("few/*", count(2))]);
    let appended = subject.append(&["few/a", "few/b", "few/a", "other", "few/a", "few/a", "few/b"], 1);
    subject.trim(1);
    let lost = appended[2].position;
    for patterns in [&["few/a"][..], &["few/*"], &["**"], &["few/b", "few/a"], &["other", "few/a"]] {
        for (index, message) in appended.iter().enumerate() {
            let gap = Gap { from: message.position, to: lost, reason: GapReason::Trimmed };
            let page = subject.read(patterns, message.position.0);
            assert_eq!(page.gap, (index < 2).then_some(gap), "{patterns:?} after {}", message.position);
        }
        let gap = Gap { from: Position::START, to: lost, reason: GapReason::Trimmed };
        assert_eq!(subject.read(patterns, 0).gap, Some(gap));
    }
    for patterns in [&["few/b"][..], &["other"], &["few/b", "other"], &["nothing/**"], &["nothing"]] {
        assert_eq!(subject.read(patterns, 0).gap, None, "{patterns:?}");
    }
    let backward = subject.log().read(&request(&["few/a"], 99, Order::Backward)).unwrap();
    assert_eq!(backward.gap, None, "gaps are for who goes forward");
}

pub fn what_had_expired_is_no_loss(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("few/*", count(2))]);
    let expiring = |at| fanfare_store::Draft { expires: Some(Time(at)), ..draft("few/a", "x") };
    let drafts =
        vec![draft("few/a", "x"), expiring(50), expiring(99), draft("few/a", "x"), draft("few/a", "x")];
    let appended = subject.log().append(drafts, Time(10)).unwrap();
    assert_eq!(subject.trim(60), 3);
    let gap = Gap { from: Position::START, to: appended[2].position, reason: GapReason::Trimmed };
    assert_eq!(subject.read(&["few/a"], 0).gap, Some(gap), "the third had not expired yet");
    let subject = Subject::with_rules(kind, &[("few/*", count(2))]);
    let drafts =
        vec![draft("few/a", "x"), expiring(50), expiring(50), draft("few/a", "x"), draft("few/a", "x")];
    let appended = subject.log().append(drafts, Time(10)).unwrap();
    assert_eq!(subject.trim(60), 3);
    assert_eq!(subject.read(&["few/a"], appended[0].position.0).gap, None);
    assert_eq!(subject.read(&["**"], appended[0].position.0).gap, None);
    assert_eq!(subject.read(&["few/a"], 0).messages, appended[3..]);
}

pub fn what_was_only_looked_at_is_kept_as_it_is(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("few/*", count(3))]);
    let first: Vec<_> = (0..4).flat_map(|step| subject.append(&["few/a"], step)).collect();
    for message in &first[2..] {
        assert!(subject.log().remove(&Removal::Message(message.position)).unwrap());
    }
    // It had too many, and has not any more; since it was looked at, there is one more.
    let last = subject.append(&["few/a"], 5);
    assert_eq!(subject.trim(5), 0);
    let expected = [&first[..2], &last].concat();
    for _ in 0..2 {
        assert_eq!(subject.all(request(&["few/a"], 0, Order::Forward)), expected);
        if kind == Kind::Memory {
            return;
        }
        subject.reopen();
    }
    let next = subject.append(&["few/a"], 6);
    assert_eq!(next[0].previous, Some(last[0].position));
}

pub fn namespaces_keep_their_own_rules(kind: Kind) {
    let mut subject = Subject::with_rules(kind, &[("short/**", age(100)), ("long/**", age(10_000))]);
    for round in 0..10 {
        subject.append(&["short/a", "long/a", "ever"], 1_000 + round * 100);
    }
    assert_eq!(subject.trim(2_000), 10);
    subject.reopen();
    assert_eq!(subject.trim(2_000), 0);
    if kind == Kind::Sqlite {
        assert_eq!(subject.bodies(&["**"], 0).len(), 20);
    }
    subject.append(&["short/a"], 2_000);
    assert_eq!(subject.trim(2_099), 0);
    assert_eq!(subject.trim(2_100), 1);
    assert_eq!(subject.trim(11_500), 6);
    assert_eq!(subject.trim(LATE), 4);
    assert_eq!(subject.bodies(&["**"], 0).len(), 10);
}

pub fn steps_end(kind: Kind) {
    let subject = Subject::with_rules(kind, &[("**", age(1_000))]);
    let names: Vec<String> = (0..100).map(|index| format!("c/{index}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    for round in 0..100 {
        subject.append(&names, round);
    }
    let mut steps = 0;
    while subject.log().trim(Time(2_000)).unwrap().more {
        steps += 1;
        let left = subject.all(request(&["**"], 0, Order::Forward)).len() as u64;
        assert_eq!(left, subject.log().status().messages, "between steps everything agrees");
    }
    assert!(steps > 0, "so much is not one step");
    assert_eq!(subject.log().status().messages, 0);
    assert_eq!(subject.log().status().bytes, 0);
}

/// What an earlier configuration left in this log goes in its time too.
pub fn channels_of_another_log_keep_defaults(kind: Kind) {
    if kind == Kind::Sqlite {
        return;
    }
    let log = MemoryLog::new(LogId::LIVE, Arc::new(Namespaces::new([])));
    assert_eq!(Namespaces::new([]).of("a").keeping, Keeping::Kept);
    log.append(vec![draft("a", "x")], Time(1_000)).unwrap();
    let end = Time(1_000).after(limits::LIVE_AGE);
    assert_eq!(log.trim(Time(end.0 - 1)).unwrap().removed, 0);
    assert_eq!(log.trim(end).unwrap().removed, 1);
}
