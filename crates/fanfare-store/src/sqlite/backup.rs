//! A backup: a copy of the store in one file, made while a server may go on publishing.

use super::copy::{Copy, CopyError, Watch, at, head_of};
use super::error::meaning;
use super::look::file_of;
use super::schema;
use fanfare_proto::{Epoch, Position};
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

/// Copies the store of a folder, or a file that is one, to a file, in place of what may be there. The file appears under
/// its name once it is whole, verified and synced; a failure leaves nothing.
pub fn backup(store: &Path, file: &Path, watch: Watch<'_>) -> Result<Backup, CopyError> {
    let source = schema::open_looker(&file_of(store))?;
    Copy::make(&source, file, |_| Ok(()), watch)?.name(file)?;
    drop(source);
    let copy = schema::open_looker(file)?;
    let epoch = copy.query_row("SELECT epoch FROM meta", [], |row| row.get(0).map(Epoch)).map_err(meaning)?;
    let head = head_of(&copy).map_err(meaning)?;
    let bytes = std::fs::metadata(file).map_err(at(file))?.len();
    Ok(Backup { epoch, head, bytes })
}
