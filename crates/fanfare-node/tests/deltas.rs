//! Readers that hear of a body only what has changed, where they were given what it builds on, and else the whole.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::{Opening, Outcome, SessionKey};
use fanfare_proto::{
    Amends, Channel, Content, Filter, Form, Framing, Grant, LogId, Pace, Pattern, Position, Publish, Query,
    Selection, Start, Wire, protocol,
};
use fanfare_store::{MemoryLog, Removal};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use story::held::Held;
use story::{Socket, Story, namespaces, now, wait};

/// A body that is worth a change: a number and much that stays.
fn quote(price: u32) -> String {
    json!({"symbol": "EURUSD", "venue": "somewhere or other", "price": price, "unit": "a ten thousandth"})
        .to_string()
}

struct Readers {
    story: Story,
    sockets: Vec<(Socket, Held, usize)>,
}

impl Readers {
    fn new(tail: usize) -> Readers {
        let log = MemoryLog::new(LogId::KEPT, namespaces());
        Readers { story: Story::on(Arc::new(log), tail), sockets: Vec::new() }
    }

    fn open(&mut self, pattern: &str, filter: Option<&str>, pace: Option<&str>, start: Start) -> usize {
        let filter = filter.map(|text| Filter::parse(text).unwrap());
        let pace = pace.map(|text| Pace::asked(&Query::parse(text).unwrap()).unwrap().unwrap());
        let wire = Wire {
            protocol: protocol::by_name("stream").unwrap(),
            form: Form::Delta,
            framing: Framing::Close,
            origin: None,
        };
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::filtered(vec![Pattern::parse(pattern).unwrap()], filter.as_ref()),
            start,
            latest: false,
            pace,
            wire,
            head: Vec::new(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        let key = self.sockets.len();
        self.sockets.push(Default::default());
        self.story.desk.open(key as SessionKey, opening, now()).unwrap();
        self.turn();
        key
    }

    fn say(&mut self, key: Option<&str>, price: u32) {
        self.say_for(key, price, None);
    }

    fn say_for(&mut self, key: Option<&str>, price: u32, ttl: Option<Duration>) {
        self.publish(key, price, ttl);
        self.turn();
    }

    /// Says it, and nobody has a turn.
    fn publish(&self, key: Option<&str>, price: u32, ttl: Option<Duration>) -> Position {
        let content = Content {
            key: key.map(Into::into),
            content_type: Some("application/json".into()),
            body: quote(price).into(),
            ..Content::default()
        };
        let publish = Publish { channel: Channel::parse("fx").unwrap(), id: None, ttl, when: None, content };
        wait(self.story.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap().position
    }

    fn delete(&self, target: Position) {
        self.amend(Amends::Deletes(target), "");
    }

    fn amend(&self, amends: Amends, body: &str) {
        let body = body.to_owned().into();
        let content = Content { amends: Some(amends), body, ..Content::default() };
        let publish =
            Publish { channel: Channel::parse("fx").unwrap(), id: None, ttl: None, when: None, content };
        wait(self.story.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap();
    }

    fn turn(&mut self) {
        let mut waits = false;
        loop {
            self.story.desk.turn(now());
            let mut idle = true;
            while let Some(key) = self.story.desk.next_in_line() {
                match self.story.desk.write(key, now(), &mut self.sockets[key as usize].0) {
                    Outcome::Waiting => waits = true,
                    Outcome::Again => idle = false,
                    Outcome::Idle => waits = false,
                    _ => {}
                }
            }
            if waits {
                self.story.rest();
            } else if idle {
                return;
            }
        }
    }

    /// Which of what a reader has heard came as changes.
    fn changes(&self, reader: usize) -> Vec<bool> {
        let (socket, mut held) = (&self.sockets[reader].0, Held::default());
        let text = String::from_utf8(socket.heard.clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let messages = lines.filter(|line| line["position"].is_u64());
        let mut is_change = |line: Value| {
            let before = held.changes;
            held.whole(line);
            held.changes > before
        };
        messages.map(&mut is_change).collect()
    }

    /// What a reader has heard since it was asked last: each price, and whether it came as a change.
    fn heard(&mut self, reader: usize) -> Vec<(u64, bool)> {
        let (socket, held, read) = &mut self.sockets[reader];
        let text = String::from_utf8(socket.heard.clone()).unwrap();
        let lines = text.lines().skip(*read).map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut heard = Vec::new();
        for line in lines {
            *read += 1;
            let before = held.changes;
            let line = held.whole(line);
            if let Some(price) = line["body"]["price"].as_u64() {
                heard.push((price, held.changes > before));
            }
        }
        heard
    }
}

const WHOLE: bool = false;
const CHANGE: bool = true;

#[test]
fn each_builds_on_the_one_before_with_the_same_key() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, None, Start::Now);
    for (key, price) in [(None, 1), (Some("a"), 2), (None, 3), (Some("b"), 4), (Some("a"), 5), (Some("b"), 6)]
    {
        readers.say(key, price);
    }
    assert_eq!(
        readers.heard(one),
        [(1, WHOLE), (2, WHOLE), (3, CHANGE), (4, WHOLE), (5, CHANGE), (6, CHANGE)]
    );
}

#[test]
fn who_comes_later_hears_whole_what_it_was_not_given() {
    let mut readers = Readers::new(64);
    let first = readers.open("fx", None, None, Start::Now);
    readers.say(Some("a"), 1);
    let second = readers.open("fx", None, None, Start::Now);
    readers.say(Some("a"), 2);
    let third = readers.open("fx", None, None, Start::Oldest);
    readers.say(Some("a"), 3);
    assert_eq!(readers.heard(first), [(1, WHOLE), (2, CHANGE), (3, CHANGE)]);
    assert_eq!(readers.heard(second), [(2, WHOLE), (3, CHANGE)]);
    assert_eq!(readers.heard(third), [(1, WHOLE), (2, CHANGE), (3, CHANGE)]);
    readers.say(Some("a"), 4);
    for reader in [first, second, third] {
        assert_eq!(readers.heard(reader), [(4, CHANGE)]);
    }
}

#[test]
fn one_builds_on_what_its_filter_let_through() {
    let mut readers = Readers::new(64);
    let even = readers.open("fx", Some("body.price in (2, 4, 6)"), None, Start::Now);
    let all = readers.open("fx", None, None, Start::Now);
    (1..=6).for_each(|price| readers.say(Some("a"), price));
    assert_eq!(readers.heard(even), [(2, WHOLE), (4, CHANGE), (6, CHANGE)]);
    assert_eq!(readers.heard(all)[1..], [2, 3, 4, 5, 6].map(|price| (price, CHANGE)));
}

#[test]
fn one_that_hears_in_ticks_builds_on_what_the_last_tick_gave() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, Some("rate=1000"), Start::Now);
    let mut heard = Vec::new();
    for price in 1..=30 {
        readers.say(Some("a"), price);
        if price % 3 == 0 {
            // The clock of these tests moves on with each look at it.
            (0..5).for_each(|_| readers.turn());
            heard.extend(readers.heard(one));
        }
    }
    assert!(heard.last().unwrap().0 == 30 && heard.len() >= 10, "{heard:?}");
    assert_eq!(heard.iter().filter(|(_, change)| !change).count(), 1, "{heard:?}");
}

#[test]
fn one_that_hears_in_ticks_builds_on_nothing_behind_a_message_for_a_moment() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, Some("rate=1000"), Start::Now);
    readers.say(Some("a"), 1);
    (0..5).for_each(|_| readers.turn());
    assert_eq!(readers.heard(one), [(1, WHOLE)]);
    // Both come in one tick.
    readers.publish(Some("a"), 2, Some(Duration::ZERO));
    readers.publish(Some("a"), 3, None);
    (0..5).for_each(|_| readers.turn());
    assert_eq!(readers.heard(one), [(2, CHANGE), (3, WHOLE)]);
}

#[test]
fn one_that_hears_in_ticks_hears_what_a_deleted_message_had_superseded() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, Some("rate=0.1"), Start::Now);
    readers.say(Some("a"), 1);
    let ticks = |readers: &mut Readers| {
        story::NOW.fetch_add(20_000, SeqCst);
        (0..5).for_each(|_| readers.turn());
    };
    ticks(&mut readers);
    assert_eq!(readers.heard(one), [(1, WHOLE)]);
    // The next tick is far away now.
    readers.say(Some("a"), 0);
    readers.say(Some("a"), 2);
    let newest = readers.publish(Some("a"), 3, None);
    readers.turn();
    readers.delete(newest);
    ticks(&mut readers);
    assert_eq!(readers.heard(one).last().map(|(price, _)| *price), Some(2));
}

#[test]
fn an_edit_comes_whole_and_so_does_what_follows_it() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, None, Start::Now);
    readers.say(Some("b"), 1);
    let first = readers.publish(Some("a"), 2, None);
    readers.turn();
    readers.amend(Amends::Replaces(first), &quote(3));
    readers.say(Some("b"), 4);
    readers.say(Some("a"), 5);
    readers.say(Some("a"), 6);
    let heard: Vec<bool> = readers.changes(one);
    assert_eq!(heard, [WHOLE, WHOLE, WHOLE, CHANGE, WHOLE, CHANGE]);
}

#[test]
fn nothing_builds_on_what_expires() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, None, Start::Now);
    readers.say(Some("a"), 1);
    readers.say_for(Some("a"), 2, Some(Duration::from_secs(3600)));
    readers.say(Some("a"), 3);
    readers.say(Some("a"), 4);
    assert_eq!(readers.heard(one), [(1, WHOLE), (2, CHANGE), (3, WHOLE), (4, CHANGE)]);
}

#[test]
fn nothing_builds_on_what_the_window_has_lost_or_what_was_removed() {
    let mut readers = Readers::new(2);
    let one = readers.open("fx", None, None, Start::Now);
    readers.say(Some("a"), 1);
    readers.say(Some("b"), 2);
    readers.say(Some("b"), 3);
    readers.say(Some("a"), 4);
    assert_eq!(readers.heard(one), [(1, WHOLE), (2, WHOLE), (3, CHANGE), (4, WHOLE)]);
    let fx = Channel::parse("fx").unwrap();
    wait(readers.story.node.remove(&Grant::open(), &fx, Removal::Purge(fx.clone()))).unwrap();
    readers.say(Some("a"), 5);
    assert_eq!(readers.heard(one), [(5, WHOLE)]);
    // What comes next may be read from the log.
    readers.say(Some("a"), 6);
    readers.say(Some("a"), 7);
    let heard = readers.heard(one);
    assert!(heard[0].0 == 6 && heard[1] == (7, CHANGE), "{heard:?}");
}

#[test]
fn a_body_that_is_short_or_another_one_altogether_comes_whole() {
    let mut readers = Readers::new(64);
    let one = readers.open("fx", None, None, Start::Now);
    for body in ["short", "shore", &"x".repeat(1000), &"y".repeat(1000), &"y".repeat(999)] {
        readers.story.say("fx", body, None);
        readers.turn();
    }
    let lines = String::from_utf8(readers.sockets[one].0.heard.clone()).unwrap();
    let changes: Vec<bool> = lines.lines().skip(1).map(|line| line.contains("\"delta\"")).collect();
    assert_eq!(changes, [false, false, false, false, true]);
}
