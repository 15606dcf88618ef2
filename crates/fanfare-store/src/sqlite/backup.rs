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
    if is_of_a_server(&from, file) {
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

/// Whether a server has a file as its store, or might: a copy in its place would be lost, or destroy it.
fn is_of_a_server(store: &Path, file: &Path) -> bool {
    let same = || {
        let (store, file) = (std::fs::metadata(store).ok()?, std::fs::metadata(file).ok()?);
        Some((store.dev(), store.ino()) == (file.dev(), file.ino()))
    };
    let named = file.file_name().is_some_and(|name| name == NAME);
    let served = named && file.with_file_name(lock::NAME).exists();
    served || BESIDE.iter().any(|end| beside(file, end).exists()) || same().unwrap_or(false)
}
