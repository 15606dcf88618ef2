//! What is tested: a log of some kind with some rules.

use fanfare_proto::{
    Channel, Content, Keeping, LogId, Message, Namespace, Namespaces, Pattern, Position, Retention,
    Selection, Time,
};
use fanfare_store::{
    Draft, Log, MemoryLog, MemoryRecords, Order, Page, Read, Records, SqliteLog, SqliteOptions, Store,
};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// The implementations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Memory,
    Sqlite,
}

/// What is kept when a test says nothing else: everything.
pub const EVERYTHING: Retention =
    Retention { age: Duration::MAX, messages: u64::MAX, bytes: u64::MAX, compact: false };

/// Channels without messages that are remembered.
pub const EMPTY: usize = 100;

/// A log under test.
pub struct Subject {
    kind: Kind,
    rules: Vec<(String, Retention)>,
    dir: TempDir,
    log: Option<Arc<dyn Store>>,
}

impl Subject {
    pub fn new(kind: Kind) -> Subject {
        Subject::with_rules(kind, &[])
    }

    /// These rules, then: everything is kept.
    pub fn with_rules(kind: Kind, rules: &[(&str, Retention)]) -> Subject {
        let dir = tempfile::tempdir().unwrap();
        let rules = rules.iter().map(|(pattern, retention)| ((*pattern).to_owned(), *retention)).collect();
        let mut subject = Subject { kind, rules, dir, log: None };
        subject.open();
        subject
    }

    fn namespaces(&self) -> Arc<Namespaces> {
        let everything = [("**".to_owned(), EVERYTHING), ("$all/**".to_owned(), EVERYTHING)];
        let keeping = if self.kind == Kind::Memory { Keeping::Live } else { Keeping::Kept };
        let rule = |(pattern, retention): &(String, Retention)| Namespace {
            retention: *retention,
            ..Namespace::new(Pattern::parse(pattern).unwrap(), keeping)
        };
        Arc::new(Namespaces::new(self.rules.iter().chain(&everything).map(rule)))
    }

    fn open(&mut self) {
        self.log = None;
        self.log = Some(match self.kind {
            Kind::Memory => Arc::new(MemoryLog::new(LogId::LIVE, self.namespaces())),
            Kind::Sqlite => Arc::new(open(&self.dir, self.namespaces())),
        });
    }

    /// Closes and opens the log, if it is one that lasts.
    pub fn reopen(&mut self) {
        if self.kind == Kind::Sqlite {
            self.open();
        }
    }

    pub fn log(&self) -> &dyn Log {
        &**self.log.as_ref().unwrap()
    }

    pub fn store(&self) -> &dyn Store {
        &**self.log.as_ref().unwrap()
    }

    /// A store on disk is sound at any moment.
    pub fn check(&self) {
        if self.kind == Kind::Sqlite {
            let checked = fanfare_store::check(self.dir.path(), &mut |_| ()).unwrap();
            assert_eq!(checked.damages, []);
            assert_eq!(checked.messages, self.log().status().messages);
        }
    }

    /// How many rows a table of the file has; none where there is no file.
    pub fn rows(&self, table: &str) -> u64 {
        if self.kind == Kind::Memory {
            return 0;
        }
        let file = rusqlite::Connection::open(self.dir.path().join("fanfare.db")).unwrap();
        file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    }

    /// Appends one message of so many bytes to each of these channels.
    pub fn append(&self, channels: &[&str], now: u64) -> Vec<Arc<Message>> {
        let drafts = channels.iter().map(|channel| draft(channel, channel)).collect();
        self.log().append(drafts, Time(now)).unwrap()
    }

    pub fn read(&self, patterns: &[&str], from: u64) -> Page {
        self.log().read(&request(patterns, from, Order::Forward)).unwrap()
    }

    /// The bodies of everything after a place, oldest first.
    pub fn bodies(&self, patterns: &[&str], from: u64) -> Vec<String> {
        let messages = self.all(request(patterns, from, Order::Forward));
        messages.iter().map(|message| String::from_utf8(message.content.body.to_vec()).unwrap()).collect()
    }

    /// All pages of a request, joined: in the order of reading.
    pub fn all(&self, mut read: Read) -> Vec<Arc<Message>> {
        let (mut all, head) = (Vec::new(), self.log().status().head);
        let end = |from| if read.order == Order::Forward { from >= head } else { from == Position::START };
        while !end(read.from) {
            let page = self.log().read(&read).unwrap();
            assert_ne!(page.through, read.from, "a page moves on");
            all.extend(match read.order {
                Order::Forward => page.messages,
                Order::Backward => page.messages.into_iter().rev().collect(),
            });
            read.from = page.through;
        }
        all
    }

    /// Trims until there is nothing to trim.
    pub fn trim(&self, now: u64) -> u64 {
        let mut removed = 0;
        for _ in 0..100_000 {
            let trimmed = self.log().trim(Time(now)).unwrap();
            removed += trimmed.removed;
            if !trimmed.more {
                return removed;
            }
        }
        panic!("trimming does not end");
    }
}

/// A store in which what is rare on a server happens often.
fn open(dir: &TempDir, namespaces: Arc<Namespaces>) -> SqliteLog {
    let options = SqliteOptions {
        flush_every: 150,
        checkpoint_pages: 20,
        empty_channels: EMPTY,
        ..SqliteOptions::default()
    };
    SqliteLog::open(dir.path(), namespaces, options).unwrap()
}

/// Records of a kind, and what keeps them alive.
pub fn records(kind: Kind) -> (Box<dyn Records>, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    match kind {
        Kind::Memory => (Box::new(MemoryRecords::default()), dir),
        Kind::Sqlite => (Box::new(open(&dir, Arc::new(Namespaces::new([])))), dir),
    }
}

pub fn channel(name: &str) -> Channel {
    Channel::parse(name).unwrap()
}

pub fn selection(patterns: &[&str]) -> Selection {
    Selection::new(patterns.iter().map(|pattern| Pattern::parse(pattern).unwrap()).collect())
}

pub fn draft(name: &str, body: &str) -> Draft {
    let content = Content { body: body.to_owned().into(), ..Content::default() };
    Draft { channel: channel(name), id: None, publisher: None, expires: None, content }
}

/// A request for much.
pub fn request(patterns: &[&str], from: u64, order: Order) -> Read {
    Read {
        selection: selection(patterns),
        from: Position(from),
        began: Position::START,
        order,
        messages: 1000,
        bytes: 1 << 20,
    }
}
