//! Looking through the file for damage, before anything is written to it.
//!
//! First what there is little of and everything hangs on, with its indexes; then all pages. It ends after a while: of a
//! large store the rest is looked at when it is read, and each row has a [check value](super::sum). `fanfare db check`
//! looks at everything.

use super::error::meaning;
use crate::StoreError;
use rusqlite::{Connection, ErrorCode, Result as SqlResult};
use std::time::{Duration, Instant};

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

/// Whether each channel ends with a message of its own: nothing else tells that a newest one is lost.
const ENDS: &str = "SELECT coalesce((
        SELECT printf('`%s` has no message at position %d, where it ends', name, head) FROM channel
        WHERE head > max(floor, trimmed_through) AND NOT EXISTS (
            SELECT 1 FROM message WHERE position = channel.head AND message.channel = channel.id)
        LIMIT 1), 'ok')";

/// Refuses a file in which something is damaged. Takes so long at the most. The file is `of_today` if it has been through
/// all steps of the schema.
pub(super) fn look(connection: &mut Connection, time: Duration, of_today: bool) -> Result<(), StoreError> {
    let end = Instant::now() + time;
    connection.progress_handler(STEPS, Some(move || Instant::now() >= end)).map_err(meaning)?;
    let found = first_finding(connection, of_today);
    connection.progress_handler(0, None::<fn() -> bool>).map_err(meaning)?;
    match found {
        Ok(None) => Ok(()),
        Ok(Some(finding)) => Err(StoreError::Corrupt(finding)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => Ok(()),
        Err(error) => Err(meaning(error)),
    }
}

fn first_finding(connection: &Connection, of_today: bool) -> SqlResult<Option<String>> {
    for look in LOOKS.iter().copied().chain(of_today.then_some(ENDS)) {
        let finding: String = connection.query_row(look, [], |row| row.get(0))?;
        if finding != "ok" {
            return Ok(Some(finding));
        }
    }
    Ok(None)
}
