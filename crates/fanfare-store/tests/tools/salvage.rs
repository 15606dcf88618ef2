//! What can be read of a damaged store is read, and what cannot is named.

use crate::store::{NOW, draft, open};
use fanfare_proto::{Position, Time};
use fanfare_store::{Log, Look, Order, Piece, Read};
use std::collections::BTreeSet;
use std::path::Path;

const MESSAGES: u64 = 3_000;

/// Positions that are read, and ranges that are not.
fn read_all(dir: &Path) -> (BTreeSet<u64>, Vec<(u64, u64)>) {
    let mut look = Look::open(dir).unwrap();
    let (selection, head) = (look.everything().unwrap(), look.head().unwrap());
    let mut read = Read {
        selection,
        from: Position::START,
        began: Position::START,
        order: Order::Forward,
        messages: 500,
        bytes: 1 << 20,
    };
    let (mut found, mut lost) = (BTreeSet::new(), Vec::new());
    while read.from < head {
        match look.next(&read).unwrap() {
            Piece::Page(page) => {
                found.extend(page.messages.iter().map(|message| message.position.0));
                read.from = page.through;
            }
            Piece::Unreadable { from, to, .. } => {
                assert!(to > from, "it goes on");
                lost.push((from.0, to.0));
                read.from = to;
            }
        }
    }
    (found, lost)
}

#[test]
fn what_lies_beside_a_damaged_page_is_read_and_what_is_missing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path());
    for round in 0..MESSAGES / 100 {
        let drafts = (0..100).map(|index| draft(["a", "$system/b"][index % 2], vec![b'x'; 300])).collect();
        log.append(drafts, Time(NOW.0 + round)).unwrap();
    }
    drop(log);
    assert_eq!(read_all(dir.path()), ((1..=MESSAGES).collect(), vec![]));
    let file = dir.path().join("fanfare.db");
    let mut broken = std::fs::read(&file).unwrap();
    let page = broken.len() / 2 / 4096 * 4096;
    broken[page..page + 4096].fill(0xAA);
    std::fs::write(&file, broken).unwrap();
    let (found, lost) = read_all(dir.path());
    let missing: Vec<u64> = (1..=MESSAGES).filter(|position| !found.contains(position)).collect();
    assert!(!missing.is_empty() && missing.len() < 50, "{missing:?}");
    assert!(
        missing.iter().all(|at| lost.iter().any(|(from, to)| from < at && at <= to)),
        "{missing:?} {lost:?}"
    );
    let told: u64 = lost.iter().map(|(from, to)| to - from).sum();
    assert_eq!(told, missing.len() as u64, "{lost:?}");
}
