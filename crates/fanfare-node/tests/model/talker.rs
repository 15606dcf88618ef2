//! A client that speaks: what it hears changes while it goes on.

use crate::held::Held;
use crate::reader::Socket;
use crate::wants::passes;
use crate::world::{CHANNELS, Published, SELECTIONS};
use fanfare_node::Outcome;
use fanfare_proto::Pattern;
use serde_json::Value;
use std::collections::BTreeMap;

/// One request to hear more.
#[derive(Debug, Clone)]
pub struct Asked {
    pub selection: usize,
    /// How much had been published.
    pub at: usize,
    pub past: Past,
    /// How much had been published when some of it was given up.
    pub until: Option<usize>,
}

/// What is asked of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    Nothing,
    Some,
    Everything,
}

/// A message heard, and whether the session's place came with it.
#[derive(Debug, Clone)]
struct Said {
    position: u64,
    body: String,
    placed: bool,
}

/// One client over several connections.
#[derive(Default)]
pub struct Talker {
    pub socket: Socket,
    /// What this connection has brought, if it brings changes.
    pub held: Option<Held>,
    pub open: bool,
    pub asked: Vec<Asked>,
    pub cursor: Option<String>,
    /// Requests that have not caught up.
    pub pending: usize,
    /// A connection was cut: what came without a place may come again.
    pub cuts: usize,
    pub last: Option<Outcome>,
    gaps: Vec<(u64, u64)>,
    heard: Vec<Said>,
}

impl Talker {
    /// Reads the whole messages that have arrived.
    pub fn read(&mut self) {
        while let Some((payload, end)) = self.message() {
            let value: Value = serde_json::from_slice(&payload).unwrap();
            self.socket.bytes.drain(..end);
            let value = match &mut self.held {
                Some(held) => held.whole(value),
                None => value,
            };
            self.take(&value);
        }
    }

    /// The first frame, unless it is cut: its payload and where it ends. The server's have no mask and no parts.
    fn message(&self) -> Option<(Vec<u8>, usize)> {
        let bytes = &self.socket.bytes;
        let second = *bytes.get(1)?;
        let (length, at) = match second {
            126 => (usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?])), 4),
            127 => panic!("no message is as long"),
            short => (usize::from(short), 2),
        };
        assert!([0x81, 0x89].contains(&bytes[0]), "{:x}", bytes[0]);
        let payload = bytes.get(at..at + length)?;
        // A ping says nothing.
        Some((if bytes[0] == 0x89 { b"{}".to_vec() } else { payload.to_vec() }, at + length))
    }

    fn take(&mut self, value: &Value) {
        if value.get("channel").is_some() {
            let (position, body) =
                (value["position"].as_u64().unwrap(), value["body"].as_str().unwrap().to_owned());
            self.heard.push(Said { position, body, placed: value.get("cursor").is_some() });
        } else if let Some(gap) = value.get("gap") {
            let place = |name: &str| gap[name].as_u64().unwrap();
            self.gaps.push((place("from"), place("to")));
        } else if value.get("caught_up").is_some() {
            self.pending -= usize::from(value.get("reply").is_some());
        } else {
            assert!(value.get("error").is_none() && value.get("closing").is_none(), "{value}");
        }
        if let Some(cursor) = value["cursor"].as_str() {
            self.cursor = Some(cursor.to_owned());
        }
    }

    /// Every message comes as often as was asked for: once live, and once for each past that has it.
    pub fn check(&self, filter: usize, published: &[Published]) {
        let mut newest = BTreeMap::new();
        for said in self.heard.iter().filter(|said| said.placed) {
            let channel = published.iter().find(|published| published.body == said.body).unwrap().channel;
            let before = newest.insert(channel, said.position);
            // A session that gave everything up begins anew, perhaps in the past.
            let anew = self.asked.iter().any(|asked| asked.until.is_some());
            assert!(anew || before < Some(said.position), "out of order: {said:?}; {self:#?}");
        }
        for (index, message) in published.iter().enumerate() {
            let heard = self.heard.iter().filter(|said| said.body == message.body).count();
            let passes = passes(filter, index, message);
            let wanting =
                || self.asked.iter().filter(|asked| passes && selects(asked.selection, message.channel));
            let live = |asked: &&Asked| asked.at <= index && asked.until.is_none_or(|until| index < until);
            let past = |asked: &&Asked| index < asked.at && asked.past != Past::Nothing;
            let sure = |asked: &&Asked| asked.until.is_none();
            let everything = |asked: &&Asked| asked.past == Past::Everything && past(asked);
            let most = usize::from(wanting().any(|asked| live(&asked))) + wanting().filter(past).count();
            let least = usize::from(wanting().filter(sure).any(|asked| live(&asked)))
                + wanting().filter(sure).filter(everything).count();
            let given_up = self.asked.iter().filter(|asked| asked.until.is_some()).count();
            assert!(heard <= most + given_up + self.cuts, "too often: {index}; {self:#?}");
            assert!(most > 0 || heard == 0, "not wanted: {index}; {self:#?}");
            let told = self.gaps.iter().any(|(from, to)| (*from..=*to).contains(&message.position));
            assert!(
                heard >= least || told || message.gone,
                "lost silently: {index} at {} in {}; {self:#?}",
                message.position,
                CHANNELS[message.channel]
            );
        }
    }
}

impl std::fmt::Debug for Talker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Talker")
            .field("asked", &self.asked)
            .field("heard", &self.heard)
            .field("gaps", &self.gaps)
            .finish_non_exhaustive()
    }
}

pub fn selects(selection: usize, channel: usize) -> bool {
    SELECTIONS[selection].iter().any(|text| Pattern::parse(text).unwrap().matches(CHANNELS[channel]))
}
