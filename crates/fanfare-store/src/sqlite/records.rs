//! Records, in the same file.

use super::SqliteLog;
use super::error::meaning;
use crate::{Put, Record, RecordChange, Records, Revision, StoreError};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Result as SqlResult, Row, TransactionBehavior};

impl Records for SqliteLog {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError> {
        self.read_with(|reader| get(&reader.connection, kind, key).map_err(meaning))
    }

    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError> {
        self.write_with(|writer| {
            let put = put_if(&mut writer.connection, kind, key, expected, value).map_err(meaning)?;
            writer.note_change();
            Ok(put)
        })
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        self.write_with(|writer| {
            change_all(&mut writer.connection, changes).map_err(meaning)?;
            writer.note_change();
            Ok(())
        })
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        self.read_with(|reader| scan(&reader.connection, kind, prefix, after, limit).map_err(meaning))
    }
}

fn get(connection: &Connection, kind: &str, key: &str) -> SqlResult<Option<Record>> {
    let get = "SELECT key, revision, value FROM record WHERE kind = ?1 AND key = ?2";
    connection.prepare_cached(get)?.query_row((kind, key), record).optional()
}

fn scan(
    connection: &Connection,
    kind: &str,
    prefix: &str,
    after: &str,
    limit: usize,
) -> SqlResult<Vec<Record>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, revision, value FROM record
         WHERE kind = ?1 AND key >= ?2 AND (key > ?3 OR ?3 = '') ORDER BY key LIMIT ?4",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = statement.query_map((kind, prefix, after, limit), record)?;
    rows.take_while(|row| row.as_ref().map_or(true, |row| row.key.starts_with(prefix))).collect()
}

fn record(row: &Row<'_>) -> SqlResult<Record> {
    let value = Bytes::copy_from_slice(row.get_ref(2)?.as_blob()?);
    Ok(Record { key: row.get_ref(0)?.as_str()?.into(), revision: Revision(row.get(1)?), value })
}

fn put_if(
    connection: &mut Connection,
    kind: &str,
    key: &str,
    expected: Revision,
    value: Option<Bytes>,
) -> SqlResult<Put> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let revision = "SELECT revision FROM record WHERE kind = ?1 AND key = ?2";
    let found = transaction.prepare_cached(revision)?.query_row((kind, key), |row| row.get(0)).optional()?;
    let found = found.map_or(Revision::ABSENT, Revision);
    if found != expected {
        return Ok(Put::Conflict(found));
    }
    let put = match value {
        None => delete(&transaction, kind, key)?,
        Some(value) => put(&transaction, kind, key, &value)?,
    };
    transaction.execute("UPDATE meta SET changes = changes + 1", [])?;
    transaction.commit()?;
    Ok(Put::Done(put))
}

fn change_all(connection: &mut Connection, changes: &[RecordChange]) -> SqlResult<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    change(&transaction, changes)?;
    transaction.execute("UPDATE meta SET changes = changes + 1", [])?;
    transaction.commit()
}

/// Makes changes within a transaction, whatever was there.
pub(super) fn change(transaction: &Connection, changes: &[RecordChange]) -> SqlResult<()> {
    for RecordChange { kind, key, value } in changes {
        match value {
            Some(value) => put(transaction, kind, key, value)?,
            None => delete(transaction, kind, key)?,
        };
    }
    Ok(())
}

fn delete(transaction: &Connection, kind: &str, key: &str) -> SqlResult<Revision> {
    let delete = "DELETE FROM record WHERE kind = ?1 AND key = ?2";
    transaction.prepare_cached(delete)?.execute((kind, key))?;
    Ok(Revision::ABSENT)
}

/// Stores a value within a transaction, whatever was there.
pub(super) fn put(transaction: &Connection, kind: &str, key: &str, value: &[u8]) -> SqlResult<Revision> {
    let next = "UPDATE meta SET revision = revision + 1 RETURNING revision";
    let next: u64 = transaction.prepare_cached(next)?.query_row([], |row| row.get(0))?;
    let put = "INSERT OR REPLACE INTO record (kind, key, revision, value) VALUES (?1, ?2, ?3, ?4)";
    transaction.prepare_cached(put)?.execute((kind, key, next, value))?;
    Ok(Revision(next))
}
