//! One life of a store, from opening to closing: some of everything, often.

use crate::snapshot::{KIND, Snapshot};
use crate::vfs::{Op, Vfs};
use fanfare_proto::{Channel, Content, Keeping, Namespace, Namespaces, Pattern, Position, Retention, Time};
use fanfare_store::{
    Draft, Log, Put, RecordChange, Records, Removal, Revision, SqliteLog, SqliteOptions, Store, StoreError,
};
use fastrand::Rng;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Namespaces with different retention; the last one keeps everything.
pub const PATTERNS: [&str; 5] = ["few/*", "old/**", "small/*", "table", "**"];
const CHANNELS: [&str; 8] = ["few/a", "few/b", "old/a", "small/a", "small/b", "table", "free", "free/a"];
/// More channels than there are heads in memory.
const OTHERS: usize = 150;
const STEPS: usize = 60;

/// What was asked of a store, and when: in numbers of operations on the disk.
pub struct Moment {
    /// It was asked.
    pub asked: usize,
    /// It was acknowledged.
    pub done: usize,
    /// What the store held then.
    pub after: Snapshot,
}

/// What happened in a life.
pub struct Life {
    pub ops: Vec<Op>,
    /// The first one is the opening.
    pub moments: Vec<Moment>,
}

/// Opens a store. One that is closed after a failure stays closed as long as a test takes.
pub fn open(dir: &Path, vfs: Option<&Vfs>) -> Result<SqliteLog, StoreError> {
    open_and_mend(dir, vfs, Duration::from_secs(3600))
}

/// The same, with a time after which it is checked.
pub fn open_and_mend(dir: &Path, vfs: Option<&Vfs>, mend_after: Duration) -> Result<SqliteLog, StoreError> {
    let everything = Retention { age: Duration::MAX, messages: u64::MAX, bytes: u64::MAX, compact: false };
    let retention = [
        Retention { messages: 70, ..everything },
        Retention { age: Duration::from_secs(5), ..everything },
        Retention { bytes: 20_000, ..everything },
        Retention { compact: true, ..everything },
        everything,
    ];
    let rules = PATTERNS.iter().zip(retention).map(|(pattern, retention)| Namespace {
        retention,
        ..Namespace::new(Pattern::parse(pattern).unwrap(), Keeping::Kept)
    });
    let options = SqliteOptions {
        vfs: vfs.map(|vfs| vfs.name().to_owned()),
        heads: 64,
        flush_every: 40,
        checkpoint_pages: 12,
        mend_after,
        ..SqliteOptions::default()
    };
    SqliteLog::open(dir, Arc::new(Namespaces::new(rules)), options)
}

/// Lives on what is in a directory. The clock begins where it says.
pub fn live(dir: &Path, vfs: &Vfs, clock: &mut u64, rng: &mut Rng) -> Result<Life, StoreError> {
    vfs.take();
    let mut log = open(dir, Some(vfs))?;
    let after = Snapshot::of(&log, &PATTERNS);
    let mut moments = vec![Moment { asked: 0, done: vfs.len(), after }];
    for _ in 0..STEPS {
        *clock += rng.u64(0..400);
        if rng.u8(..) < 8 {
            drop(log);
            log = open(dir, Some(vfs))?;
        }
        let (asked, before) = (vfs.len(), &moments[moments.len() - 1].after);
        step(&log, before, Time(*clock), rng)?;
        let done = vfs.len();
        moments.push(Moment { asked, done, after: Snapshot::of(&log, &PATTERNS) });
    }
    drop(log);
    Ok(Life { ops: vfs.take(), moments })
}

fn step(log: &SqliteLog, before: &Snapshot, now: Time, rng: &mut Rng) -> Result<(), StoreError> {
    match rng.u8(..100) {
        ..10 => {
            let drafts = (0..rng.usize(1..4)).map(|_| draft(now, rng)).collect();
            let changes: Vec<RecordChange> = (0..rng.usize(1..4)).map(|_| change(rng)).collect();
            log.append_with(drafts, &changes, now)?;
        }
        10..60 => {
            let drafts = (0..rng.usize(1..12)).map(|_| draft(now, rng)).collect();
            log.append(drafts, now)?;
        }
        60..85 => {
            log.trim(now)?;
        }
        85..90 if !before.messages.is_empty() => {
            let position = before.messages[rng.usize(..before.messages.len())].position;
            assert!(log.remove(&Removal::Message(position))?);
        }
        85..95 => {
            let channel = channel(rng);
            log.remove(&if rng.bool() { Removal::Purge(channel) } else { Removal::Drop(channel) })?;
        }
        _ => {
            let key = rng.u8(..4).to_string();
            let expected = log.get(KIND, &key)?.map_or(Revision::ABSENT, |record| record.revision);
            let value = (rng.u8(..4) > 0).then(|| rng.u64(..).to_le_bytes().to_vec().into());
            assert!(matches!(log.put_if(KIND, &key, expected, value)?, Put::Done(_)));
        }
    }
    Ok(())
}

fn change(rng: &mut Rng) -> RecordChange {
    let value = (rng.u8(..4) > 0).then(|| rng.u64(..).to_le_bytes().to_vec().into());
    RecordChange { kind: KIND, key: rng.u8(..4).to_string().into(), value }
}

fn channel(rng: &mut Rng) -> Channel {
    let name = match rng.u8(..10) {
        0 => format!("other/{}", rng.usize(..OTHERS)),
        _ => CHANNELS[rng.usize(..CHANNELS.len())].to_owned(),
    };
    Channel::parse(&name).unwrap()
}

fn draft(now: Time, rng: &mut Rng) -> Draft {
    let most = if rng.u8(..20) == 0 { 20_000 } else { 700 };
    let body: Vec<u8> = (0..rng.usize(..most)).map(|_| rng.u8(..)).collect();
    let channel = channel(rng);
    let key = (channel.as_str() == "table").then(|| rng.u8(..5).to_string().into());
    Draft {
        channel,
        // What has an id stays for a while, superseded or not.
        id: (key.is_none() && rng.bool()).then(|| rng.u64(..).to_string().into()),
        publisher: None,
        expires: (rng.u8(..5) == 0).then(|| now.after(Duration::from_millis(rng.u64(..9_000)))),
        content: Content { body: body.into(), key, ..Content::default() },
    }
}

/// One more message goes to the store, after everything it has.
pub fn go_on(log: &SqliteLog, now: Time, rng: &mut Rng) -> Result<(), String> {
    let head: Position = log.status().head;
    let appended = log.append(vec![draft(now, rng)], now).map_err(|error| error.to_string())?;
    let grown = appended.iter().all(|message| message.position > head);
    if grown { Ok(()) } else { Err(format!("positions do not grow: {head:?}, then {appended:?}")) }
}
