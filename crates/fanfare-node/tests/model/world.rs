//! The node, its readers, and the list of everything that was published.

use crate::book::check;
use crate::held::Held;
use crate::home::{Bell, Home};
use crate::reader::Reader;
use crate::talker::Talker;
use crate::wants::{priority, selection};

use fanfare_node::{Desk, Node, Opening, Outcome};
use fanfare_proto::{
    Channel, Content, Cursor, CursorPart, Form, Framing, Grant, LogId, Pace, Position, Publish, Query, Start,
    Time, Wire, protocol,
};
use fanfare_store::Removal;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

pub const CHANNELS: &[&str] = &["kept/a", "kept/b", "few/c", "live/a", "live/b"];
pub const SELECTIONS: &[&[&str]] =
    &[&["kept/a"], &["kept/*", "live/a"], &["**"], &["live/**"], &["few/c", "live/b", "kept/b"], &["*/a"]];
/// What readers want of their channels.
pub const FILTERS: &[Option<&str>] = &[
    None,
    Some("priority = 5"),
    Some("starts_with(body, \"1\")"),
    Some("priority = 5 and not body = \"3\""),
];
pub const READERS: usize = 3;
pub const TALKERS: usize = 2;

pub(crate) static NOW: AtomicU64 = AtomicU64::new(1_700_000_000_000);

#[derive(Debug, Clone)]
pub enum Action {
    Publish {
        channel: usize,
        key: usize,
        count: usize,
        size: usize,
    },
    PublishTogether(usize, usize),
    Open {
        reader: usize,
        selection: usize,
        filter: usize,
        start: usize,
        manner: Manner,
    },
    Room {
        reader: usize,
        room: usize,
    },
    Resume {
        reader: usize,
    },
    Purge(usize),
    Wait(u64),
    /// The clock goes back.
    TurnBack(u64),
    /// The server ends, and another one begins with what was kept.
    Restart,
    Alive {
        reader: usize,
    },
    Subscribe {
        talker: usize,
        selection: usize,
        start: usize,
    },
    Unsubscribe {
        talker: usize,
        which: usize,
    },
    TalkerRoom {
        talker: usize,
        room: usize,
    },
    Reconnect {
        talker: usize,
    },
}

/// How a reader hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Manner {
    #[default]
    Everything,
    /// In ticks: what a newer message of its key has superseded may be left out.
    InTicks,
    /// The same of what was said before it came.
    FromLatest,
}

pub struct Published {
    pub channel: usize,
    /// 0 if it has none.
    pub key: usize,
    pub position: u64,
    pub body: String,
    pub removed: bool,
    /// It was live when the server ended.
    pub gone: bool,
}

pub struct World {
    pub(crate) node: Node,
    pub(crate) desk: Desk,
    bell: Bell,
    readers: Vec<Reader>,
    pub(crate) talkers: Vec<Talker>,
    pub(crate) published: Vec<Published>,
    pub(crate) grant: Arc<Grant>,
    home: Home,
    /// The latest that the clock was.
    latest: u64,
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

impl World {
    pub fn in_memory() -> World {
        World::new(Home::in_memory())
    }

    pub fn on_disk(dir: &Path) -> World {
        World::new(Home::Disk(dir.to_owned()))
    }

    fn new(home: Home) -> World {
        let (node, desk, bell) = home.start();
        let readers = (0..READERS).map(|_| Reader::default()).collect();
        let talkers = (0..TALKERS).map(|_| Talker::default()).collect();
        let (published, grant) = (Vec::new(), Arc::new(Grant::open()));
        World { node, desk, bell, readers, talkers, published, grant, home, latest: 0 }
    }

    /// Everybody comes back after the last cursor. What was said live is gone, and those who had not heard it are told.
    fn restart(&mut self) {
        self.node.stop();
        let nobody = Home::in_memory().start();
        // The store is let go of before it is opened again.
        (self.node, self.desk, self.bell) = nobody;
        self.node.stop();
        (self.node, self.desk, self.bell) = self.home.start();
        let live =
            self.published.iter_mut().filter(|published| CHANNELS[published.channel].starts_with("live"));
        live.for_each(|published| published.gone = true);
        for reader in 0..READERS {
            let was_open = self.readers[reader].open;
            self.readers[reader].cut_after_reading();
            if was_open {
                self.resume(reader);
            }
        }
        // What one that speaks was to be told of the past is not known to anybody now.
        self.talkers = (0..TALKERS).map(|_| Talker::default()).collect();
    }

    pub fn act(&mut self, action: &Action) {
        match *action {
            Action::Publish { channel, key, count, size } => {
                let bodies = (0..count)
                    .map(|index| (channel, if index == 0 { key } else { 0 }, size))
                    .collect::<Vec<_>>();
                self.publish(&bodies, false);
            }
            Action::PublishTogether(a, b) => {
                let live = |channel: usize| CHANNELS[channel].starts_with("live");
                if live(a) == live(b) {
                    self.publish(&[(a, 0, 0), (b, 1, 0)], true);
                }
            }
            Action::Open { reader, selection, filter, start, manner } => {
                self.open(reader, selection, filter, start, manner);
            }
            Action::Room { reader, room } => {
                self.readers[reader].socket.room = room;
                self.desk.writable(reader as u32);
            }
            Action::Resume { reader } => self.resume(reader),
            Action::Purge(channel) => {
                let gone = self.published.iter_mut().filter(|published| published.channel == channel);
                gone.for_each(|published| published.removed = true);
                let channel = Channel::parse(CHANNELS[channel]).unwrap();
                wait(self.node.remove(&self.grant, &channel, Removal::Purge(channel.clone()))).unwrap();
            }
            Action::Wait(milliseconds) => {
                NOW.fetch_add(milliseconds, SeqCst);
            }
            Action::TurnBack(milliseconds) => {
                self.latest = self.latest.max(NOW.fetch_sub(milliseconds, SeqCst));
            }
            Action::Restart => self.restart(),
            Action::Alive { reader } => {
                self.desk.alive(reader as u32);
            }
            Action::Subscribe { talker, selection, start } => self.subscribe(talker, selection, start),
            Action::Unsubscribe { talker, which } => self.unsubscribe(talker, which),
            Action::TalkerRoom { talker, room } => self.give_room(talker, room),
            Action::Reconnect { talker } => self.reconnect(talker),
        }
        self.pump();
    }

    fn publish(&mut self, what: &[(usize, usize, usize)], atomic: bool) {
        let first = self.published.len();
        let publish = |(index, (channel, key, size)): (usize, &(usize, usize, usize))| {
            let body = format!("{}{}", first + index, "x".repeat(size * 300));
            // Numbers are text here: `starts_with` asks for that.
            let content_type = Some("text/plain".into());
            let priority = priority(first + index);
            let key = (*key > 0).then(|| format!("k{key}").into());
            let content = Content { key, priority, content_type, body: body.into(), ..Content::default() };
            Publish {
                channel: Channel::parse(CHANNELS[*channel]).unwrap(),
                id: None,
                ttl: None,
                when: None,
                content,
            }
        };
        let messages: Vec<Publish> = what.iter().enumerate().map(publish).collect();
        let receipts: Vec<_> = if atomic {
            wait(self.node.publish_atomic(&self.grant, messages.clone())).unwrap()
        } else {
            wait(self.node.publish(&self.grant, messages.clone())).into_iter().map(Result::unwrap).collect()
        };
        for ((receipt, message), (channel, key, _)) in receipts.into_iter().zip(messages).zip(what) {
            let body = String::from_utf8(message.content.body.to_vec()).unwrap();
            self.published.push(Published {
                channel: *channel,
                key: *key,
                position: receipt.position.0,
                body,
                removed: false,
                gone: false,
            });
        }
    }

    fn open(&mut self, reader: usize, selection: usize, filter: usize, start: usize, manner: Manner) {
        let end = self.published.len();
        let (start, allowed, wanted) = match start {
            0 => (Start::Now, end, end),
            1 => (Start::After(self.beginning()), 0, 0),
            // Which messages are the last is for the logs to say; what comes later is wanted.
            last => (Start::Last(last as u32), 0, end),
        };
        let old = &mut self.readers[reader];
        let room = old.socket.room;
        // Which are the newest of the last is for the logs to say.
        let manner =
            if start_is_last(&start) && manner == Manner::FromLatest { Manner::Everything } else { manner };
        let gone_before =
            self.published.iter().rposition(|published| published.gone).map_or(0, |last| last + 1);
        let old = &mut self.readers[reader];
        *old = Reader {
            open: true,
            selection,
            filter,
            manner,
            allowed,
            wanted,
            gone_before,
            ..Reader::default()
        };
        old.socket.room = room.max(200);
        self.connect(reader, start);
    }

    /// The cursor before everything.
    pub(crate) fn beginning(&self) -> Cursor {
        let logs = self.node.status().into_iter().zip([LogId::KEPT, LogId::LIVE]);
        Cursor::new(logs.map(|(status, log)| CursorPart {
            log,
            epoch: status.epoch,
            position: Position::START,
        }))
    }

    fn resume(&mut self, reader: usize) {
        let client = &mut self.readers[reader];
        client.read();
        let Some(cursor) = client.cursor.clone() else { return };
        client.cut();
        client.open = true;
        client.socket.room = 500;
        self.connect(reader, Start::After(Cursor::parse(&cursor).unwrap()));
    }

    fn connect(&mut self, reader: usize, start: Start) {
        let latest = self.readers[reader].manner == Manner::FromLatest && start != Start::Now;
        let in_ticks = self.readers[reader].manner == Manner::InTicks;
        if latest {
            self.readers[reader].latest_until = self.published.len();
        }
        let form = if reader == 0 { Form::Envelope } else { Form::Delta };
        let client = &mut self.readers[reader];
        client.held = (form == Form::Delta).then(Held::default);
        let selection = selection(SELECTIONS[client.selection], client.filter);
        let wire = Wire {
            protocol: protocol::by_name("ndjson").unwrap(),
            form,
            framing: Framing::Close,
            origin: None,
        };
        let retry = Duration::from_secs(1);
        let opening = Opening {
            grant: &self.grant,
            selection,
            start,
            latest,
            pace: in_ticks.then(|| Pace::asked(&Query::parse("rate=10").unwrap()).unwrap().unwrap()),
            wire,
            head: Vec::new(),
            retry,
            manner: Default::default(),
        };
        self.desk.open(reader as u32, opening, Time(NOW.load(SeqCst))).unwrap();
        let removed = self.published.iter().filter(|published| published.removed);
        let removed = removed.map(|published| published.body.clone()).collect();
        let reader = &mut self.readers[reader];
        reader.removed = (removed, reader.heard.len());
        reader.last = None;
    }

    /// Gives every session its turns until each waits for room or for a message.
    fn pump(&mut self) {
        loop {
            *self.bell.0.lock().unwrap() = false;
            self.desk.turn(Time(NOW.load(SeqCst)));
            while let Some(key) = self.desk.next_in_line() {
                let (socket, last) = match (key as usize).checked_sub(READERS) {
                    Some(talker) => {
                        let talker = &mut self.talkers[talker];
                        (&mut talker.socket, &mut talker.last)
                    }
                    None => {
                        let reader = &mut self.readers[key as usize];
                        (&mut reader.socket, &mut reader.last)
                    }
                };
                let outcome = self.desk.write(key, Time(NOW.load(SeqCst)), socket);
                assert!(
                    !matches!(outcome, Outcome::Failed(_) | Outcome::Close | Outcome::Done),
                    "{outcome:?}"
                );
                *last = Some(outcome);
            }
            let waiting = self.readers.iter().any(|reader| matches!(reader.last, Some(Outcome::Waiting)));
            if !waiting && !self.talkers_wait() {
                break;
            }
            let (bell, rung) = (self.bell.0.lock().unwrap(), &self.bell.1);
            let (_bell, timeout) =
                rung.wait_timeout_while(bell, Duration::from_secs(20), |rung| !*rung).unwrap();
            assert!(!timeout.timed_out(), "a session waits for an answer that does not come");
        }
    }

    /// Everybody gets room and reads to the end; then each reader's book is checked.
    pub fn finish(mut self) {
        let ticks = self.readers.iter().any(|reader| reader.open && reader.manner == Manner::InTicks);
        (0..TALKERS).for_each(|talker| self.give_room(talker, usize::MAX));
        for reader in 0..READERS {
            self.readers[reader].socket.room = usize::MAX;
            self.desk.writable(reader as u32);
        }
        self.pump();
        // A tick for each message that has no key, and those that a clock that went back makes wait for.
        let least = NOW.load(SeqCst).max(self.latest);
        let mut last = self.published.len() + 2;
        while ticks && last > 0 {
            let next = self.desk.next_tick().map_or(0, |tick| tick.0);
            NOW.fetch_max(next.max(least) + 101, SeqCst);
            NOW.fetch_add(101, SeqCst);
            self.pump();
            last -= 1;
        }
        for reader in self.readers.iter_mut().filter(|reader| reader.open) {
            reader.read();
            check(reader, &self.published);
        }
        self.finish_talkers();
        self.node.stop();
    }
}

fn start_is_last(start: &Start) -> bool {
    matches!(start, Start::Last(_))
}
