//! Writing into the file once more what a checkpoint has moved there.
//!
//! A checkpoint that a commit overtakes counts its pages as moved without syncing the file: the next one that reaches the end of
//! the log does. If that sync fails, the system forgets all of these pages, and SQLite never moves them again. They still
//! are in the write-ahead log, which was synced before, as long as that is not emptied.

// SQLite gives the file that it writes to only as a pointer, which is valid as long as the connection.
#![allow(unsafe_code)]

use super::error::{meaning, of_file};
use crate::StoreError;
use rusqlite::{Connection, Transaction, TransactionBehavior, ffi};
use std::ffi::c_int;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// Bytes before the frames, and before the page of each (SQLite's "WAL File Format").
const HEAD: u64 = 32;
const FRAME_HEAD: usize = 24;

/// Writes what was moved again, and syncs it.
pub(super) fn rewrite(connection: &Connection) -> Result<(), StoreError> {
    let moved = connection.query_row("PRAGMA wal_checkpoint(NOOP)", [], |row| row.get::<_, i64>(2));
    let moved = moved.map_err(meaning)?;
    if moved <= 0 {
        return Ok(());
    }
    // Nobody writes meanwhile, so the log does not start over.
    let alone = Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(meaning)?;
    let pages = alone.query_row("PRAGMA page_count", [], |row| row.get::<_, u32>(0)).map_err(meaning)?;
    let path = PathBuf::from(format!("{}-wal", connection.path().unwrap_or_default()));
    let failed = |error| of_file(&path, &error);
    let log = File::open(&path).map_err(failed)?;
    let mut head = [0; HEAD as usize];
    log.read_exact_at(&mut head, 0).map_err(failed)?;
    let size = match number(&head, 8) {
        1 => 65_536,
        size => size as usize,
    };
    let mut frame = vec![0; FRAME_HEAD + size];
    for index in 0..moved as u64 {
        log.read_exact_at(&mut frame, HEAD + index * (FRAME_HEAD + size) as u64).map_err(failed)?;
        let page = number(&frame, 0);
        // The salts tell the frames of this log from those of one before.
        if frame[8..16] != head[16..24] || page == 0 {
            return Err(StoreError::Corrupt(format!("frame {index} is not of {}", path.display())));
        }
        if page <= pages {
            let at = u64::from(page - 1) * size as u64;
            on_file(connection, |file, methods| {
                let write = methods.xWrite.unwrap_or(no_write);
                // SAFETY: the file is open, and the bytes are there for the time of the call.
                unsafe { write(file, frame[FRAME_HEAD..].as_ptr().cast(), size as c_int, at as i64) }
            })?;
        }
    }
    on_file(connection, |file, methods| {
        let sync = methods.xSync.unwrap_or(no_sync);
        // SAFETY: the file is open.
        unsafe { sync(file, ffi::SQLITE_SYNC_NORMAL) }
    })
}

/// The number of four bytes at a place, the most significant first.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..].first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// Does something with the file of a connection.
fn on_file(
    connection: &Connection,
    call: impl FnOnce(*mut ffi::sqlite3_file, &ffi::sqlite3_io_methods) -> c_int,
) -> Result<(), StoreError> {
    let mut file: *mut ffi::sqlite3_file = std::ptr::null_mut();
    // SAFETY: SQLite writes a pointer to the file of the main database, which it keeps open as long as the connection; the
    // table of methods is there as long as the file.
    let code = unsafe {
        let asked = ffi::sqlite3_file_control(
            connection.handle(),
            c"main".as_ptr(),
            ffi::SQLITE_FCNTL_FILE_POINTER,
            (&raw mut file).cast(),
        );
        match file.as_ref().and_then(|file| file.pMethods.as_ref()) {
            Some(methods) if asked == ffi::SQLITE_OK => call(file, methods),
            _ => ffi::SQLITE_MISUSE,
        }
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(meaning(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))),
    }
}

unsafe extern "C" fn no_write(
    _: *mut ffi::sqlite3_file,
    _: *const std::ffi::c_void,
    _: c_int,
    _: i64,
) -> c_int {
    ffi::SQLITE_MISUSE
}

unsafe extern "C" fn no_sync(_: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    ffi::SQLITE_MISUSE
}
