//! Backups of a store that is written to, and what becomes of them.

use crate::store::{NOW, draft, open};
use fanfare_proto::{Pattern, Position, Selection, Time};
use fanfare_store::{
    Before, CopyError, Log, Order, Progress, Read, StoreError, backup, check, restore, unfinished,
};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// More than one step of a copy.
const MESSAGES: u64 = 6_000;

fn positions(dir: &Path) -> Vec<u64> {
    let log = open(dir);
    let selection = Selection::new(vec![Pattern::everything()]);
    let (mut from, head, mut found) = (Position::START, log.status().head, Vec::new());
    while from < head {
        let read = Read {
            selection: selection.clone(),
            from,
            began: Position::START,
            order: Order::Forward,
            messages: 1000,
            bytes: 1 << 24,
        };
        let page = log.read(&read).unwrap();
        found.extend(page.messages.iter().map(|message| message.position.0));
        from = page.through;
    }
    found
}

fn names(dir: &Path) -> BTreeSet<OsString> {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

fn fill(dir: &Path, messages: u64) {
    let log = open(dir);
    for round in 0..messages / 100 {
        let drafts = (0..100).map(|index| draft(&format!("c/{}", index % 7), vec![b'x'; 2000])).collect();
        log.append(drafts, Time(NOW.0 + round)).unwrap();
    }
}

#[test]
fn a_backup_made_while_others_publish_has_all_that_was_acknowledged_and_no_hole() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.db"));
    fill(&data, MESSAGES);
    let log = open(&data);
    let (acknowledged, ends) = (AtomicU64::new(MESSAGES), AtomicBool::new(false));
    let until_more = |than: u64| {
        let end = Instant::now() + Duration::from_secs(60);
        while acknowledged.load(Ordering::SeqCst) <= than {
            assert!(Instant::now() < end, "publishing does not go on while a backup is made");
            std::thread::yield_now();
        }
    };
    let (before, made, steps) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::SeqCst) {
                let appended = log.append(vec![draft("c/1", "a"), draft("d", "b")], NOW).unwrap();
                acknowledged.store(appended[1].position.0, Ordering::SeqCst);
            }
        });
        until_more(MESSAGES);
        let before = acknowledged.load(Ordering::SeqCst);
        let mut steps = 0;
        let made = backup(&data, &file, &mut |progress| {
            steps += u32::from(matches!(progress, Progress::Copied { .. }));
            until_more(acknowledged.load(Ordering::SeqCst));
        });
        ends.store(true, Ordering::SeqCst);
        (before, made.unwrap(), steps)
    });
    assert!(steps > 2, "{steps} steps");
    assert!(made.head.0 >= before && made.head < log.status().head, "{before}, {made:?}");
    assert_eq!(made.epoch, log.status().epoch);
    let checked = check(&file, &mut |_| ()).unwrap();
    assert_eq!((checked.damages, checked.messages, checked.head), (vec![], made.head.0, made.head));
    assert!(!unfinished(&file).exists() && std::fs::read_dir(dir.path()).unwrap().count() == 2);
    let restored = dir.path().join("restored");
    restore(&file, &restored, Before::Keep, &mut |_| ()).unwrap();
    assert_eq!(positions(&restored), (1..=made.head.0).collect::<Vec<_>>());
}

#[test]
fn a_restored_store_is_another_life_of_the_log_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.db"));
    fill(&data, 100);
    let made = backup(&data, &file, &mut |_| ()).unwrap();
    fill(&data, 100);
    let kept = restore(&file, &data, Before::Keep, &mut |_| ());
    assert!(matches!(kept, Err(CopyError::Occupied(_))), "{kept:?}");
    assert_eq!(positions(&data).len(), 200);
    let restored = restore(&file, &data, Before::Move("aside"), &mut |_| ()).unwrap();
    assert_eq!((restored.head, restored.moved), (made.head, Some(data.join("aside"))));
    assert_ne!(restored.epoch, made.epoch);
    assert_eq!((positions(&data).len(), positions(&data.join("aside")).len()), (100, 200));
    let log = open(&data);
    assert_eq!(log.status().epoch, restored.epoch);
    let next = log.append(vec![draft("c/1", "next")], NOW).unwrap();
    assert_eq!(next[0].position, Position(101));
}

#[test]
fn a_store_in_use_is_not_replaced_and_a_failure_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.db"));
    fill(&data, 100);
    backup(&data, &file, &mut |_| ()).unwrap();
    let log = open(&data);
    let refused = restore(&file, &data, Before::Move("aside"), &mut |_| ());
    assert!(matches!(refused, Err(CopyError::Store(StoreError::InUse(_)))), "{refused:?}");
    drop(log);
    let missing = backup(&data, &dir.path().join("missing/backup.db"), &mut |_| ());
    assert!(matches!(missing, Err(CopyError::File { .. } | CopyError::Store(_))), "{missing:?}");
    let mut broken = std::fs::read(&file).unwrap();
    let middle = broken.len() / 2;
    broken[middle..middle + 4096].fill(0xAA);
    std::fs::write(&file, broken).unwrap();
    let before = names(&data);
    let unsound = restore(&file, &data, Before::Move("aside"), &mut |_| ());
    assert!(matches!(unsound, Err(CopyError::Unsound(_))), "{unsound:?}");
    assert_eq!((names(&data), positions(&data).len()), (before, 100));
}

#[test]
fn what_root_restores_is_the_servers() {
    use std::os::unix::fs::{MetadataExt, chown};
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(dir.path(), 200);
    let file = backups.path().join("a.db");
    backup(dir.path(), &file, &mut |_| ()).unwrap();
    let other = tempfile::tempdir().unwrap();
    if chown(other.path(), Some(12_345), Some(12_346)).is_err() {
        return; // Only root gives files away.
    }
    restore(&file, other.path(), Before::Keep, &mut |_| ()).unwrap();
    restore(&file, other.path(), Before::Move("before"), &mut |_| ()).unwrap();
    for name in names(other.path()) {
        let file = std::fs::metadata(other.path().join(&name)).unwrap();
        assert_eq!((file.uid(), file.gid()), (12_345, 12_346), "{}", name.display());
    }
    // A link in the server's folder does not make root write or give away what is elsewhere.
    let (secret, lock) = (backups.path().join("secret"), other.path().join("fanfare.lock"));
    std::fs::write(&secret, "roots").unwrap();
    std::fs::remove_file(&lock).unwrap();
    std::os::unix::fs::symlink(&secret, &lock).unwrap();
    assert!(restore(&file, other.path(), Before::Move("again"), &mut |_| ()).is_err());
    assert_eq!(
        (std::fs::metadata(&secret).unwrap().uid(), std::fs::read(&secret).unwrap()),
        (0, b"roots".to_vec())
    );
}

#[test]
fn a_write_ahead_log_without_its_file_is_not_laid_over_what_is_restored() {
    let dir = tempfile::tempdir().unwrap();
    let (data, file) = (dir.path().join("data"), dir.path().join("backup.db"));
    fill(&data, 100);
    backup(&data, &file, &mut |_| ()).unwrap();
    let log = open(&data);
    log.append(vec![draft("a", "after the backup")], NOW).unwrap();
    // As kill -9 leaves it, and then somebody takes the damaged file away.
    let left = std::fs::read(data.join("fanfare.db-wal")).unwrap();
    drop(log);
    std::fs::remove_file(data.join("fanfare.db")).unwrap();
    std::fs::write(data.join("fanfare.db-wal"), left).unwrap();
    let refused = restore(&file, &data, Before::Keep, &mut |_| ());
    assert!(matches!(refused, Err(CopyError::Occupied(_))), "{refused:?}");
    let restored = restore(&file, &data, Before::Move("aside"), &mut |_| ()).unwrap();
    let aside: BTreeSet<OsString> = ["fanfare.db-wal", "fanfare.head"].map(OsString::from).into();
    assert_eq!(names(&data.join("aside")), aside);
    assert_eq!(open(&data).status().epoch, restored.epoch);
    assert_eq!(positions(&data).len(), 100);
}
