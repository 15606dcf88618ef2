//! Stores to work with.

use bytes::Bytes;
use fanfare_proto::{Channel, Content, Namespaces, Position, Time};
use fanfare_store::{Draft, Log, Put, Records, Removal, Revision, SqliteLog, SqliteOptions};
use std::path::Path;
use std::sync::Arc;

/// When messages are said.
pub const NOW: Time = Time(1_700_000_000_000);

pub fn open(dir: &Path) -> SqliteLog {
    SqliteLog::open(dir, Arc::new(Namespaces::new([])), SqliteOptions::default()).unwrap()
}

pub fn draft(channel: &str, body: impl Into<Bytes>) -> Draft {
    let tags = [("n".into(), fanfare_proto::TagValue::Number(1.5))].into();
    let content = Content { body: body.into(), tags, ..Content::default() };
    let channel = Channel::parse(channel).unwrap();
    Draft { channel, id: None, publisher: None, expires: None, content }
}

/// A closed store with something of everything: two channels with milestones, one of which has lost a message in the
/// middle; a purged one that waits to be cleared; a dropped one; records.
pub fn something_of_everything(dir: &Path) {
    let log = open(dir);
    for round in 0..150 {
        let drafts = ["a", "b/c", "gone", "dropped"].map(|name| draft(name, format!("{name} {round}")));
        log.append(drafts.into(), Time(NOW.0 + round)).unwrap();
    }
    assert!(log.remove(&Removal::Message(Position(41))).unwrap());
    assert!(log.remove(&Removal::Purge(Channel::parse("gone").unwrap())).unwrap());
    assert!(log.remove(&Removal::Drop(Channel::parse("dropped").unwrap())).unwrap());
    log.append(vec![draft("gone", "anew"), draft("a", "last")], Time(NOW.0 + 200)).unwrap();
    for key in ["x", "y"] {
        let put = log.put_if("kind", key, Revision::ABSENT, Some(Bytes::from_static(b"value"))).unwrap();
        assert!(matches!(put, Put::Done(_)));
    }
}
