//! Readers that hear in ticks, against a list of what was said: whatever is said and cut meanwhile, they hear the newest of
//! each key, everything that has no key, in order, and not more often than they asked for.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::{Opening, Outcome};
use fanfare_proto::{
    Channel, Content, Cursor, Filter, Form, Framing, Grant, LogId, Pace, Pattern, Publish, Query, Selection,
    Start, Time, Wire, limits, protocol,
};
use fanfare_store::{MemoryLog, Removal, SqliteLog, SqliteOptions};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use story::held::Held;
use story::{Story, namespaces, wait};

const CHANNELS: [&str; 3] = ["a", "b", "live/c"];

/// What can happen.
#[derive(Debug, Clone)]
enum Deed {
    /// These are said, each to a channel and with a key or none.
    Say(Vec<(usize, Option<u8>)>),
    /// Time passes.
    Pass(u64),
    /// The socket takes nothing, or everything.
    Fill(bool),
    /// The reader comes back after its last cursor.
    Cut,
    /// Something of a channel is removed: whatever is read is read again.
    Remove,
}

fn deed() -> impl Strategy<Value = Deed> {
    let one = (0..CHANNELS.len(), prop::option::weighted(0.8, 0u8..4));
    prop_oneof![
        5 => prop::collection::vec(one, 1..12).prop_map(Deed::Say),
        5 => (0u64..400).prop_map(Deed::Pass),
        1 => any::<bool>().prop_map(Deed::Fill),
        1 => Just(Deed::Cut),
        1 => Just(Deed::Remove),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Said {
    channel: String,
    key: Option<String>,
    number: u64,
}

/// A reader of this pace that lives through some deeds.
struct Life {
    story: Story,
    pace: Pace,
    every: u64,
    counts: bool,
    bytes: Option<u64>,
    filter: Option<Filter>,
    /// What it holds, if it hears changes.
    held: Option<Held>,
    clock: u64,
    /// What was said, as far as it is wanted.
    said: Vec<Said>,
    count: u64,
    /// What was heard, by whom, and when.
    heard: Vec<(Said, u32, u64)>,
    connection: u32,
    opened: u64,
    cursor: Option<Cursor>,
    lines: usize,
}

impl Life {
    fn new(story: Story, pace: &str, filter: Option<&str>, changes: bool) -> Life {
        let query = Query::parse(pace).unwrap();
        let number = |name| query.one(name).unwrap().map(|text| text.parse::<f64>().unwrap());
        let (rate, bytes) = (number("rate"), number("bytes"));
        let mut life = Life {
            story,
            pace: Pace::asked(&query).unwrap().unwrap(),
            every: rate.map_or(100, |rate| (1000.0 / rate) as u64),
            counts: rate.is_some(),
            bytes: bytes.map(|bytes| bytes as u64),
            filter: filter.map(|text| Filter::parse(text).unwrap()),
            held: changes.then(Held::default),
            clock: 1_700_000_000_123,
            said: Vec::new(),
            count: 0,
            heard: Vec::new(),
            connection: 0,
            opened: 0,
            cursor: None,
            lines: 0,
        };
        life.open();
        life
    }

    fn open(&mut self) {
        let patterns = ["*", "live/**"].map(|text| Pattern::parse(text).unwrap()).to_vec();
        let wire = Wire {
            protocol: protocol::by_name("stream").unwrap(),
            form: if self.held.is_some() { Form::Delta } else { Form::Envelope },
            framing: Framing::Close,
            origin: None,
        };
        let start = self.cursor.clone().map_or(Start::Now, Start::After);
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::filtered(patterns, self.filter.as_ref()),
            start,
            latest: false,
            pace: Some(self.pace),
            wire,
            head: Vec::new(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        self.story.desk.close(0);
        (self.connection, self.opened) = (self.connection + 1, self.clock);
        (self.story.socket.heard, self.lines) = (Vec::new(), 0);
        // Another process may have taken over: it holds nothing.
        self.held = self.held.take().map(|_| Held::default());
        self.story.desk.open(0, opening, Time(self.clock)).unwrap();
        self.turn();
    }

    /// A turn, and another one as long as something is on its way.
    fn turn(&mut self) {
        let mut waits = false;
        loop {
            self.story.desk.turn(Time(self.clock));
            let mut last = None;
            while let Some(key) = self.story.desk.next_in_line() {
                last = Some(self.story.desk.write(key, Time(self.clock), &mut self.story.socket));
            }
            match last {
                Some(Outcome::Waiting) => waits = true,
                Some(Outcome::Again) => waits = false,
                Some(Outcome::Idle | Outcome::Blocked) => break,
                None if !waits => break,
                None => {}
                Some(other) => panic!("{other:?}"),
            }
            if waits {
                self.story.rest();
            }
        }
        self.listen();
    }

    fn listen(&mut self) {
        let lines = self.story.lines();
        for line in &lines[self.lines..] {
            if let Some(cursor) = line["cursor"].as_str() {
                self.cursor = Some(Cursor::parse(cursor).unwrap());
            }
            assert!(line["gap"].is_null() && line["closing"].is_null(), "{line}");
            let line = self.held.as_mut().map_or(line.clone(), |held| held.whole(line.clone()));
            let Some(body) = line["body"].as_object() else { continue };
            let heard = Said {
                channel: line["channel"].as_str().unwrap().into(),
                key: line["key"].as_str().map(str::to_owned),
                number: body["n"].as_u64().unwrap(),
            };
            self.heard.push((heard, self.connection, self.clock));
        }
        self.lines = lines.len();
    }

    fn say(&mut self, messages: &[(usize, Option<u8>)]) {
        let mut batch = Vec::new();
        let more =
            if self.held.is_some() { format!(",\"more\":\"{}\"", "x".repeat(100)) } else { String::new() };
        for (channel, key) in messages {
            let (number, key) = (self.count, key.map(|key| format!("k{key}")));
            self.count += 1;
            let content = Content {
                key: key.as_deref().map(Into::into),
                content_type: Some("application/json".into()),
                body: format!("{{\"n\":{number},\"m\":{}{more}}}", number % 3).into(),
                ..Content::default()
            };
            let channel = CHANNELS[*channel].to_owned();
            if self.filter.is_none() || number % 3 > 0 {
                self.said.push(Said { channel: channel.clone(), key, number });
            }
            batch.push(Publish {
                channel: Channel::parse(&channel).unwrap(),
                id: None,
                ttl: None,
                when: None,
                content,
            });
        }
        for answer in wait(self.story.node.publish(&Grant::open(), batch)) {
            answer.unwrap();
        }
    }

    fn live(&mut self, deeds: &[Deed]) {
        for deed in deeds {
            match deed {
                Deed::Say(messages) => self.say(messages),
                Deed::Pass(time) => self.pass(*time),
                Deed::Fill(full) => self.fill(*full),
                Deed::Cut => self.open(),
                Deed::Remove => {
                    // Nobody wants it, and its removal concerns all.
                    let gone = Channel::parse("x/gone").unwrap();
                    let content = Content { body: "x".into(), ..Content::default() };
                    let publish = Publish { channel: gone.clone(), id: None, ttl: None, when: None, content };
                    let said =
                        wait(self.story.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap();
                    let removal = Removal::Message(said.position);
                    assert!(wait(self.story.node.remove(&Grant::open(), &gone, removal)).unwrap());
                }
            }
            self.turn();
        }
        self.fill(false);
        // A tick for each message that has no key, and one more.
        for _ in 0..4 * self.said.len() + 3 {
            self.pass(self.every + 1);
        }
        self.check();
    }

    /// Time passes, and each tick of it is met.
    fn pass(&mut self, time: u64) {
        let end = self.clock + time;
        while let Some(tick) = self.story.desk.next_tick().filter(|tick| tick.0 <= end) {
            self.clock = self.clock.max(tick.0);
            self.turn();
        }
        self.clock = end;
        self.turn();
    }

    fn fill(&mut self, full: bool) {
        self.story.socket.full = full;
        if !full {
            self.story.desk.writable(0);
            self.turn();
        }
    }

    fn check(&self) {
        let newest = |messages: &mut dyn Iterator<Item = &Said>| {
            let keyed =
                messages.filter_map(|said| Some(((said.channel.clone(), said.key.clone()?), said.number)));
            keyed.collect::<HashMap<_, _>>()
        };
        let keyless = |messages: &mut dyn Iterator<Item = &Said>| {
            messages.filter(|said| said.key.is_none()).map(|said| said.number).collect::<Vec<_>>()
        };
        let heard = || self.heard.iter().map(|(said, ..)| said);
        assert_eq!(newest(&mut heard()), newest(&mut self.said.iter()));
        // What comes of two logs has no order between them.
        let of = |log: bool| move |said: &&Said| said.channel.starts_with("live/") == log;
        for log in [false, true] {
            assert_eq!(keyless(&mut heard().filter(of(log))), keyless(&mut self.said.iter().filter(of(log))));
            assert!(
                heard().filter(of(log)).is_sorted_by(|one, other| one.number < other.number),
                "{:?}",
                self.heard
                    .iter()
                    .filter(|(s, ..)| of(log)(&s))
                    .map(|(s, c, t)| (s.number, s.key.clone(), *c, *t))
                    .collect::<Vec<_>>()
            );
        }
        assert!(heard().all(|said| self.said.contains(said)));
        self.check_pace();
    }

    fn check_pace(&self) {
        let mut last = HashMap::new();
        let mut bytes = 0;
        for (index, (said, connection, at)) in self.heard.iter().enumerate() {
            let key = said.key.as_deref().map(|key| (said.channel.as_str(), key));
            if (self.counts || key.is_some())
                && let Some(before) = last.insert((*connection, key), *at)
            {
                assert!(before / self.every < at / self.every, "{said:?} at {at}, after {before}");
            }
            // What the last connection took.
            if *connection == self.connection
                && let Some(most) = self.bytes
            {
                bytes += (index > 0) as u64 * 50;
                let time = at - self.opened;
                assert!(bytes <= most * (time + 2 * self.every) / 1000 + 2000, "{bytes} in {time} ms");
            }
        }
    }
}

fn paces() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "rate=10",
        "rate=4",
        "rate=100",
        "bytes=3000",
        "rate=5&bytes=4000",
        "bytes=500000",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(
        std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)) })]

    #[test]
    fn the_newest_of_each_key_and_all_that_have_none_are_heard_in_ticks(
        pace in paces(),
        filter in any::<bool>(),
        tail in prop::sample::select(vec![4usize, 32, 2048]),
        deeds in prop::collection::vec(deed(), 1..40),
        changes in any::<bool>(),
    ) {
        let story = Story::on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())), tail);
        Life::new(story, pace, filter.then_some("body.m > 0"), changes).live(&deeds);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20) })]

    #[test]
    fn and_so_they_are_from_a_disk(pace in paces(), changes in any::<bool>(), deeds in prop::collection::vec(deed(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path(), namespaces(), SqliteOptions::default()).unwrap();
        Life::new(Story::on(Arc::new(log), 16), pace, None, changes).live(&deeds);
    }
}

/// Fifty readers that hear of a long past one message now and the next in a quarter of an hour.
#[test]
fn readers_that_wait_for_their_tick_leave_room_for_others_to_read() {
    let mut story = Story::on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())), 4);
    for number in 0..60 {
        story.say("a", &format!("{number}{}", "x".repeat(60_000)), None);
    }
    let pace = Pace::asked(&Query::parse("rate=0.001").unwrap()).unwrap();
    let wire = Wire {
        protocol: protocol::by_name("stream").unwrap(),
        form: Form::Envelope,
        framing: Framing::Close,
        origin: None,
    };
    for key in 0..50 {
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::new(vec![Pattern::parse("a").unwrap()]),
            start: Start::Oldest,
            latest: false,
            pace,
            wire,
            head: Vec::new(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        story.desk.open(key, opening, Time(1_700_000_000_123)).unwrap();
        story.settle();
    }
    assert!(story.bodies().len() >= 50, "each has heard one");
    let clocked = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let bytes = clocked.block_on(story.node.figures()).pages_bytes;
    assert!(bytes < limits::PAGES_LENT_BYTES as u64, "{bytes}");
    let heard = story.bodies().len();
    story.open_at(50, &["a"], Start::Oldest);
    while story.bodies().len() < heard + 60 {
        story.settle();
    }
}
