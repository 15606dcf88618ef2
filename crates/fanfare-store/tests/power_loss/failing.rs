//! A disk that fails and heals: nothing is acknowledged that is not kept, what is kept can be read, and the log opens
//! again by itself when it should, and not before.

use crate::failed_sync::{bodies, say, start_again_and_lose_power};
use crate::life::open_and_mend;
use crate::vfs::{Broken, Call, Vfs};
use fanfare_proto::{Amends, Channel, Content, Position, Time};
use fanfare_store::{Draft, Incidents, Log, Removal, StoreError};
use rusqlite::{Connection, ffi};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_millis(10);
const FOR_EVER: u32 = u32::MAX;

#[track_caller]
fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "waited in vain until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

fn broken(call: Call, error: i32) -> Broken {
    Broken { call, error, after: 0, times: FOR_EVER }
}

/// Breaks the disk, and heals it.
fn closes_and_reopens(call: Call, error: i32) {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
    say(&log, "before").unwrap();
    let head = log.status().head;
    vfs.break_disk(broken(call, error));
    assert!(matches!(say(&log, "not acknowledged"), Err(StoreError::Failed(_))));
    // It is looked at again and again, and found as bad as it is.
    let end = Instant::now() + 20 * SOON;
    while Instant::now() < end {
        assert!(matches!(log.trouble(), Some(StoreError::Failed(_))));
        assert!(matches!(say(&log, "refused"), Err(StoreError::Failed(_))));
        assert_eq!(bodies(&log), ["before"], "readers go on");
    }
    assert_eq!(log.status().head, head);
    assert!(vfs.heal());
    until("the log is open again", || log.trouble().is_none());
    assert_eq!(
        log.incidents(),
        Incidents { failures: 1, ..Incidents::default() },
        "it is remembered, and once"
    );
    say(&log, "healed").unwrap();
    assert_eq!(bodies(&log), ["before", "healed"]);
    drop(log);
    start_again_and_lose_power(&vfs, dir.path(), 10, &["before".into(), "healed".into()], "");
}

#[test]
fn a_failed_write_closes_the_log_until_the_store_was_checked() {
    closes_and_reopens(Call::Write, ffi::SQLITE_IOERR_WRITE);
}

#[test]
fn a_failed_sync_closes_the_log_until_the_store_was_checked() {
    closes_and_reopens(Call::Sync, ffi::SQLITE_IOERR_FSYNC);
}

#[test]
fn a_full_disk_closes_nothing_and_the_next_message_finds_room() {
    for error in [ffi::SQLITE_FULL, ffi::SQLITE_IOERR_NOMEM, ffi::SQLITE_NOMEM] {
        let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
        let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
        say(&log, "before").unwrap();
        vfs.break_disk(broken(Call::Write, error));
        for _ in 0..100 {
            assert!(matches!(say(&log, "refused"), Err(StoreError::Full(_))));
            assert_eq!(log.trouble(), None);
            assert_eq!(bodies(&log), ["before"]);
        }
        vfs.heal();
        say(&log, "healed").unwrap();
        assert_eq!(bodies(&log), ["before", "healed"]);
        drop(log);
        start_again_and_lose_power(&vfs, dir.path(), 10, &["before".into(), "healed".into()], "");
    }
}

/// What the system's own VFS says of a disk that cannot be read: SQLite makes damage of it.
#[test]
fn what_a_writer_could_not_read_once_closes_the_log_until_all_of_the_store_was_checked() {
    for error in [ffi::SQLITE_IOERR_CORRUPTFS, ffi::SQLITE_IOERR_READ] {
        let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
        let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
        (0..1500).for_each(|number| say(&log, &format!("{number:0>3000}")).unwrap());
        drop(log);
        let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
        vfs.break_disk(Broken { call: Call::Read, error, after: 0, times: FOR_EVER });
        let removal = Removal::Message(Position(50));
        let refused = log.remove(&removal).unwrap_err();
        assert!(matches!(refused, StoreError::Corrupt(_) | StoreError::Failed(_)), "{refused}");
        assert!(say(&log, "refused").is_err() && log.trouble().is_some());
        vfs.heal();
        until("the log is open again", || log.trouble().is_none());
        say(&log, "healed").unwrap();
        assert!(log.remove(&removal).unwrap(), "it is still there");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_never_a_hole() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let said: Vec<String> = (0..200).map(|number| format!("{number:0>3000}")).collect();
    let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
    said.iter().for_each(|body| say(&log, body).unwrap());
    drop(log);
    for after in (0..60).step_by(3) {
        let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
        let error = if after % 2 == 0 { ffi::SQLITE_IOERR_READ } else { ffi::SQLITE_IOERR_CORRUPTFS };
        vfs.break_disk(Broken { call: Call::Read, error, after, times: FOR_EVER });
        let read = crate::failed_sync::everything(&log);
        let failed = matches!(read, Err(StoreError::Failed(_) | StoreError::Corrupt(_)));
        assert!(failed, "after {after} reads: {read:?}");
        assert_eq!(log.trouble(), None, "it can be written");
        vfs.heal();
        assert_eq!(bodies(&log), said);
        until("what was met is forgotten", || log.incidents().damage.is_none());
    }
}

#[test]
fn a_reader_is_not_told_of_a_disk_that_could_not_be_read_once() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
    (0..200).for_each(|number| say(&log, &format!("{number:0>3000}")).unwrap());
    drop(log);
    for after in (0..60).step_by(3) {
        let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
        vfs.break_disk(Broken { call: Call::Read, error: ffi::SQLITE_IOERR_CORRUPTFS, after, times: 1 });
        assert_eq!(bodies(&log).len(), 200);
        assert_eq!(log.incidents(), Incidents::default());
        assert!(!vfs.heal(), "after {after} reads nothing failed");
    }
}

#[test]
fn a_program_that_reads_the_file_makes_few_commits_wait() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
    say(&log, "before").unwrap();
    let reader = Connection::open(dir.path().join("fanfare.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message").unwrap();
    let (before, body) = (vfs.waits(), "x".repeat(3000));
    (0..400).for_each(|_| say(&log, &body).unwrap());
    let waits = vfs.waits() - before;
    assert!(waits < 200, "{waits} waits in 400 commits");
    drop(reader);
    assert_eq!(bodies(&log).len(), 401);
}

/// Says many things while the disk fails once.
fn fail_once(vfs: &Vfs, dir: &Path, call: Call, error: i32, after: u32) -> bool {
    let log = open_and_mend(dir, Some(vfs), SOON).unwrap();
    vfs.break_disk(Broken { call, error, after, times: 1 });
    let mut acknowledged = Vec::new();
    for number in 0..30 {
        let body = format!("{number:0>2000}");
        match say(&log, &body) {
            Ok(()) => acknowledged.push(body),
            Err(StoreError::Failed(_)) => until("the log is open again", || log.trouble().is_none()),
            Err(error) => panic!("{error}"),
        }
    }
    let failed = !vfs.heal();
    until("the log is open again", || log.trouble().is_none());
    assert_eq!(bodies(&log), acknowledged);
    drop(log);
    start_again_and_lose_power(vfs, dir, 3, &acknowledged, "");
    failed
}

#[test]
fn wherever_a_disk_fails_once_what_was_acknowledged_is_kept_and_nothing_else() {
    let calls = [(Call::Write, ffi::SQLITE_IOERR_WRITE, 11), (Call::Sync, ffi::SQLITE_IOERR_FSYNC, 3)];
    let mut failed = 0;
    for (call, error, step) in calls {
        for after in (0..16).map(|number| number * step) {
            let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
            failed += u32::from(fail_once(&vfs, dir.path(), call, error, after));
        }
    }
    assert!(failed > 16, "the disk failed {failed} times only");
}

#[test]
fn what_was_deleted_before_a_disk_failed_is_erased_once_it_is_mended() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = open_and_mend(dir.path(), Some(&vfs), SOON).unwrap();
    say(&log, "secret, and a secret").unwrap();
    // While somebody reads, the write-ahead log keeps what it has.
    let reader = Connection::open(dir.path().join("fanfare.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM message").unwrap();
    let content = Content { amends: Some(Amends::Deletes(log.status().head)), ..Content::default() };
    let channel = Channel::parse("other/a").unwrap();
    let delete = Draft { channel, id: None, publisher: None, expires: None, content };
    log.append(vec![delete], Time(1_000_000)).unwrap();
    vfs.break_disk(broken(Call::Sync, ffi::SQLITE_IOERR_FSYNC));
    assert!(matches!(say(&log, "not acknowledged"), Err(StoreError::Failed(_))));
    vfs.heal();
    until("the log is open again", || log.trouble().is_none());
    drop(reader);
    let has_secret = |file: std::fs::DirEntry| {
        std::fs::read(file.path()).unwrap().windows(6).any(|window| window == b"secret")
    };
    until("nothing of it is left, and nobody writes", || {
        !std::fs::read_dir(dir.path()).unwrap().any(|file| has_secret(file.unwrap()))
    });
}
