//! Restoring: a backup becomes the store of a folder, as another life of the log.
//!
//! The copy gets a new epoch (design rule 6): who has heard what came after the backup has a cursor that means nothing
//! here, is told a gap, and goes on.

use super::NAME;
use super::copy::{Copy, Progress, Watch, head_of};
use super::copy_error::{CopyError, at};
use super::error::meaning;
use super::lock::DirLock;
use super::look::file_of;
use super::mark;
use super::owner;
use super::schema;
use super::unfinished::sync_folder_of;
use fanfare_proto::{Epoch, Position};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What the names of a store's files end in, in the order in which they are moved: beside another file, a write-ahead log
/// would be taken for that one's.
const PARTS: [&str; 3] = ["-shm", "-wal", ""];

/// What to do with a store that is in the folder already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before<'a> {
    /// Leave it, and restore nothing.
    Keep,
    /// Move it into a folder of this name in the same folder.
    Move(&'a str),
}

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Which life of the log begins.
    pub epoch: Epoch,
    /// Where it begins: new messages come after.
    pub head: Position,
    /// Where the store is that was there before.
    pub moved: Option<PathBuf>,
}

/// Makes a backup the store of a folder, which is made if there is none. No server may have it. What was there stays
/// until the copy is whole, verified and synced.
pub fn restore(
    backup: &Path,
    dir: &Path,
    before: Before<'_>,
    watch: Watch<'_>,
) -> Result<Restored, CopyError> {
    let source = schema::open_looker(&file_of(backup))?;
    owner::make_folder(dir).map_err(at(dir))?;
    let _lock = DirLock::take(dir)?;
    let file = dir.join(NAME);
    // A write-ahead log without its file is part of a store, too: beside the copy it would be taken for the copy's.
    let occupied = PARTS.iter().any(|part| dir.join(format!("{NAME}{part}")).exists());
    if occupied && before == Before::Keep {
        return Err(CopyError::Occupied(dir.to_owned()));
    }
    let old: u32 = source.query_row("SELECT epoch FROM meta", [], |row| row.get(0)).map_err(meaning)?;
    let epoch = new_epoch(Epoch(old));
    let head = head_of(&source).map_err(meaning)?;
    let renew = |copy: &rusqlite::Connection| copy.execute("UPDATE meta SET epoch = ?1", [epoch.0]).map(drop);
    let copy = Copy::make(&source, &file, None, renew, watch)?;
    watch(Progress::Naming);
    let moved = match before {
        Before::Move(name) if occupied => Some(move_aside(dir, name)?),
        _ => None,
    };
    copy.name(&file).inspect_err(|_| moved.iter().for_each(|aside| move_back(aside, dir)))?;
    if let Some(aside) = &moved {
        // Not before: until the copy has its name, the mark keeps a server from beginning anew. Of another epoch it says
        // nothing, so it may also stay.
        let _ = std::fs::rename(dir.join(mark::NAME), aside.join(mark::NAME));
    }
    Ok(Restored { epoch, head, moved })
}

/// Another one than before.
fn new_epoch(old: Epoch) -> Epoch {
    loop {
        let epoch = Epoch(fastrand::u32(1..));
        if epoch != old {
            return epoch;
        }
    }
}

/// Moves a store into a folder below its own.
fn move_aside(dir: &Path, name: &str) -> Result<PathBuf, CopyError> {
    let aside = dir.join(name);
    std::fs::create_dir(&aside).map_err(at(&aside))?;
    owner::hand_over(&aside);
    for part in PARTS.map(|end| format!("{NAME}{end}")) {
        match std::fs::rename(dir.join(&part), aside.join(&part)) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                move_back(&aside, dir);
                return Err(at(&dir.join(&part))(error));
            }
            _ => {}
        }
    }
    sync_folder_of(&aside.join(NAME))?;
    Ok(aside)
}

/// Puts a store back from where it was moved to. What cannot be moved stays there.
fn move_back(aside: &Path, dir: &Path) {
    for part in PARTS.iter().rev().map(|end| format!("{NAME}{end}")) {
        let _ = std::fs::rename(aside.join(&part), dir.join(&part));
    }
    let _ = std::fs::remove_dir(aside);
}
