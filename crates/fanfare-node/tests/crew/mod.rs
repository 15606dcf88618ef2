//! A node whose clock goes only while a test waits or moves it, a desk, and sessions of acked readers.

#![allow(dead_code, reason = "each test binary uses its part of this")]

use crate::story::Socket;
use crate::world::{Clock, memory, namespaces, wait};
use fanfare_node::{Desk, Node, Opening, Options, Outcome, ReaderStatus, SessionKey};
use fanfare_proto::{
    Ack, AckPlaces, AsReader, Channel, Content, Cursor, Form, Framing, Grant, Namespaces, Origins, Publish,
    ReaderName, ReaderRules, ReaderWish, Refusal, Selection, Start, Wire, limits, protocol,
};
use fanfare_store::Store;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

/// A node, a desk, and the sockets of its sessions.
pub struct Crew {
    pub node: Node,
    desk: Desk,
    clock: Clock,
    pub sockets: Vec<Socket>,
    /// Sessions that have ended.
    pub over: Vec<SessionKey>,
}

pub fn name(text: &str) -> ReaderName {
    ReaderName::parse(text).unwrap()
}

/// These messages, and those before them where that is said, are done, or are to be given again.
pub fn ack(places: AckPlaces, again: Option<Duration>) -> Ack {
    Ack { places, again }
}

impl Crew {
    pub fn new(clock: Clock) -> Crew {
        Crew::on(memory(), namespaces(), clock)
    }

    pub fn on(kept: Arc<dyn Store>, namespaces: Arc<Namespaces>, clock: Clock) -> Crew {
        let (now, tail) = (clock.1, limits::TAIL_SLOTS);
        let options = Options { namespaces, origins: Origins::default(), kept, tail, now, system: now };
        let node = Node::start(options).unwrap();
        let desk = Desk::new(node.clone(), Arc::new(|| ()));
        Crew { node, desk, clock, sockets: Vec::new(), over: Vec::new() }
    }

    pub fn say(&self, to: &str, body: &str) -> Cursor {
        let content = Content { body: body.to_owned().into(), ..Content::default() };
        let publish =
            Publish { channel: Channel::parse(to).unwrap(), id: None, ttl: None, when: None, content };
        wait(self.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap().cursor
    }

    pub fn put(&self, reader: &str, wish: &str) -> Result<bool, Refusal> {
        self.put_as(&Grant::open(), reader, wish)
    }

    pub fn put_as(&self, grant: &Grant, reader: &str, wish: &str) -> Result<bool, Refusal> {
        let wish = ReaderWish::read(wish.as_bytes()).unwrap();
        wait(self.node.put_acked_reader(grant, name(reader), wish)).map(|(.., made)| made)
    }

    pub fn ack(&self, reader: &str, ack: Ack) -> usize {
        wait(self.node.ack(&Grant::open(), name(reader), ack)).unwrap()
    }

    /// How a reader is, after a whole round of the thread that has begun after this was called.
    pub fn shown(&self, reader: &str) -> ReaderStatus {
        wait(self.node.acked_reader(&Grant::open(), name(reader))).unwrap();
        wait(self.node.acked_reader(&Grant::open(), name(reader))).unwrap().0
    }

    /// A session that hears as a reader, over JSON lines or as a long poll. Answers its number.
    pub fn sit(&mut self, reader: &str, protocol: &str) -> SessionKey {
        let (streams, protocol) = (protocol != "poll", protocol::by_name(protocol).unwrap());
        let framing = if streams { Framing::Close } else { Framing::LengthClose };
        let wire = Wire { protocol, form: Form::Envelope, framing, origin: None };
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::default(),
            start: Start::Now,
            latest: false,
            pace: None,
            wire,
            head: if streams { b"\n".to_vec() } else { Vec::new() },
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        let key = self.sockets.len() as SessionKey;
        self.sockets.push(Socket::default());
        self.desk.open(key, opening, (self.clock.1)()).unwrap();
        let reader = AsReader::new(name(reader));
        self.desk.hear_as(key, reader, ReaderRules::new(Vec::new(), None), Start::Now).unwrap();
        key
    }

    /// Time passes, and the thread of readers has looked.
    pub fn pass(&mut self, reader: &str, time: Duration) {
        self.clock.0.fetch_add(time.as_millis() as u64, SeqCst);
        self.shown(reader);
        self.turn();
    }

    /// A session's socket takes something again.
    pub fn drain(&mut self, key: SessionKey) {
        self.sockets[key as usize].full = false;
        self.desk.writable(key);
    }

    pub fn leave(&mut self, key: SessionKey) {
        self.desk.close(key);
    }

    /// One turn: takes what is new and writes until there is nothing to write.
    pub fn turn(&mut self) {
        let now = self.clock.1;
        self.desk.turn(now());
        while let Some(key) = self.desk.next_in_line() {
            let outcome = self.desk.write(key, now(), &mut self.sockets[key as usize]);
            if matches!(outcome, Outcome::Done | Outcome::Close) {
                self.over.push(key);
            }
        }
    }

    /// Turns, until something holds.
    pub fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Crew) -> bool) {
        let began = Instant::now();
        loop {
            self.turn();
            if holds(self) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{what}");
            self.idle();
        }
    }

    /// A moment passes, also for whoever looks again only after a while.
    pub fn idle(&self) {
        self.clock.0.fetch_add(1, SeqCst);
        std::thread::sleep(Duration::from_millis(1));
    }

    /// Messages that a session has heard.
    pub fn heard(&self, key: SessionKey) -> Vec<Value> {
        let text = String::from_utf8_lossy(&self.sockets[key as usize].heard).into_owned();
        let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let all = lines.flat_map(|line| match line["messages"].as_array() {
            Some(messages) => messages.clone(),
            None => vec![line],
        });
        all.filter(|message| message["body"].is_string()).collect()
    }

    pub fn bodies(&self, key: SessionKey) -> Vec<String> {
        self.heard(key).iter().map(|message| message["body"].as_str().unwrap().to_owned()).collect()
    }

    /// Turns, until a session has heard this.
    pub fn hears(&mut self, key: SessionKey, bodies: &[&str]) {
        let began = Instant::now();
        while self.bodies(key) != bodies {
            assert!(began.elapsed() < PATIENCE, "{key} hears {:?} and not {bodies:?}", self.bodies(key));
            self.turn();
            self.idle();
        }
    }

    /// The cursor of a message that a session has heard.
    pub fn cursor(&self, key: SessionKey, index: usize) -> Cursor {
        Cursor::parse(self.heard(key)[index]["cursor"].as_str().unwrap()).unwrap()
    }
}
