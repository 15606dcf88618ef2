//! A node, a desk and one client, to tell short stories of.

#![allow(dead_code, reason = "each test binary uses its part of this")]

pub mod held;

use fanfare_node::{Desk, Node, Opening, Options, Outcome, SessionKey, Sink};
use fanfare_proto::{
    Channel, Content, Cursor, Form, Framing, Grant, Keeping, LogId, Namespace, Namespaces, Origins, Pattern,
    Publish, Selection, Start, Time, View, Wire, limits, protocol,
};
use fanfare_store::{MemoryLog, Store};
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

pub static NOW: AtomicU64 = AtomicU64::new(1_700_000_000_000);

pub fn now() -> Time {
    Time(NOW.fetch_add(1, SeqCst))
}

pub fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

pub fn namespaces() -> Arc<Namespaces> {
    Arc::new(Namespaces::new([Namespace::new(Pattern::parse("live/**").unwrap(), Keeping::Live)]))
}

/// A kept log that is empty.
pub fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryLog::new(LogId::KEPT, namespaces()))
}

/// A socket that takes everything, or nothing.
#[derive(Default)]
pub struct Socket {
    pub full: bool,
    pub heard: Vec<u8>,
    pub writes: usize,
}

impl Sink for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.full {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.heard.extend_from_slice(bytes);
        self.writes += 1;
        Ok(bytes.len())
    }

    fn write_parts(&mut self, parts: &[&[u8]; 3]) -> io::Result<usize> {
        self.write(&parts.concat())
    }
}

/// A node, a desk, and one client.
pub struct Story {
    pub node: Node,
    pub desk: Desk,
    pub bell: Arc<(Mutex<bool>, Condvar)>,
    pub socket: Socket,
    pub last: Option<Outcome>,
}

impl Story {
    pub fn new() -> Story {
        Story::on(memory(), limits::TAIL_SLOTS)
    }

    pub fn on(kept: Arc<dyn Store>, tail: usize) -> Story {
        let options =
            Options { namespaces: namespaces(), origins: Origins::default(), kept, tail, now, system: now };
        let (node, bell) = (Node::start(options).unwrap(), Arc::<(Mutex<bool>, Condvar)>::default());
        let rung = bell.clone();
        let wake = move || {
            *rung.0.lock().unwrap() = true;
            rung.1.notify_all();
        };
        let desk = Desk::new(node.clone(), Arc::new(wake));
        Story { node, desk, bell, socket: Socket::default(), last: None }
    }

    pub fn say(&self, to: &str, body: &str, ttl: Option<Duration>) -> Cursor {
        let content = Content { body: body.to_owned().into(), ..Content::default() };
        let publish = Publish { channel: Channel::parse(to).unwrap(), id: None, ttl, when: None, content };
        wait(self.node.publish(&Grant::open(), vec![publish])).remove(0).unwrap().cursor
    }

    pub fn open(&mut self, patterns: &[&str], start: Start) {
        self.open_at(0, patterns, start);
    }

    pub fn open_at(&mut self, key: SessionKey, patterns: &[&str], start: Start) {
        self.open_viewed(key, patterns, start, View::Events);
    }

    pub fn open_viewed(&mut self, key: SessionKey, patterns: &[&str], start: Start, view: View) {
        let wire = Wire {
            protocol: protocol::by_name("stream").unwrap(),
            form: Form::Envelope,
            framing: Framing::Close,
            origin: None,
        };
        let patterns = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        let opening = Opening {
            grant: &Arc::new(Grant::open()),
            selection: Selection::new(patterns).viewed(Some(view)),
            start,
            latest: false,
            pace: None,
            wire,
            head: b"\n".to_vec(),
            retry: Duration::from_secs(1),
            manner: Default::default(),
        };
        *self.bell.0.lock().unwrap() = false;
        self.desk.open(key, opening, now()).unwrap();
    }

    /// One turn: takes what is new and writes until there is nothing to write.
    pub fn turn(&mut self) {
        self.desk.turn(now());
        self.write();
    }

    pub fn write(&mut self) {
        while let Some(key) = self.desk.next_in_line() {
            self.last = Some(self.desk.write(key, now(), &mut self.socket));
        }
    }

    /// Waits until another thread has something for the desk.
    pub fn rest(&self) {
        let rung = self.bell.0.lock().unwrap();
        let (mut rung, waited) =
            self.bell.1.wait_timeout_while(rung, Duration::from_secs(20), |rung| !*rung).unwrap();
        assert!(!waited.timed_out(), "nobody rang");
        *rung = false;
    }

    /// Turns, until the session has nothing to wait for.
    pub fn settle(&mut self) {
        self.turn();
        while matches!(self.last, Some(Outcome::Waiting)) {
            self.rest();
            self.turn();
        }
    }

    /// The same at a moment.
    pub fn settle_at(&mut self, at: Time) {
        loop {
            self.desk.turn(at);
            while let Some(key) = self.desk.next_in_line() {
                self.last = Some(self.desk.write(key, at, &mut self.socket));
            }
            if !matches!(self.last, Some(Outcome::Waiting)) {
                return;
            }
            self.rest();
        }
    }

    pub fn lines(&self) -> Vec<serde_json::Value> {
        let lines = self.socket.heard.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }

    pub fn bodies(&self) -> Vec<String> {
        let lines = self.lines();
        lines.iter().filter_map(|line| line["body"].as_str()).map(str::to_owned).collect()
    }
}
