//! Copying a store into a new file: page by page, out of one snapshot, while a server may go on writing.
//!
//! SQLite's own way of copying starts again whenever another program has written in between, so on a busy server it would
//! never end. Therefore the source holds one read transaction for the whole copy. As long as it does, the write-ahead log
//! cannot start over and grows by what is published meanwhile. Copying pages is as fast as the disk, which keeps that
//! time short; `VACUUM INTO` would hold the same transaction while it builds every row and index again.

use super::error::meaning;
use super::owner;
use crate::StoreError;
use fanfare_proto::Position;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Result as SqlResult};
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
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
}

/// Whom to tell how far it is.
pub type Watch<'a> = &'a mut dyn FnMut(Progress);

/// Why a store was not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The store that was to be copied, or the folder it was to be copied to.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or a folder.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There is a store already.
    #[error("{} has a store already", .0.display())]
    Occupied(PathBuf),
    /// The new file is not what was copied.
    #[error("the copy is not good: {0}")]
    Unsound(String),
}

/// Names the file of an error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |error| CopyError::File { path: path.clone(), error }
}

/// Where a file grows before it has its name.
pub fn unfinished(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".unfinished");
    name.into()
}

/// A copy that grows under its temporary name. Unless it gets its own, nothing is left of it.
pub(super) struct Copy {
    path: PathBuf,
    named: bool,
}

impl Copy {
    /// Copies a store next to where it is to be, changes something in the copy, and verifies and syncs it.
    pub(super) fn make(
        source: &Connection,
        file: &Path,
        change: impl FnOnce(&Connection) -> SqlResult<()>,
        watch: Watch<'_>,
    ) -> Result<Copy, CopyError> {
        let copy = Copy { path: unfinished(file), named: false };
        copy.clear().map_err(at(&copy.path))?;
        let mut target = Connection::open(&copy.path).map_err(|error| copy.trouble(error))?;
        let head = fill(source, &mut target, watch).map_err(|error| copy.trouble(error))?;
        change(&target).map_err(|error| copy.trouble(error))?;
        watch(Progress::Verifying);
        let (found, sound) = verify(&target).map_err(|error| copy.trouble(error))?;
        if sound != "ok" || found != head {
            let heads = format!("head {found}, and {head} in the store");
            return Err(CopyError::Unsound(if sound == "ok" { heads } else { sound }));
        }
        drop(target);
        File::open(&copy.path).and_then(|file| file.sync_all()).map_err(at(&copy.path))?;
        Ok(copy)
    }

    /// Gives it the name, in place of what may have it, and syncs the folder.
    pub(super) fn name(mut self, file: &Path) -> Result<(), CopyError> {
        owner::hand_over(&self.path);
        std::fs::rename(&self.path, file).map_err(at(file))?;
        self.named = true;
        sync_folder_of(file)
    }

    /// What an error of SQLite says about the copy.
    fn trouble(&self, error: rusqlite::Error) -> CopyError {
        match meaning(error) {
            StoreError::Failed(text) => {
                CopyError::File { path: self.path.clone(), error: io::Error::other(text) }
            }
            other => CopyError::Store(other),
        }
    }

    fn clear(&self) -> io::Result<()> {
        let beside = |end: &str| {
            let mut path = self.path.as_os_str().to_owned();
            path.push(end);
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        ["", "-wal", "-shm", "-journal"].into_iter().try_for_each(beside)
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.named {
            let _ = self.clear();
        }
    }
}

/// Makes the entry of a file in its folder lasting.
pub(super) fn sync_folder_of(file: &Path) -> Result<(), CopyError> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))
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

/// Where the log of a copy ends, and what SQLite says about it.
fn verify(copy: &Connection) -> SqlResult<(Position, String)> {
    let sound = copy.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok((head_of(copy)?, sound))
}

/// Where the log of a store ends.
pub(super) fn head_of(snapshot: &Connection) -> SqlResult<Position> {
    let head = "SELECT max((SELECT coalesce(max(head), 0) FROM meta), (SELECT coalesce(max(position), 0) FROM message))";
    snapshot.query_row(head, [], |row| row.get(0).map(Position))
}
