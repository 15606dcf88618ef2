//! Adding messages.

use crate::subject::{Kind, Subject, channel, draft, request};
use fanfare_proto::{Content, Position, TagValue, Time};
use fanfare_store::{Draft, Order};
use std::sync::atomic::{AtomicBool, Ordering};

pub fn positions_and_times_only_grow(kind: Kind) {
    let subject = Subject::new(kind);
    assert_eq!(subject.log().status().head, Position::START);
    let first = subject.append(&["a", "b"], 1_000);
    let second = subject.append(&["a"], 900);
    let positions: Vec<Position> = first.iter().chain(&second).map(|message| message.position).collect();
    assert!(Position::START < positions[0] && positions.is_sorted_by(|a, b| a < b), "{positions:?}");
    assert_eq!(second[0].time, Time(1_000), "time does not go back");
    assert_eq!(subject.append(&["a"], 1_001)[0].time, Time(1_001));
}

pub fn every_field_comes_back_as_it_was(kind: Kind) {
    let mut subject = Subject::new(kind);
    let tags = [
        ("text", TagValue::Text("é\"\u{1}".into())),
        ("number", TagValue::Number(0.1 + 0.2)),
        ("whole", TagValue::Number(5.0)),
        ("large", TagValue::Number(-1.797_693_134_862_315_7e308)),
        ("bool", TagValue::Bool(true)),
    ];
    let full = Draft {
        channel: channel("a/b"),
        id: Some("id".into()),
        publisher: Some("somebody".into()),
        expires: Some(Time(99)),
        content: Content {
            key: Some("key".into()),
            priority: Some(5),
            tags: tags.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            event: Some("event".into()),
            content_type: Some("application/octet-stream".into()),
            notice: Some("{\"title\":\"t\"}".into()),
            body: (0..=255).collect::<Vec<u8>>().into(),
            ..Content::default()
        },
    };
    let large =
        Draft { content: Content { body: vec![7; 300_000].into(), ..full.content.clone() }, ..full.clone() };
    let empty_texts = Content { key: Some("".into()), event: Some("".into()), ..Content::default() };
    let empty_texts = Draft { id: Some("".into()), content: empty_texts, ..draft("a/b", "") };
    let appended =
        subject.log().append(vec![full.clone(), draft("a/b", ""), large, empty_texts], Time(5)).unwrap();
    assert_eq!((&appended[0].content, &appended[0].id), (&full.content, &full.id));
    assert_eq!((&appended[0].publisher, appended[0].expires), (&full.publisher, full.expires));
    for _ in 0..2 {
        for patterns in [&["a/b"], &["**"]] {
            for order in [Order::Forward, Order::Backward] {
                let from = if order == Order::Forward { 0 } else { u64::MAX };
                let mut read = subject.all(request(patterns, from, order));
                read.sort_by_key(|message| message.position);
                assert_eq!(read, appended);
            }
        }
        subject.reopen();
    }
}

pub fn previous_chains_the_messages_of_a_channel(kind: Kind) {
    let mut subject = Subject::new(kind);
    let first = subject.append(&["a", "b", "a"], 1);
    subject.reopen();
    let second = subject.append(&["b", "a", "c"], 1);
    if kind == Kind::Sqlite {
        assert_eq!(second[1].previous, Some(first[2].position));
        assert_eq!(second[0].previous, Some(first[1].position));
    }
    assert_eq!((first[0].previous, first[1].previous, second[2].previous), (None, None, None));
    assert_eq!(first[2].previous, Some(first[0].position));
}

pub fn nothing_appended_is_nothing_done(kind: Kind) {
    let subject = Subject::new(kind);
    subject.append(&["a"], 1);
    let before = subject.log().status();
    assert!(subject.append(&[], 2).is_empty());
    assert_eq!(subject.log().status(), before);
}

pub fn readers_and_a_publisher_do_not_wait_for_each_other(kind: Kind) {
    let subject = Subject::new(kind);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let read = |patterns: &'static [&'static str]| {
            let (log, done) = (subject.log(), &done);
            move || {
                let (mut from, mut found) = (0, Vec::new());
                loop {
                    let last = done.load(Ordering::SeqCst);
                    let page = log.read(&request(patterns, from, Order::Forward)).unwrap();
                    assert_eq!(page.gap, None);
                    found.extend(page.messages.iter().map(|message| message.position));
                    from = page.through.0;
                    if last && page.through >= log.status().head {
                        return found;
                    }
                }
            }
        };
        let everything = scope.spawn(read(&["**"]));
        let one = scope.spawn(read(&["c/3"]));
        let names: Vec<String> = (0..7).map(|index| format!("c/{index}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut appended = Vec::new();
        for round in 0..200 {
            appended.extend(subject.append(&names, round));
        }
        done.store(true, Ordering::SeqCst);
        let all: Vec<Position> = appended.iter().map(|message| message.position).collect();
        assert_eq!(everything.join().unwrap(), all);
        let threes: Vec<Position> = all.iter().copied().skip(3).step_by(7).collect();
        assert_eq!(one.join().unwrap(), threes);
    });
}
