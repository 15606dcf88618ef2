//! Copying a store into a new file: page by page, out of one snapshot, while a server may go on writing.
//!
//! SQLite's own way of copying starts again whenever another program has written in between, so on a busy server it would
//! never end. Therefore the source holds one read transaction for the whole copy. As long as it does, the write-ahead log
//! cannot start over and grows by what is published meanwhile. Copying pages is as fast as the disk, which keeps that
//! time short; `VACUUM INTO` would hold the same transaction while it builds every row and index again.

use super::check;
use super::copy_error::{CopyError, at};
use super::error::meaning;
use super::mark::End;
use super::unfinished::{Unfinished, beside};
use crate::StoreError;
use fanfare_proto::Position;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Result as SqlResult};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

/// Pages copied in one step: 1 MiB.
const STEP: i32 = 256;
/// After a step that found the source locked, the next one.
const AGAIN: Duration = Duration::from_millis(10);

/// How far a long piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many of so many bytes are copied.
    Copied {
        /// Bytes so far.
        done: u64,
        /// Bytes in all.
        all: u64,
    },
    /// SQLite looks through the file; nobody knows how long.
    Verifying,
    /// So many of so many messages are looked at.
    Looked {
        /// Positions so far.
        done: u64,
        /// Positions in all.
        all: u64,
    },
    /// The copy takes the place of what was there; a moment in which not to stop.
    Naming,
}

/// Whom to tell how far it is.
pub type Watch<'a> = &'a mut dyn FnMut(Progress);

/// What the names of files end in that SQLite makes beside a database.
pub(super) const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A copy that grows under its temporary name. Unless it gets its own, nothing is left of it.
pub(super) struct Copy {
    file: Unfinished,
}

impl Copy {
    /// Copies a store next to where it is to be, and changes something in the copy; checks all of it, and that it holds
    /// what was noted of the store, and syncs it.
    pub(super) fn make(
        source: &Connection,
        file: &Path,
        noted: Option<End>,
        change: impl FnOnce(&Connection) -> SqlResult<()>,
        watch: Watch<'_>,
    ) -> Result<Copy, CopyError> {
        let copy = Copy::begin(file)?;
        let mut target = Connection::open(copy.path()).map_err(|error| copy.trouble(error))?;
        let head = fill(source, &mut target, watch).map_err(|error| copy.trouble(error))?;
        let found = check::all(&mut target, noted, watch)?;
        if let Some(damage) = found.damages.first() {
            return Err(CopyError::Unsound(damage.to_string()));
        }
        if found.head != head {
            return Err(CopyError::Unsound(format!("head {}, and {head} in the store", found.head)));
        }
        change(&target).map_err(|error| copy.trouble(error))?;
        drop(target);
        File::open(copy.path()).and_then(|file| file.sync_all()).map_err(at(copy.path()))?;
        Ok(copy)
    }

    fn begin(file: &Path) -> Result<Copy, CopyError> {
        let copy = Copy { file: Unfinished::begin(file)? };
        copy.clear().map_err(at(copy.path()))?;
        Ok(copy)
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives it the name, in place of what may have it, and syncs the folder.
    pub(super) fn name(mut self, file: &Path) -> Result<(), CopyError> {
        self.file.name(file)
    }

    /// What an error of SQLite says about the copy.
    fn trouble(&self, error: rusqlite::Error) -> CopyError {
        match meaning(error) {
            StoreError::Failed(text) => {
                CopyError::File { path: self.path().to_owned(), error: io::Error::other(text) }
            }
            StoreError::Full(text) => {
                let error = io::Error::new(ErrorKind::StorageFull, text);
                CopyError::File { path: self.path().to_owned(), error }
            }
            other => CopyError::Store(other),
        }
    }

    /// Removes what SQLite has made beside it.
    fn clear(&self) -> io::Result<()> {
        BESIDE.iter().try_for_each(|end| match std::fs::remove_file(beside(self.path(), end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.file.is_named() {
            let _ = self.clear();
        }
    }
}

/// Copies all pages. Answers where the log ended in the snapshot.
fn fill(source: &Connection, target: &mut Connection, watch: Watch<'_>) -> SqlResult<Position> {
    // A copy that fails is thrown away, and one that is whole is synced once.
    target.pragma_update_and_check(None, "journal_mode", "off", |_| Ok(()))?;
    target.pragma_update(None, "synchronous", "off")?;
    let snapshot = source.unchecked_transaction()?;
    let head = head_of(&snapshot)?;
    let page_bytes: u64 = snapshot.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let backup = Backup::new(&snapshot, target)?;
    loop {
        match backup.step(STEP)? {
            StepResult::Done => break,
            StepResult::Busy | StepResult::Locked => std::thread::sleep(AGAIN),
            _ => {}
        }
        let (left, all) = (backup.progress().remaining, backup.progress().pagecount);
        let bytes = |pages: i32| u64::from(pages.unsigned_abs()) * page_bytes;
        watch(Progress::Copied { done: bytes(all.saturating_sub(left)), all: bytes(all) });
    }
    drop(backup);
    drop(snapshot);
    // A copy is one file, and can be looked at where nobody may write.
    target.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))?;
    Ok(head)
}

/// Where the log of a store ends.
pub(super) fn head_of(snapshot: &Connection) -> SqlResult<Position> {
    let head = "SELECT max((SELECT coalesce(max(head), 0) FROM meta), (SELECT coalesce(max(position), 0) FROM message))";
    snapshot.query_row(head, [], |row| row.get(0).map(Position))
}
