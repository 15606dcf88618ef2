//! What was deleted is not in the files of a store any more: not a byte of it that can be found there.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use fanfare_proto::{Amends, Channel, Content, Keeping, Namespace, Namespaces, Pattern, Position, Time};
use fanfare_store::{Draft, Log, SqliteLog, SqliteOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn open(dir: &Path) -> SqliteLog {
    let rules = Namespaces::new([Namespace::new(Pattern::everything(), Keeping::Kept)]);
    SqliteLog::open(dir, Arc::new(rules), SqliteOptions::default()).unwrap()
}

fn append(log: &SqliteLog, amends: Option<Amends>, body: &[u8]) -> Position {
    let content = Content { amends, body: body.to_vec().into(), ..Content::default() };
    let draft =
        Draft { channel: Channel::parse("a").unwrap(), id: None, publisher: None, expires: None, content };
    log.append(vec![draft], Time(1_000)).unwrap()[0].position
}

/// How often the files of a folder have these bytes.
fn found(dir: &Path, bytes: &[u8]) -> usize {
    let files = std::fs::read_dir(dir).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.map(|file| file.windows(bytes.len()).filter(|window| *window == bytes).count()).sum()
}

/// Waits until they are nowhere.
fn wait_until_gone(dir: &Path, bytes: &[u8]) {
    let began = Instant::now();
    while found(dir, bytes) > 0 {
        assert!(began.elapsed() < Duration::from_secs(20), "they are still there");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn nothing_of_a_body_is_found_in_the_files_soon_after_its_delete() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    // One in a page, one over several, and an edit of each; and others around them.
    let filler: Vec<u8> = (0..9_000u32).map(|byte| byte as u8).collect();
    let mut secrets = Vec::new();
    for length in [200, 20_000] {
        append(&log, None, &filler[..300]);
        let [said, edit] = [0xA5, 0x5A].map(|byte| [&[byte; 24][..], &b"secret"[..], &[byte; 24]].concat());
        let original = append(&log, None, &said.repeat(length / said.len()));
        append(&log, None, &filler);
        append(&log, Some(Amends::Replaces(original)), &edit.repeat(length / edit.len()));
        append(&log, None, &filler[..300]);
        secrets.push((original, said, edit));
    }
    for (original, said, edit) in &secrets {
        assert!(found(dir.path(), said) > 0 && found(dir.path(), edit) > 0);
        append(&log, Some(Amends::Deletes(*original)), b"");
    }
    for (_, said, edit) in &secrets {
        // While the log is open, and goes on.
        append(&log, None, b"more");
        wait_until_gone(dir.path(), said);
        wait_until_gone(dir.path(), edit);
    }
    drop(log);
    let log = open(dir.path());
    for (_, said, edit) in &secrets {
        assert_eq!(found(dir.path(), said) + found(dir.path(), edit), 0);
    }
    drop(log);
    assert_eq!(fanfare_store::check(dir.path(), &mut |_| ()).unwrap().damages, []);
}
