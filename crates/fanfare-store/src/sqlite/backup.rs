//! A backup: a copy of the store in one file, made while a server may go on publishing.

use super::copy::{BESIDE, Copy, Progress, Watch, head_of};
use super::copy_error::{CopyError, at};
use super::error::meaning;
use super::lock;
use super::look::file_of;
use super::unfinished::beside;
use super::{NAME, mark, schema};
use fanfare_proto::{Epoch, Position};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// How the names of all files of a store begin.
const OWN: &str = "fanfare.";

/// What was backed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backup {
    /// Which life of the log it was.
    pub epoch: Epoch,
    /// The newest position ever given out: every message acknowledged up to the moment of the backup is in it.
    pub head: Position,
    /// Bytes of the file.
    pub bytes: u64,
}

/// Copies the store of a folder, or a file that is one, to a file, in place of what may be there, unless that is a server's
/// store. The file appears under its name once it is whole, checked and synced; a failure leaves what was there, and of a
/// store that is damaged or has lost what was acknowledged nothing is made.
pub fn backup(store: &Path, file: &Path, watch: Watch<'_>) -> Result<Backup, CopyError> {
    let from = file_of(store);
    // Before the snapshot: what was noted by then is in it.
    let noted = mark::noted(&from)?;
    let source = schema::open_looker(&from)?;
    if is_of_a_server(store, file) {
        return Err(CopyError::InUse(file.to_owned()));
    }
    let copy = Copy::make(&source, file, noted, |_| Ok(()), watch)?;
    watch(Progress::Naming);
    copy.name(file)?;
    drop(source);
    let copy = schema::open_looker(file)?;
    let epoch = copy.query_row("SELECT epoch FROM meta", [], |row| row.get(0).map(Epoch)).map_err(meaning)?;
    let head = head_of(&copy).map_err(meaning)?;
    let bytes = std::fs::metadata(file).map_err(at(file))?.len();
    Ok(Backup { epoch, head, bytes })
}

/// Whether a file is a part of the store of a folder or the file that is that store, or of one that a server has, or might:
/// what takes its place would be lost, or destroy it. It may be a link to such a file.
pub fn is_of_a_server(store: &Path, file: &Path) -> bool {
    let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let same = |one: &Path, other: &Path| {
        let (one, other) = (std::fs::metadata(one).ok()?, std::fs::metadata(other).ok()?);
        Some((one.dev(), one.ino()) == (other.dev(), other.ino()))
    };
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let named = name == NAME || name.starts_with(OWN) && file.exists();
    let folder = file.parent().unwrap_or(Path::new("."));
    let stored = file.with_file_name(lock::NAME).exists() || same(folder, store).unwrap_or(false);
    named && stored
        || BESIDE.iter().any(|end| beside(&file, end).exists())
        || same(&file_of(store), &file).unwrap_or(false)
}
