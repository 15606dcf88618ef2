//! Copying a store into a new file: page by page, out of one snapshot, while a server may go on writing.
//!
//! SQLite's own way of copying starts again whenever another program has written in between, so on a busy server it would
//! never end. Therefore the source holds one read transaction for the whole copy. As long as it does, the write-ahead log
//! cannot start over and grows by what is published meanwhile. Copying pages is as fast as the disk, which keeps that
//! time short; `VACUUM INTO` would hold the same transaction while it builds every row and index again.

use super::error::meaning;
use super::mark::End;
use super::{check, owner};
use crate::StoreError;
use fanfare_proto::Position;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, Result as SqlResult};
use std::fs::{File, Permissions, TryLockError, symlink_metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages copied in one step: 1 MiB.
const STEP: i32 = 256;
/// After a step that found the source locked, the next one.
const AGAIN: Duration = Duration::from_millis(10);
/// Whose copies are: messages are not for everybody on the machine.
const MODE: u32 = 0o600;

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
    /// A file that is to be replaced is somebody's store.
    #[error("{} is the store of a server, or part of one, and was left as it is", .0.display())]
    InUse(PathBuf),
    /// Somebody else is copying to there.
    #[error("another copy to {} is being made", .0.display())]
    Twice(PathBuf),
    /// What was copied is damaged, or was not copied as it is.
    #[error("the copy is not sound, and was thrown away: {0}")]
    Unsound(String),
}

/// Names the file of an error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> CopyError {
    let path = path.to_owned();
    move |error| CopyError::File { path: path.clone(), error }
}

/// What the names of files end in that SQLite makes beside a database.
pub(super) const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Where a file grows before it has its name.
pub fn unfinished(file: &Path) -> PathBuf {
    beside(file, ".unfinished")
}

/// The file whose name goes on where that of another ends.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// A copy that grows under its temporary name. Unless it gets its own, nothing is left of it.
pub(super) struct Copy {
    path: PathBuf,
    /// Locked: one at a time grows under this name.
    _file: File,
    named: bool,
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
        let mut target = Connection::open(&copy.path).map_err(|error| copy.trouble(error))?;
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
        File::open(&copy.path).and_then(|file| file.sync_all()).map_err(at(&copy.path))?;
        Ok(copy)
    }

    /// An empty file of this name for which nobody else grows a copy.
    fn begin(file: &Path) -> Result<Copy, CopyError> {
        let path = unfinished(file);
        let failed = at(&path);
        loop {
            let opened =
                owner::making().read(true).truncate(false).mode(MODE).open(&path).map_err(&failed)?;
            match opened.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(CopyError::Twice(file.to_owned())),
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            // Whoever had it before may have given it its own name meanwhile, or removed it.
            let (has, is) = (symlink_metadata(&path), opened.metadata().map_err(&failed)?);
            if has.is_ok_and(|has| (has.dev(), has.ino()) == (is.dev(), is.ino())) {
                let copy = Copy { path: path.clone(), _file: opened, named: false };
                copy._file.set_permissions(Permissions::from_mode(MODE)).map_err(&failed)?;
                copy._file.set_len(0).map_err(&failed)?;
                copy.clear(&BESIDE).map_err(&failed)?;
                return Ok(copy);
            }
        }
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
            StoreError::Full(text) => {
                let error = io::Error::new(ErrorKind::StorageFull, text);
                CopyError::File { path: self.path.clone(), error }
            }
            other => CopyError::Store(other),
        }
    }

    fn clear(&self, ends: &[&str]) -> io::Result<()> {
        ends.iter().try_for_each(|end| match std::fs::remove_file(beside(&self.path, end)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        })
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.named {
            let _ = self.clear(&BESIDE);
            let _ = self.clear(&[""]);
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

/// Where the log of a store ends.
pub(super) fn head_of(snapshot: &Connection) -> SqlResult<Position> {
    let head = "SELECT max((SELECT coalesce(max(head), 0) FROM meta), (SELECT coalesce(max(position), 0) FROM message))";
    snapshot.query_row(head, [], |row| row.get(0).map(Position))
}
