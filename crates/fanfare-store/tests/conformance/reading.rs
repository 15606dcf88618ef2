//! Reading pages.

use crate::subject::{Kind, Subject, draft, request};
use fanfare_proto::{Position, Time};
use fanfare_store::{Order, Read};

pub fn a_page_ends_at_its_limits(kind: Kind) {
    let subject = Subject::new(kind);
    let appended = subject.append(&["a", "a", "a", "a", "a"], 1);
    for patterns in [&["a"], &["**"]] {
        let two = Read { messages: 2, ..request(patterns, 0, Order::Forward) };
        let page = subject.log().read(&two).unwrap();
        assert_eq!(page.messages, appended[..2]);
        assert_eq!(page.through, appended[1].position);
        let page =
            subject.log().read(&Read { order: Order::Backward, from: Position(u64::MAX), ..two }).unwrap();
        assert_eq!(page.messages, appended[3..]);
        assert_eq!(page.through, appended[3].position);
        // One message more may pass the bytes.
        let bytes = Read { bytes: 2, ..request(patterns, 0, Order::Forward) };
        assert_eq!(subject.log().read(&bytes).unwrap().messages, appended[..2]);
        let page = subject.read(patterns, appended[2].position.0);
        assert_eq!(page.messages, appended[3..]);
        assert_eq!(page.through, subject.log().status().head);
        let page = subject.log().read(&request(patterns, appended[2].position.0, Order::Backward)).unwrap();
        assert_eq!(page.messages, appended[..2]);
        assert_eq!(page.through, Position::START);
    }
}

pub fn a_page_holds_one_message_at_least(kind: Kind) {
    let subject = Subject::new(kind);
    let body = "x".repeat(100_000);
    subject.log().append(vec![draft("a", &body), draft("a", &body)], Time(1)).unwrap();
    for patterns in [&["a"], &["**"]] {
        for (messages, bytes) in [(10, 1), (10, 0), (0, 10), (1, 1 << 20)] {
            let read = Read { messages, bytes, ..request(patterns, 0, Order::Forward) };
            assert_eq!(subject.log().read(&read).unwrap().messages.len(), 1, "{messages} {bytes}");
        }
    }
}

pub fn pages_join_without_a_hole(kind: Kind) {
    let subject = Subject::new(kind);
    let mut appended = Vec::new();
    for round in 0..100 {
        appended.extend(subject.append(&["a/x", "b", "a/y", "c"], round));
    }
    for messages in [1, 3, 64, 1000] {
        for (patterns, per_round) in [(&["a/*"][..], 2), (&["**"], 4), (&["b", "c"], 2), (&["a/x", "c"], 2)] {
            let forward = Read { messages, ..request(patterns, 0, Order::Forward) };
            let found = subject.all(forward.clone());
            assert_eq!(found.len(), 100 * per_round, "{patterns:?} {messages}");
            let wanted = appended.iter().filter(|m| forward.selection.matches(m.channel.as_str()));
            assert!(found.iter().eq(wanted), "{patterns:?} {messages}");
            let backward = Read { order: Order::Backward, from: Position(u64::MAX), ..forward };
            assert!(subject.all(backward).iter().rev().eq(&found), "{patterns:?} {messages}");
        }
    }
}

pub fn channels_and_patterns_are_told_apart(kind: Kind) {
    let subject = Subject::new(kind);
    subject.append(&["a", "a/b", "a/b/c", "ab", "b", "a.b"], 1);
    for (patterns, found) in [
        (&["a"][..], &["a"][..]),
        (&["a/*"], &["a/b"]),
        (&["a/**"], &["a", "a/b", "a/b/c"]),
        (&["*/b"], &["a/b"]),
        (&["*"], &["a", "ab", "b", "a.b"]),
        (&["nothing"], &[]),
        (&["nothing/**"], &[]),
        (&["a", "a/**", "b"], &["a", "a/b", "a/b/c", "b"]),
        (&["b", "nothing"], &["b"]),
    ] {
        assert_eq!(subject.bodies(patterns, 0), found, "{patterns:?}");
    }
}

pub fn system_channels_are_not_in_everything(kind: Kind) {
    let subject = Subject::new(kind);
    subject.append(&["$all/a", "a"], 1);
    assert_eq!(subject.bodies(&["**"], 0), ["a"]);
    assert_eq!(subject.bodies(&["$all/**"], 0), ["$all/a"]);
    assert_eq!(subject.bodies(&["$all/a"], 0), ["$all/a"]);
}

/// Long enough for index rows, with some channels quiet in between.
pub fn long_channels_among_others_are_read_both_ways(kind: Kind) {
    let mut subject = Subject::new(kind);
    let mut appended = Vec::new();
    for round in 0..400 {
        let mut channels = vec!["long", "other"];
        channels.extend((round % 100 == 7).then_some("rare/1"));
        channels.extend((round % 150 == 9).then_some("rare/2"));
        appended.extend(subject.append(&channels, round));
    }
    for reopened in [false, true] {
        for patterns in [&["long"][..], &["rare/1"], &["rare/*"], &["long", "rare/2"], &["**"]] {
            for from in [0, 1, 63, 64, 65, 127, 128, 129, 400, 799, 806, 5_000] {
                let read = Read { messages: 50, ..request(patterns, from, Order::Forward) };
                let wanted = appended.iter().filter(|m| read.selection.matches(m.channel.as_str()));
                let after = wanted.clone().filter(|m| m.position > read.from);
                assert!(subject.all(read.clone()).iter().eq(after), "{patterns:?} after {from}, {reopened}");
                let before = wanted.rev().filter(|m| m.position < read.from);
                let read = Read { order: Order::Backward, ..read.clone() };
                assert!(subject.all(read).iter().eq(before), "{patterns:?} before {from}, {reopened}");
            }
        }
        subject.reopen();
        if kind == Kind::Memory {
            break;
        }
    }
}

pub fn a_place_ahead_of_the_log_finds_nothing(kind: Kind) {
    let subject = Subject::new(kind);
    subject.append(&["a"], 1);
    for patterns in [&["a"], &["**"]] {
        let page = subject.read(patterns, 1 << 60);
        assert_eq!((page.messages.len(), page.gap), (0, None));
        assert_eq!(page.through, Position(1 << 60));
    }
}
