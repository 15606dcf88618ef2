//! Where backups go, and from what none is made.

use crate::store::{NOW, draft, open};
use fanfare_proto::Position;
use fanfare_store::{Before, CopyError, Log, StoreError, backup, check, is_of_a_server, restore, unfinished};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

fn say(dir: &Path, messages: usize) {
    let drafts = (0..messages).map(|number| draft("a", format!("{number:0>500}"))).collect();
    open(dir).append(drafts, NOW).unwrap();
}

#[track_caller]
fn head_of(backup: &Path) -> Position {
    let checked = check(backup, &mut |_| ()).unwrap();
    assert_eq!(checked.damages, []);
    checked.head
}

#[test]
fn no_store_of_a_server_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let (own, other) = (dir.path().join("own"), dir.path().join("other"));
    say(&own, 10);
    say(&other, 20);
    let refused = |store: &Path, file: &Path| {
        let before = fs::read(file).unwrap();
        let refused = backup(store, file, &mut |_| ());
        assert!(matches!(refused, Err(CopyError::InUse(_))), "{refused:?}");
        assert!(fs::read(file).unwrap() == before && !unfinished(file).exists());
    };
    refused(&own, &other.join("fanfare.db"));
    refused(&own.join("fanfare.db"), &own.join("fanfare.db"));
    let running = open(&other);
    refused(&own, &other.join("fanfare.db"));
    running.append(vec![draft("a", "it goes on")], NOW).unwrap();
    drop(running);
    assert_eq!(open(&other).status().head, Position(21));
    let elsewhere = dir.path().join("b.db");
    backup(&own, &elsewhere, &mut |_| ()).unwrap();
    fs::write(dir.path().join("b.db-wal"), "somebody writes here").unwrap();
    refused(&own, &elsewhere);
}

/// Commands ask before they write what is no backup.
#[test]
fn all_that_a_server_has_is_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let (own, other) = (dir.path().join("own"), dir.path().join("other"));
    say(&own, 10);
    say(&other, 10);
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(own.join("fanfare.head"), &link).unwrap();
    for file in [
        own.join("fanfare.db"),
        own.join("fanfare.head"),
        own.join("fanfare.lock"),
        other.join("fanfare.head"),
        link,
    ] {
        assert!(is_of_a_server(&own, &file), "{}", file.display());
    }
    // The store may be named as a file, and a folder that was copied has no lock.
    assert!(is_of_a_server(&own.join("fanfare.db"), &own.join("fanfare.db")));
    fs::remove_file(own.join("fanfare.lock")).unwrap();
    assert!(is_of_a_server(&own, &own.join("fanfare.head")));
    let exported = own.join("messages.jsonl");
    fs::write(&exported, "").unwrap();
    for file in [exported, own.join("new"), dir.path().join("fanfare.jsonl")] {
        assert!(!is_of_a_server(&own, &file), "{}", file.display());
    }
}

#[test]
fn two_backups_to_one_name_are_made_one_after_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("latest.db"));
    say(&data, 1000);
    let mut refused = 0;
    let made = backup(&data, &file, &mut |_| {
        let second = backup(&data, &file, &mut |_| ());
        assert!(matches!(second, Err(CopyError::Twice(_))), "{second:?}");
        refused += 1;
    });
    assert!(refused > 1);
    assert_eq!((made.unwrap().head, head_of(&file)), (Position(1000), Position(1000)));
    // What somebody who was killed has left is in nobody's way.
    fs::write(unfinished(&file), "half of a backup").unwrap();
    say(&data, 1);
    backup(&data, &file, &mut |_| ()).unwrap();
    assert_eq!(head_of(&file), Position(1001));
}

#[test]
fn of_what_is_damaged_or_lost_no_backup_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("latest.db"));
    say(&data, 100);
    backup(&data, &file, &mut |_| ()).unwrap();
    let good = fs::read(&file).unwrap();
    let unsound = |expected: &str| {
        let refused = backup(&data, &file, &mut |_| ()).unwrap_err();
        assert!(
            matches!(refused, CopyError::Unsound(_)) && refused.to_string().contains(expected),
            "{refused}"
        );
        assert!(fs::read(&file).unwrap() == good && !unfinished(&file).exists());
    };
    let connection = Connection::open(data.join("fanfare.db")).unwrap();
    connection.execute("UPDATE message SET body = x'00' WHERE position = 50", []).unwrap();
    drop(connection);
    unsound("position 50");
    fs::remove_dir_all(&data).unwrap();
    say(&data, 100);
    let log = open(&data);
    log.append(vec![draft("a", "acknowledged")], NOW).unwrap();
    // As kill -9 leaves it, and then the write-ahead log is lost.
    let left = fs::read(data.join("fanfare.db")).unwrap();
    let noted = fs::read(data.join("fanfare.head")).unwrap();
    drop(log);
    fs::write(data.join("fanfare.db"), left).unwrap();
    fs::write(data.join("fanfare.head"), noted).unwrap();
    unsound("101");
}

#[test]
fn a_backup_is_for_its_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("a.db"));
    say(&data, 10);
    fs::write(&file, "an old one, for everybody").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    backup(&data, &file, &mut |_| ()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn folders_that_root_makes_are_of_whoever_has_the_one_above() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file, home) = (dir.path().join("data"), dir.path().join("a.db"), dir.path().join("home"));
    say(&data, 10);
    backup(&data, &file, &mut |_| ()).unwrap();
    fs::create_dir(&home).unwrap();
    if chown(&home, Some(12_345), Some(12_346)).is_err() {
        return; // Only root gives files away.
    }
    restore(&file, &home.join("x/data"), Before::Keep, &mut |_| ()).unwrap();
    drop(open(&home.join("y/data")));
    for made in
        ["x", "x/data", "x/data/fanfare.db", "y", "y/data", "y/data/fanfare.db", "y/data/fanfare.head"]
    {
        let has = fs::metadata(home.join(made)).unwrap();
        assert_eq!((has.uid(), has.gid()), (12_345, 12_346), "{made}");
    }
}

#[test]
fn a_store_opens_while_somebody_reads_it() {
    let dir = tempfile::tempdir().unwrap();
    say(dir.path(), 10);
    let log = open(dir.path());
    log.append(vec![draft("a", "in the write-ahead log")], NOW).unwrap();
    let reader = Connection::open(dir.path().join("fanfare.db")).unwrap();
    let count = || reader.query_row("SELECT count(*) FROM message", [], |row| row.get::<_, u32>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert_eq!(count(), 11);
    log.append(vec![draft("a", "after the snapshot")], NOW).unwrap();
    drop(log);
    let log = open(dir.path());
    assert_eq!(log.status().head, Position(12));
    log.append(vec![draft("a", "and on")], NOW).unwrap();
    assert_eq!(count(), 11);
    reader.execute_batch("COMMIT").unwrap();
    drop(log);
    assert_eq!((open(dir.path()).status().head, count()), (Position(13), 13));
}

#[test]
fn a_store_whose_file_is_taken_away_closes_until_it_is_back() {
    let dir = tempfile::tempdir().unwrap();
    say(dir.path(), 10);
    let log = open(dir.path());
    let (file, away) = (dir.path().join("fanfare.db"), dir.path().join("elsewhere.db"));
    fs::rename(&file, &away).unwrap();
    let refused = log.trim(NOW).unwrap_err();
    assert!(
        matches!(refused, StoreError::Failed(_)) && refused.to_string().contains("was removed"),
        "{refused}"
    );
    assert!(log.append(vec![draft("a", "into nothing")], NOW).is_err());
    fs::copy(&away, &file).unwrap();
    assert!(log.trim(NOW).is_err(), "another file of the name is not it");
    fs::rename(&away, &file).unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while log.trouble().is_some() {
        assert!(Instant::now() < end, "it is still closed: {:?}", log.trouble());
        std::thread::yield_now();
    }
    log.append(vec![draft("a", "kept")], NOW).unwrap();
    drop(log);
    assert_eq!(open(dir.path()).status().head, Position(11));
}
