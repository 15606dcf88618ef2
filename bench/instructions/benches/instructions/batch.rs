//! One commit of the store.

use fanfare_proto::{Channel, Content, Keeping, Namespace, Namespaces, Pattern, Time};
use fanfare_store::{Draft, Log, SqliteLog, SqliteOptions};
use std::sync::Arc;
use tempfile::TempDir;

const NOW: Time = Time(1_790_000_000_000);

pub struct Batch {
    log: SqliteLog,
    drafts: Vec<Draft>,
    /// How many are kept.
    kept: usize,
    _folder: TempDir,
}

impl Batch {
    /// A hundred messages of 128 bytes for ten channels that exist.
    pub fn of_100() -> Batch {
        let folder = tempfile::tempdir().unwrap();
        let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
        let log = SqliteLog::open(folder.path(), Arc::new(rules), SqliteOptions::default()).unwrap();
        let batch = Batch { log, drafts: drafts(), kept: 0, _folder: folder };
        Batch { drafts: drafts(), ..batch.commit() }
    }

    pub fn commit(mut self) -> Batch {
        self.kept += self.log.append(std::mem::take(&mut self.drafts), NOW).unwrap().len();
        self
    }
}

fn drafts() -> Vec<Draft> {
    let content = Content { body: vec![b'x'; 128].into(), ..Content::default() };
    let channel = |number: usize| Channel::parse(&format!("sensors/{}", number % 10)).unwrap();
    let draft = |number| Draft {
        channel: channel(number),
        id: None,
        publisher: None,
        expires: None,
        content: content.clone(),
    };
    (0..100).map(draft).collect()
}
