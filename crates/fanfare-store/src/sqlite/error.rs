//! What SQLite's errors mean for a store.

use crate::StoreError;
use rusqlite::{Error, ErrorCode, ffi};
use std::io::ErrorKind;
use std::path::Path;

/// What an error of SQLite means.
pub(super) fn meaning(error: Error) -> StoreError {
    let text = error.to_string();
    match error {
        Error::ToSqlConversionFailure(inner) => match inner.downcast::<StoreError>() {
            Ok(ours) => *ours,
            Err(_) => StoreError::Failed(text),
        },
        Error::SqliteFailure(failure, _) => match failure.code {
            // Nothing was written, and the next time there may be memory.
            ErrorCode::DiskFull | ErrorCode::OutOfMemory => StoreError::Full(text),
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_NOMEM => {
                StoreError::Full(text)
            }
            // The index beside the write-ahead log could not grow: no room either.
            ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => {
                StoreError::Full(text)
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(text),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                StoreError::InUse(format!("another program keeps the store locked: {text}"))
            }
            _ => StoreError::Failed(text),
        },
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..)
        | Error::QueryReturnedNoRows => StoreError::Corrupt(text),
        _ => StoreError::Failed(text),
    }
}

/// What an error with a file of ours means.
pub(super) fn of_file(path: &Path, error: &std::io::Error) -> StoreError {
    let text = format!("{}: {error}", path.display());
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full(text),
        _ => StoreError::Unusable(text),
    }
}

/// Damage that we find ourselves, on its way through functions that return errors of SQLite.
pub(super) fn damage(what: String) -> Error {
    Error::ToSqlConversionFailure(Box::new(StoreError::Corrupt(what)))
}
