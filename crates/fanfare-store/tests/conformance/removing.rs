//! Removing messages and channels.

use crate::subject::{EMPTY, Kind, Subject, channel, request};
use fanfare_proto::{Gap, GapReason, Position};
use fanfare_store::{Order, Removal};

pub fn a_removed_message_is_gone_and_no_gap(kind: Kind) {
    // First, in the middle, last, all.
    for remove in [&[0][..], &[1], &[2], &[1, 2], &[1, 0], &[2, 1, 0], &[0, 1, 2]] {
        let mut subject = Subject::new(kind);
        let appended = subject.append(&["a", "a", "a"], 1);
        for index in remove {
            let removal = Removal::Message(appended[*index].position);
            assert!(subject.log().remove(&removal).unwrap());
            assert!(!subject.log().remove(&removal).unwrap(), "it is removed once");
        }
        for _ in 0..2 {
            let left: Vec<_> =
                (0..3).filter(|index| !remove.contains(index)).map(|index| appended[index].clone()).collect();
            for patterns in [&["a"], &["**"]] {
                assert_eq!(subject.all(request(patterns, 0, Order::Forward)), left);
                let backward = subject.all(request(patterns, u64::MAX, Order::Backward));
                assert!(backward.iter().rev().eq(&left));
                assert_eq!(subject.read(patterns, 0).gap, None);
            }
            let info = &subject.log().channels(
                &request(&["a"], 0, Order::Forward).selection.patterns().next().unwrap(),
                "",
                9,
            );
            assert_eq!(info.as_ref().unwrap()[0].messages, left.len() as u64);
            assert_eq!(subject.log().status().bytes, left.len() as u64);
            subject.reopen();
            subject.trim(1);
        }
        let next = subject.append(&["a"], 1);
        if kind == Kind::Sqlite {
            assert_eq!(
                next[0].previous,
                Some(appended[2].position),
                "what was removed is still said to have been"
            );
        }
        assert_eq!(subject.bodies(&["a"], 0).len(), 4 - remove.len());
    }
}

pub fn a_channel_that_is_emptied_leaves_nothing_behind(kind: Kind) {
    for newest_first in [false, true] {
        let mut subject = Subject::new(kind);
        subject.append(&["other"], 1);
        for _ in 0..2 {
            let mut appended: Vec<_> = (0..200).flat_map(|_| subject.append(&["a"], 1)).collect();
            if newest_first {
                appended.reverse();
            }
            for message in &appended {
                assert!(subject.log().remove(&Removal::Message(message.position)).unwrap());
            }
            subject.trim(1);
            assert_eq!(
                (subject.rows("message"), subject.rows("milestone")),
                match kind {
                    Kind::Memory => (0, 0),
                    Kind::Sqlite => (1, 0),
                }
            );
            subject.reopen();
        }
        let left = subject.append(&["a", "a"], 2);
        assert!(subject.log().remove(&Removal::Message(left[0].position)).unwrap());
        subject.trim(2);
        assert_eq!(subject.all(request(&["a"], 0, Order::Forward)), left[1..]);
        assert_eq!(subject.read(&["a"], 0).gap, None);
    }
}

pub fn names_that_are_made_up_are_forgotten(kind: Kind) {
    let mut subject = Subject::new(kind);
    let kept = subject.append(&["kept"], 1);
    let first = subject.append(&["reply/0"], 1);
    for number in 0..EMPTY as u64 * 3 {
        let name = format!("reply/{number}");
        let appended = subject.append(&[&name], 1);
        assert!(subject.log().remove(&Removal::Message(appended[0].position)).unwrap());
    }
    assert!(subject.log().remove(&Removal::Message(first[0].position)).unwrap());
    for _ in 0..2 {
        subject.trim(1);
        assert_eq!(subject.rows("channel"), if kind == Kind::Sqlite { EMPTY as u64 + 1 } else { 0 });
        assert_eq!(subject.all(request(&["**"], 0, Order::Forward)), kept);
        assert_eq!(subject.read(&["**"], 0).gap, None, "what was removed one by one is no loss");
        subject.reopen();
    }
    let again = subject.append(&["reply/0", "reply/0"], 2);
    assert_eq!(again[1].previous, Some(again[0].position));
    subject.trim(2);
    assert_eq!(subject.all(request(&["reply/*"], 0, Order::Forward)), again);
}

pub fn a_purge_is_told_to_who_was_behind(kind: Kind) {
    let mut subject = Subject::new(kind);
    let appended = subject.append(&["a", "b", "a", "b"], 1);
    let (first, last) = (appended[0].position, appended[2].position);
    assert!(subject.log().remove(&Removal::Purge(channel("a"))).unwrap());
    assert!(!subject.log().remove(&Removal::Purge(channel("a"))).unwrap(), "there is nothing more to purge");
    for _ in 0..2 {
        for patterns in [&["a"], &["**"], &["*"]] {
            let gap = |from: Position| Some(Gap { from, to: last, reason: GapReason::Purged });
            assert_eq!(subject.read(patterns, 0).gap, gap(Position::START));
            assert_eq!(subject.read(patterns, first.0).gap, gap(first));
            assert_eq!(subject.read(patterns, last.0).gap, None);
        }
        assert_eq!(subject.read(&["b"], 0).gap, None);
        assert_eq!(subject.bodies(&["**"], 0), ["b", "b"]);
        subject.trim(1);
        subject.reopen();
    }
    let next = subject.append(&["a"], 1);
    if kind == Kind::Sqlite {
        assert_eq!(next[0].previous, Some(last));
    }
    assert_eq!(subject.read(&["a"], 0).messages, next);
}

pub fn a_dropped_channel_starts_anew_and_readers_are_told(kind: Kind) {
    let mut subject = Subject::new(kind);
    let appended = subject.append(&["a", "b", "a", "b"], 1);
    let last = appended[2].position;
    assert!(subject.log().remove(&Removal::Drop(channel("a"))).unwrap());
    assert!(!subject.log().remove(&Removal::Drop(channel("a"))).unwrap(), "it is dropped once");
    let told = |subject: &Subject| {
        for patterns in [&["a"], &["**"]] {
            let to = Some((last, GapReason::Purged));
            assert_eq!(subject.read(patterns, 0).gap.map(|gap| (gap.to, gap.reason)), to, "{patterns:?}");
            assert_eq!(subject.read(patterns, last.0).gap, None);
        }
        assert_eq!(subject.read(&["b"], 0).gap, None, "others lost nothing");
    };
    for _ in 0..2 {
        told(&subject);
        let names = subject.log().channels(&fanfare_proto::Pattern::everything(), "", 9).unwrap();
        assert_eq!(names.iter().map(|info| info.channel.as_str()).collect::<Vec<_>>(), ["b"]);
        subject.trim(1);
        subject.reopen();
    }
    if kind == Kind::Memory {
        let next = subject.append(&["a"], 2);
        assert_eq!(next[0].previous, None);
        told(&subject);
        assert_eq!(subject.read(&["a"], 0).messages, next);
    }
}

pub fn positions_are_not_used_again(kind: Kind) {
    for removal in [Removal::Purge(channel("a")), Removal::Drop(channel("a")), Removal::Message(Position(2))]
    {
        let mut subject = Subject::new(kind);
        let appended = subject.append(&["a", "a"], 7);
        assert!(subject.log().remove(&removal).unwrap());
        let before = subject.log().status();
        subject.trim(7);
        subject.reopen();
        if kind == Kind::Sqlite {
            assert_eq!(subject.log().status(), before, "{removal:?}");
        }
        subject.trim(7);
        subject.reopen();
        let next = subject.append(&["b"], 1);
        if kind == Kind::Sqlite {
            assert!(next[0].position > appended[1].position, "{removal:?}");
            assert_eq!(next[0].time, appended[1].time, "time does not go back either");
        }
    }
}

pub fn what_is_not_there_cannot_be_removed(kind: Kind) {
    let subject = Subject::new(kind);
    subject.append(&["a"], 1);
    for removal in [
        Removal::Message(Position(999)),
        Removal::Message(Position(u64::MAX)),
        Removal::Message(Position::START),
        Removal::Purge(channel("b")),
        Removal::Drop(channel("b")),
    ] {
        assert!(!subject.log().remove(&removal).unwrap(), "{removal:?}");
    }
    assert_eq!(subject.bodies(&["a"], 0), ["a"]);
}
