//! Making sure that what a write-ahead log holds is on the disk, whatever happened to it before.
//!
//! If an earlier life ended because a sync had failed, the system may take pages for written that are not. What is
//! acknowledged from here on must not stand behind them: so they are written once more, and synced.

use super::error::{meaning, of_file};
use super::rewrite::rewrite;
use super::schema::BUSY_TIME;
use crate::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use rustix::fs::OFlags;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::Duration;

/// How long to wait for others to finish reading.
const READERS_TIME: Duration = Duration::from_millis(100);
/// Bytes that are written again at once.
const PIECE: usize = 1 << 20;

/// Moves what is in the write-ahead log into the file, synced, what was moved before included. While another program reads the file, a backup say, the
/// log cannot be emptied; what it holds is then written once more where it stands.
pub(super) fn settle(connection: &Connection) -> Result<(), StoreError> {
    rewrite(connection)?;
    connection.busy_timeout(READERS_TIME).map_err(meaning)?;
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY_TIME).map_err(meaning)?;
    let busy: bool = emptied.map_err(meaning)?;
    if busy { renew(connection) } else { Ok(()) }
}

/// Writes the write-ahead log again: the same bytes, so that nobody who reads it is disturbed.
fn renew(connection: &Connection) -> Result<(), StoreError> {
    // Nobody writes meanwhile.
    let _alone = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(meaning)?;
    let path = PathBuf::from(format!("{}-wal", connection.path().unwrap_or_default()));
    let failed = |error| of_file(&path, &error);
    let nofollow = OFlags::NOFOLLOW.bits().cast_signed();
    let file = OpenOptions::new().read(true).write(true).custom_flags(nofollow).open(&path);
    let (file, mut piece, mut at) = (file.map_err(failed)?, vec![0; PIECE], 0);
    loop {
        let read = match file.read_at(&mut piece, at) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(failed(error)),
        };
        file.write_all_at(&piece[..read], at).map_err(failed)?;
        at += read as u64;
    }
    file.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_somebody_reads_is_written_again_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        let begin = "PRAGMA journal_mode = wal; CREATE TABLE t (x); INSERT INTO t VALUES (1)";
        writer.execute_batch(begin).unwrap();
        let reader = Connection::open(&path).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        let count = |connection: &Connection| {
            connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, u32>(0)).unwrap()
        };
        assert_eq!(count(&reader), 1);
        writer.execute_batch("INSERT INTO t VALUES (2)").unwrap();
        let log = || std::fs::read(dir.path().join("a.db-wal")).unwrap();
        let before = log();
        settle(&writer).unwrap();
        assert!(log() == before && !before.is_empty());
        writer.execute_batch("INSERT INTO t VALUES (3)").unwrap();
        assert_eq!((count(&reader), count(&writer)), (1, 3));
        reader.execute_batch("COMMIT").unwrap();
        settle(&writer).unwrap();
        assert_eq!((log().len(), count(&reader)), (0, 3));
    }
}
