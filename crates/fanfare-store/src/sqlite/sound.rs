//! Looking through the file for damage, before anything is written to it.
//!
//! First what there is little of and everything hangs on, with its indexes; then all pages. It ends after a while: of a
//! large store the rest is looked at when it is read, and each row has a [check value](super::sum). `fanfare db check`
//! looks at everything.

use super::error::meaning;
use crate::StoreError;
use rusqlite::{Connection, ErrorCode, Result as SqlResult};
use std::time::{Duration, Instant};

/// How long it takes at the most.
const TIME: Duration = Duration::from_secs(1);
/// After so many steps of SQLite the clock is looked at.
const STEPS: i32 = 1_000;

/// The looks, the most important first.
const LOOKS: &[&str] = &[
    "PRAGMA integrity_check(meta)",
    "PRAGMA integrity_check(namespace)",
    "PRAGMA integrity_check(clearing)",
    "PRAGMA integrity_check(record)",
    "PRAGMA integrity_check(channel)",
    "PRAGMA integrity_check(milestone)",
    "PRAGMA quick_check",
];

/// Refuses a file in which something is damaged.
pub(super) fn look(connection: &mut Connection) -> Result<(), StoreError> {
    let end = Instant::now() + TIME;
    connection.progress_handler(STEPS, Some(move || Instant::now() >= end)).map_err(meaning)?;
    let found = first_finding(connection);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(meaning)?;
    match found {
        Ok(None) => Ok(()),
        Ok(Some(finding)) => Err(StoreError::Corrupt(finding)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(()),
        Err(error) => Err(meaning(error)),
    }
}

fn first_finding(connection: &Connection) -> SqlResult<Option<String>> {
    for look in LOOKS {
        let finding: String = connection.query_row(look, [], |row| row.get(0))?;
        if finding != "ok" {
            return Ok(Some(finding));
        }
    }
    Ok(None)
}
