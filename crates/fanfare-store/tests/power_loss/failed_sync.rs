//! A sync fails, the server is started again, and then the power goes: what was acknowledged after the start must not
//! stand behind pages that were never written.

use crate::disk::{Disk, Files, Syncs};
use crate::vfs::{Syncing, Vfs};
use crate::{life, write_files};
use fanfare_proto::{Channel, Content, Message, Pattern, Position, Selection, Time};
use fanfare_store::{Draft, Log, Order, Read, SqliteLog, StoreError};
use fastrand::Rng;
use std::path::Path;
use std::sync::Arc;
use std::thread;

/// Appends one message.
pub fn say(log: &SqliteLog, body: &str) -> Result<(), StoreError> {
    let content = Content { body: body.as_bytes().to_vec().into(), ..Content::default() };
    let channel = Channel::parse("other/a").unwrap();
    let draft = Draft { channel, id: None, publisher: None, expires: None, content };
    log.append(vec![draft], Time(1_000_000)).map(|_| ())
}

/// What the store holds.
pub fn bodies(log: &SqliteLog) -> Vec<String> {
    everything(log).unwrap()
}

/// The same, or why it cannot be read.
pub fn everything(log: &SqliteLog) -> Result<Vec<String>, StoreError> {
    let selection = Selection::new(vec![Pattern::everything()]);
    let read = Read {
        selection,
        from: Position::START,
        began: Position::START,
        order: Order::Forward,
        messages: 2_000,
        bytes: 1 << 22,
    };
    let page = log.read(&read)?;
    let body = |message: &Arc<Message>| String::from_utf8(message.content.body.to_vec()).unwrap();
    Ok(page.messages.iter().map(body).collect())
}

/// Opens the store again, has "after" said, loses power in many ways, and compares what is left with what was
/// acknowledged. What was in doubt at the end may be there or not.
pub fn start_again_and_lose_power(
    vfs: &Vfs,
    dir: &Path,
    losses: usize,
    acknowledged: &[String],
    in_doubt: &str,
) {
    let log = life::open(dir, Some(vfs)).unwrap();
    say(&log, "after").unwrap();
    // The power goes now: nothing that happens at the end is in these.
    let ops = vfs.len();
    drop(log);
    let mut disk = Disk::new(Files::new(), Syncs::Obeyed);
    vfs.take()[..ops].iter().for_each(|op| disk.apply(op));
    let mut rng = Rng::with_seed(7);
    for _ in 0..losses {
        let left = tempfile::tempdir().unwrap();
        write_files(left.path(), &disk.crash(&mut rng));
        let mut found = bodies(&life::open(left.path(), None).unwrap());
        found.retain(|body| body != in_doubt);
        assert_eq!(found.pop().as_deref(), Some("after"));
        assert_eq!(found, acknowledged);
    }
}

#[test]
fn what_is_acknowledged_after_a_failed_sync_survives_too() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = life::open(dir.path(), Some(&vfs)).unwrap();
    say(&log, "before").unwrap();
    vfs.fail_next_sync(Syncing::By(thread::current().id()));
    say(&log, "not acknowledged").unwrap_err();
    assert!(log.trouble().is_some(), "a log whose disk failed is closed");
    say(&log, "refused").unwrap_err();
    drop(log);
    start_again_and_lose_power(&vfs, dir.path(), 100, &["before".into()], "not acknowledged");
}

#[test]
fn a_checkpoint_that_cannot_sync_closes_the_log_and_loses_nothing() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = life::open(dir.path(), Some(&vfs)).unwrap();
    vfs.fail_next_sync(Syncing::NotBy(thread::current().id()));
    let acknowledged: Vec<String> =
        (0..1_000).map(|number| number.to_string()).take_while(|body| say(&log, body).is_ok()).collect();
    assert!(log.trouble().is_some(), "a log whose disk failed is closed");
    drop(log);
    let in_doubt = acknowledged.len().to_string();
    start_again_and_lose_power(&vfs, dir.path(), 100, &acknowledged, &in_doubt);
}
