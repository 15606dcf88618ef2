//! What SQLite's errors mean for a store.

use crate::StoreError;
use rusqlite::{Error, ErrorCode, ffi};

/// What an error of SQLite means.
pub(super) fn meaning(error: Error) -> StoreError {
    let text = error.to_string();
    match error {
        Error::SqliteFailure(failure, _) => match failure.code {
            ErrorCode::DiskFull => StoreError::Full(text),
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
