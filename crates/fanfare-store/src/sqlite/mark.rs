//! How far the store has come, noted beside its file: `fanfare.head`.
//!
//! SQLite takes a write-ahead log whose end is cut off or damaged for one that ends there, and an older copy of the file
//! for the file. Both would take back what was acknowledged, and nobody would be told. So after each commit its end is
//! noted here, which is one small write. It is not synced: after a power loss the note may be older than the file, which
//! says nothing; it is never newer, unless something is gone.
//!
//! ```text
//! | epoch, 4 | head, 8 | changes, 8 | check value, 8 |     little-endian
//! ```

use super::error::{meaning, of_file};
use super::owner;
use crate::StoreError;
use fanfare_proto::{Epoch, Position};
use rusqlite::{Connection, OptionalExtension, Result as SqlResult};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use twox_hash::XxHash3_64;

/// The name of the file in a data directory.
pub(super) const NAME: &str = "fanfare.head";
const BYTES: usize = 28;

/// Where a store ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct End {
    pub(super) epoch: Epoch,
    /// The newest position.
    pub(super) head: Position,
    /// Transactions that were not an append.
    pub(super) changes: u64,
}

/// What was noted.
enum Noted {
    /// Nothing, or nothing that can be read.
    Nothing,
    /// Somebody emptied the file: to go on with what is left.
    GoOn,
    End(End),
}

/// The note of an open store.
pub(super) struct Mark {
    file: File,
    noted: End,
}

impl End {
    /// Where a file that is up to date ends.
    pub(super) fn of(connection: &Connection) -> SqlResult<End> {
        let end =
            "SELECT epoch, max(head, coalesce((SELECT max(position) FROM message), 0)), changes FROM meta";
        let take = |row: &rusqlite::Row<'_>| {
            Ok(End { epoch: Epoch(row.get(0)?), head: Position(row.get(1)?), changes: row.get(2)? })
        };
        connection.query_row(end, [], take)
    }

    /// Whether something is gone that another one has.
    pub(super) fn is_behind(&self, other: &End) -> bool {
        self.epoch == other.epoch && (self.head < other.head || self.changes < other.changes)
    }

    /// What to say if a file does not hold all that was noted.
    pub(super) fn is_lost_from(&self, connection: &Connection) -> Result<Option<String>, StoreError> {
        let nothing = End { epoch: self.epoch, head: Position::START, changes: 0 };
        let end = End::of(connection).optional().map_err(meaning)?.unwrap_or(nothing);
        Ok(end.is_behind(self).then(|| {
            format!(
                "it went back: it ends at position {} and change {}, and position {} and change {} were acknowledged; \
                 its write-ahead log was cut or damaged, or an older copy of the file is in its place",
                end.head, end.changes, self.head, self.changes
            )
        }))
    }

    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&self.epoch.0.to_le_bytes());
        bytes[4..12].copy_from_slice(&self.head.0.to_le_bytes());
        bytes[12..20].copy_from_slice(&self.changes.to_le_bytes());
        let sum = XxHash3_64::oneshot(&bytes[..20]);
        bytes[20..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8]) -> Option<End> {
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        let number = |at: usize| bytes[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let epoch = bytes[..4].try_into().map(u32::from_le_bytes).ok()?;
        let end = End { epoch: Epoch(epoch), head: Position(number(4)?), changes: number(12)? };
        (end.bytes() == *bytes).then_some(end)
    }
}

/// Refuses a file that is empty or not there, if one was there when the mark was made. SQLite would make a new one, and remove
/// the write-ahead log.
pub(super) fn expect_file(dir: &Path, file: &Path) -> Result<(), StoreError> {
    let empty = std::fs::metadata(file).map_or(true, |file| file.len() == 0);
    match read(dir)? {
        Noted::End(noted) if empty && (noted.head, noted.changes) > (Position::START, 0) => {
            let aside = match moved_aside(dir) {
                Some(aside) => format!(" A store is in {}: move its files back.", aside.display()),
                None => String::new(),
            };
            Err(StoreError::Corrupt(format!(
                "{} is empty or gone, and position {} was acknowledged.{aside} To begin anew, empty the file {}",
                file.display(),
                noted.head,
                path(dir).display()
            )))
        }
        _ => Ok(()),
    }
}

/// Where a store is that was moved out of the way for another one, which did not come.
fn moved_aside(dir: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path());
    entries.filter(|path| path.join(super::NAME).is_file()).max()
}

/// Compares a file that nothing was written to yet with what was noted. Answers whether to go on as a new life.
pub(super) fn compare(dir: &Path, connection: &Connection) -> Result<bool, StoreError> {
    let noted = match read(dir)? {
        Noted::Nothing => return Ok(false),
        Noted::GoOn => return Ok(true),
        Noted::End(end) => end,
    };
    match noted.is_lost_from(connection)? {
        Some(what) => Err(StoreError::Corrupt(format!(
            "{what}. To go on with what is left, empty the file {}: readers are then told that something is missing",
            path(dir).display()
        ))),
        None => Ok(false),
    }
}

/// What is noted beside a file, if it is the store of a folder.
pub(super) fn noted(file: &Path) -> Result<Option<End>, StoreError> {
    let store = file.file_name().is_some_and(|name| name == super::NAME);
    let Some(dir) = file.parent().filter(|_| store) else { return Ok(None) };
    Ok(match read(dir)? {
        Noted::End(end) => Some(end),
        Noted::Nothing | Noted::GoOn => None,
    })
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

fn read(dir: &Path) -> Result<Noted, StoreError> {
    match std::fs::read(path(dir)) {
        Ok(bytes) if bytes.is_empty() => Ok(Noted::GoOn),
        Ok(bytes) => Ok(End::parse(&bytes).map_or(Noted::Nothing, Noted::End)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Noted::Nothing),
        Err(error) => Err(of_file(&path(dir), &error)),
    }
}

impl Mark {
    /// Begins to note where a store ends, and that the file of the note is there, synced. Its entry in the directory is
    /// the caller's to sync.
    pub(super) fn begin(dir: &Path, end: End) -> Result<Mark, StoreError> {
        // Under another name first: an empty one would be taken for an operator's.
        let unfinished = dir.join(format!("{NAME}.unfinished"));
        let begin = || {
            let file = owner::making().truncate(true).open(&unfinished)?;
            file.write_all_at(&end.bytes(), 0)?;
            file.sync_all()?;
            owner::hand_over(&unfinished);
            std::fs::rename(&unfinished, path(dir))?;
            Ok(Mark { file, noted: end })
        };
        begin().map_err(|error| of_file(&path(dir), &error))
    }

    /// Notes the end after a commit.
    pub(super) fn note(&mut self, head: Position, changes: u64) {
        let end = End { head, changes, ..self.noted };
        // A note that cannot be written is an older one: it still tells of what it knows.
        if end != self.noted && self.file.write_all_at(&end.bytes(), 0).is_ok() {
            self.noted = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_or_not_at_all() {
        let end = End { epoch: Epoch(7), head: Position(1 << 40), changes: 12 };
        let bytes = end.bytes();
        assert_eq!(End::parse(&bytes), Some(end));
        for bit in 0..BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(End::parse(&flipped), None, "bit {bit}");
        }
        assert_eq!(End::parse(&bytes[1..]), None);
    }
}
