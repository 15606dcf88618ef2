//! A sync fails, the server is started again, and then the power goes: what was acknowledged after the start must not
//! stand behind pages that were never written.

use crate::disk::{Disk, Files, Syncs};
use crate::vfs::Vfs;
use crate::{life, write_files};
use fanfare_proto::{Channel, Content, Pattern, Position, Selection, Time};
use fanfare_store::{Draft, Log, Order, Read, SqliteLog, StoreError};
use fastrand::Rng;

fn say(log: &SqliteLog, body: &str) -> Result<(), StoreError> {
    let content = Content { body: body.as_bytes().to_vec().into(), ..Content::default() };
    let channel = Channel::parse("other/a").unwrap();
    let draft = Draft { channel, id: None, publisher: None, expires: None, content };
    log.append(vec![draft], Time(1_000_000)).map(|_| ())
}

fn bodies(log: &SqliteLog) -> Vec<String> {
    let selection = Selection::new(vec![Pattern::everything()]);
    let read = Read { selection, from: Position::START, order: Order::Forward, messages: 9, bytes: 1 << 20 };
    let page = log.read(&read).unwrap();
    page.messages.iter().map(|message| String::from_utf8(message.content.body.to_vec()).unwrap()).collect()
}

#[test]
fn what_is_acknowledged_after_a_failed_sync_survives_too() {
    let (vfs, dir) = (Vfs::register(), tempfile::tempdir().unwrap());
    let log = life::open(dir.path(), Some(&vfs)).unwrap();
    say(&log, "before").unwrap();
    vfs.fail_next_sync();
    say(&log, "not acknowledged").unwrap_err();
    assert!(log.trouble().is_some(), "a log whose disk failed is closed");
    say(&log, "refused").unwrap_err();
    drop(log);
    let log = life::open(dir.path(), Some(&vfs)).unwrap();
    say(&log, "after").unwrap();
    // The power goes now: nothing that happens at the end is in these.
    let ops = vfs.len();
    drop(log);
    let mut disk = Disk::new(Files::new(), Syncs::Obeyed);
    vfs.take()[..ops].iter().for_each(|op| disk.apply(op));
    let mut rng = Rng::with_seed(7);
    for _ in 0..100 {
        let left = tempfile::tempdir().unwrap();
        write_files(left.path(), &disk.crash(&mut rng));
        let found = bodies(&life::open(left.path(), None).unwrap());
        let acknowledged: Vec<&String> = found.iter().filter(|body| *body != "not acknowledged").collect();
        assert_eq!(acknowledged, ["before", "after"]);
    }
}
