//! Of the past only the newest of each key: whoever begins so, however often it is cut, knows of each key what was said last,
//! hears nothing twice, nothing of the past that is not the newest, and everything that is said meanwhile.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod story;

use fanfare_node::Opening;
use fanfare_proto::{
    Channel, Content, Cursor, Filter, Form, Framing, Grant, History, LogId, Pattern, Publish, Selection,
    Start, Wire, protocol,
};
use fanfare_store::{MemoryLog, SqliteLog, SqliteOptions};
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use story::{Story, namespaces, wait};

const CHANNELS: [&str; 4] = ["a", "b", "live/a", "live/b"];

/// A channel and a key on it.
type Key = (String, Option<String>);

#[derive(Debug, Clone)]
enum Deed {
    /// Messages at once: the channel, the key, and whether it goes.
    Say(Vec<(usize, Option<u8>, bool)>),
    /// One turn, whatever is on its way.
    Turn,
    /// Everything that is on its way comes.
    Settle,
    Fill(bool),
    /// The connection is cut, and another one goes on from the last cursor.
    Cut,
    /// The client forgets everything and begins anew.
    Forget,
}

fn deed() -> impl Strategy<Value = Deed> {
    let message = (0..CHANNELS.len(), prop::option::weighted(0.8, 0..4u8), prop::bool::weighted(0.2));
    prop_oneof![
        6 => prop::collection::vec(message, 1..12).prop_map(Deed::Say),
        3 => Just(Deed::Turn),
        2 => Just(Deed::Settle),
        1 => any::<bool>().prop_map(Deed::Fill),
        2 => Just(Deed::Cut),
        1 => Just(Deed::Forget),
    ]
}

struct Said {
    key: Key,
    gone: bool,
    wanted: bool,
}

struct Life {
    story: Story,
    filter: Option<Filter>,
    /// By its number.
    said: Vec<Said>,
    cursor: Option<Cursor>,
    /// What the client knows, by number.
    known: BTreeMap<Key, usize>,
    heard: HashSet<usize>,
    /// How much had been said when the connection was opened, and what the client had not heard of that.
    opened: usize,
    lines: usize,
}

impl Life {
    fn new(story: Story, filter: bool) -> Life {
        Life {
            story,
            filter: filter.then(|| Filter::parse("body.m > 0").unwrap()),
            said: Vec::new(),
            cursor: None,
            known: BTreeMap::new(),
            heard: HashSet::new(),
            opened: 0,
            lines: 0,
        }
    }

    fn patterns() -> Vec<Pattern> {
        ["*", "live/**"].map(|text| Pattern::parse(text).unwrap()).to_vec()
    }

    fn open(&mut self) {
        let wire = Wire {
            protocol: protocol::by_name("stream").unwrap(),
            form: Form::Envelope,
            framing: Framing::Close,
            origin: None,
        };
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::filtered(Life::patterns(), self.filter.as_ref()),
            start: self.cursor.clone().map_or(Start::Oldest, Start::After),
            latest: true,
            pace: None,
            wire,
            head: Vec::new(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        self.story.desk.close(0);
        (self.story.socket.heard, self.lines, self.opened) = (Vec::new(), 0, self.said.len());
        self.story.desk.open(0, opening, story::now()).unwrap();
    }

    fn say(&mut self, messages: &[(usize, Option<u8>, bool)]) {
        let mut batch = Vec::new();
        for (channel, key, gone) in messages {
            let number = self.said.len();
            let channel = CHANNELS[*channel].to_owned();
            let key = key.map(|key| format!("k{key}"));
            let gone = *gone && key.is_some();
            let content = Content {
                key: key.as_deref().map(Into::into),
                event: gone.then(|| Content::DELETED.into()),
                content_type: Some("application/json".into()),
                body: format!("{{\"n\":{number},\"m\":{}}}", number % 3).into(),
                ..Content::default()
            };
            let publish = Publish {
                channel: Channel::parse(&channel).unwrap(),
                id: None,
                ttl: None,
                when: None,
                content,
            };
            batch.push(publish);
            let wanted = self.filter.is_none() || !number.is_multiple_of(3);
            self.said.push(Said { key: (channel, key), gone, wanted });
        }
        for answer in wait(self.story.node.publish(&Grant::open(), batch)) {
            answer.unwrap();
        }
    }

    fn listen(&mut self) {
        let lines = self.story.lines();
        let begun = self.newest(self.opened);
        for line in &lines[self.lines..] {
            assert!(line["gap"].is_null() && line["closing"].is_null(), "{line}");
            if let Some(cursor) = line["cursor"].as_str() {
                self.cursor = Some(Cursor::parse(cursor).unwrap());
            }
            let Some(number) = line["body"]["n"].as_u64().map(|number| number as usize) else { continue };
            let Said { key, gone, wanted } = &self.said[number];
            assert!(*wanted, "{number} is not wanted");
            assert!(self.heard.insert(number), "{number} comes twice");
            assert!(number >= self.opened || begun[key] == number, "{number} of {key:?} is not the newest");
            match gone {
                true => self.known.remove(key),
                false => self.known.insert(key.clone(), number),
            };
        }
        self.lines = lines.len();
    }

    /// Of each key what was said last, of the first messages.
    fn newest(&self, of: usize) -> HashMap<Key, usize> {
        let wanted = self.said[..of].iter().enumerate().filter(|(_, said)| said.wanted);
        wanted.map(|(number, said)| (said.key.clone(), number)).collect()
    }

    fn settle(&mut self) {
        self.story.settle();
        // What was asked for by a session before this one may come first.
        while self.story.desk.next_in_line().is_some() {
            self.story.settle();
        }
        self.listen();
    }

    fn live(&mut self, deeds: &[Deed]) {
        self.open();
        for deed in deeds {
            match deed {
                Deed::Say(messages) => self.say(messages),
                Deed::Turn => self.story.turn(),
                Deed::Settle if !self.story.socket.full => self.settle(),
                Deed::Settle => {}
                Deed::Fill(full) => self.fill(*full),
                Deed::Cut => {
                    self.listen();
                    self.open();
                }
                Deed::Forget => {
                    (self.cursor, self.known, self.heard) = (None, BTreeMap::new(), HashSet::new());
                    self.open();
                }
            }
        }
        self.fill(false);
        self.settle();
        self.check();
    }

    fn fill(&mut self, full: bool) {
        self.story.socket.full = full;
        if !full {
            self.story.desk.writable(0);
        }
    }

    fn check(&self) {
        let newest = self.newest(self.said.len());
        let mut last: Vec<_> = newest.into_iter().filter(|(_, number)| !self.said[*number].gone).collect();
        last.sort();
        assert_eq!(self.known.clone().into_iter().collect::<Vec<_>>(), last);
        let since = (self.opened..self.said.len()).filter(|number| self.said[*number].wanted);
        assert!(since.clone().all(|number| self.heard.contains(&number)));
        self.check_pages(&last);
    }

    /// Pages of history know the same.
    fn check_pages(&self, last: &[(Key, usize)]) {
        let (mut found, mut start) = (Vec::new(), Start::Oldest);
        loop {
            let history = History {
                patterns: Life::patterns(),
                filter: self.filter.clone(),
                latest: true,
                start,
                limit: 3,
                ..History::default()
            };
            let page = wait(self.story.node.history(&Grant::open(), &history)).unwrap();
            assert!(page.messages.len() <= 3);
            for (message, _) in page.messages.iter().filter(|(message, _)| !message.is_tombstone()) {
                let body: serde_json::Value = serde_json::from_slice(&message.content.body).unwrap();
                let key = message.content.key.as_deref().map(str::to_owned);
                let key = (message.channel.as_str().to_owned(), key);
                found.push((key, body["n"].as_u64().unwrap() as usize));
            }
            if !page.more {
                break;
            }
            start = Start::After(page.cursor);
        }
        found.sort();
        assert_eq!(found, last);
    }
}

fn cases(usual: u32) -> ProptestConfig {
    let cases = std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual);
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_newest_of_each_key_then_everything(
        filter in any::<bool>(),
        tail in prop::sample::select(vec![4usize, 32, 2048]),
        deeds in prop::collection::vec(deed(), 1..40),
    ) {
        let story = Story::on(Arc::new(MemoryLog::new(LogId::KEPT, namespaces())), tail);
        Life::new(story, filter).live(&deeds);
    }
}

proptest! {
    #![proptest_config(cases(20))]

    #[test]
    fn and_so_from_a_disk(filter in any::<bool>(), deeds in prop::collection::vec(deed(), 1..40)) {
        let dir = tempfile::tempdir().unwrap();
        let log = SqliteLog::open(dir.path(), namespaces(), SqliteOptions::default()).unwrap();
        Life::new(Story::on(Arc::new(log), 16), filter).live(&deeds);
    }
}
