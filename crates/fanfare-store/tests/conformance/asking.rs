//! Questions about a log.

use crate::subject::{Kind, Subject, request};
use fanfare_proto::{Pattern, Position, Time};
use fanfare_store::{Order, Removal};

pub fn a_moment_is_found(kind: Kind) {
    let subject = Subject::new(kind);
    assert_eq!(subject.log().find(Time(5)).unwrap(), Position::START);
    for round in 1..=50 {
        subject.append(&["a", "b"], round * 10);
    }
    let found = |time| {
        let page = subject.read(&["**"], subject.log().find(Time(time)).unwrap().0);
        page.messages.first().map(|message| message.time.0)
    };
    for (time, first) in [(0, Some(10)), (10, Some(10)), (11, Some(20)), (255, Some(260)), (500, Some(500))] {
        assert_eq!(found(time), first, "{time}");
        let found = subject.log().find(Time(time)).unwrap();
        let before = subject.log().read(&request(&["**"], found.0 + 1, Order::Backward)).unwrap();
        assert!(before.messages.iter().all(|message| message.time < Time(time)), "{time}");
    }
    assert_eq!(subject.log().find(Time(501)).unwrap(), subject.log().status().head);
    // Holes do not matter.
    for message in &subject.all(request(&["**"], 0, Order::Forward))[20..60] {
        subject.log().remove(&Removal::Message(message.position)).unwrap();
    }
    assert_eq!(found(150), Some(310));
}

pub fn channels_are_listed_by_name_in_pages(kind: Kind) {
    let mut subject = Subject::new(kind);
    let appended = subject.append(&["b/2", "a", "b/1", "b", "c", "b/1"], 1);
    subject.log().remove(&Removal::Message(appended[2].position)).unwrap();
    for _ in 0..2 {
        let list = |pattern: &str, after: &str, limit| {
            let found = subject.log().channels(&Pattern::parse(pattern).unwrap(), after, limit).unwrap();
            found.iter().map(|info| info.channel.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(list("**", "", 9), ["a", "b", "b/1", "b/2", "c"]);
        assert_eq!(list("**", "", 2), ["a", "b"]);
        assert_eq!(list("**", "b", 2), ["b/1", "b/2"]);
        assert_eq!(list("b/**", "", 9), ["b", "b/1", "b/2"]);
        assert_eq!(list("b/*", "a", 9), ["b/1", "b/2"]);
        assert_eq!(list("b/*", "b/1", 9), ["b/2"]);
        assert_eq!(list("b/1", "", 9), ["b/1"]);
        assert_eq!(list("x", "", 9), [""; 0]);
        assert_eq!(list("**", "c", 9), [""; 0]);
        let info = &subject.log().channels(&Pattern::parse("b/1").unwrap(), "", 9).unwrap()[0];
        assert_eq!((info.head, info.published), (appended[5].position, 2));
        assert_eq!((info.messages, info.bytes), (1, 3));
        assert_eq!(info.trimmed_through, Position::START);
        subject.reopen();
        if kind == Kind::Memory {
            return;
        }
    }
}

pub fn the_status_counts(kind: Kind) {
    let mut subject = Subject::new(kind);
    let empty = subject.log().status();
    assert_ne!(empty.epoch.0, 0);
    assert_eq!((empty.head, empty.messages, empty.bytes), (Position::START, 0, 0));
    let appended = subject.append(&["a", "bb"], 7);
    let status = subject.log().status();
    assert_eq!((status.head, status.time), (appended[1].position, Time(7)));
    assert_eq!((status.messages, status.bytes), (2, 3));
    subject.reopen();
    assert_eq!(subject.log().status(), status, "an epoch is a log's whole life");
    assert_eq!(subject.log().trouble(), None);
}
