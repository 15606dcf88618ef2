//! Importing: messages come with the times they had, and how far an import is is kept in the same transaction. So
//! whatever interrupts it, it goes on after the last message that is in, and none is in twice.

use super::SqliteLog;
use super::look::{file_of, stored_namespaces};
use super::{SqliteOptions, records, schema};
use crate::{Draft, StoreError};
use fanfare_proto::{Message, Namespaces, Time};
use std::path::Path;
use std::sync::Arc;

impl SqliteLog {
    /// Opens the store of a folder as it is, or makes one: with the namespaces that ruled when it was open last, so that
    /// nothing of what is noted about them changes.
    pub fn open_as_it_is(dir: &Path) -> Result<SqliteLog, StoreError> {
        let file = file_of(dir);
        let namespaces = match file.exists() {
            true => stored_namespaces(&schema::open_looker(&file)?)?,
            false => Namespaces::new([]),
        };
        SqliteLog::open(dir, Arc::new(namespaces), SqliteOptions::default())
    }

    /// The same, if there is one.
    pub fn open_if_there(dir: &Path) -> Result<Option<SqliteLog>, StoreError> {
        file_of(dir).exists().then(|| SqliteLog::open_as_it_is(dir)).transpose()
    }

    /// Appends all messages or none, each at its time, or at the log's newest time if that is later; and stores a record in
    /// the same transaction. When this returns, both are kept.
    pub fn import(
        &self,
        messages: Vec<(Draft, Time)>,
        kind: &str,
        key: &str,
        value: &[u8],
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.write_with(|writer| {
            self.checkpoints.help(writer)?;
            writer.append_each(messages, |transaction| records::put(transaction, kind, key, value).map(drop))
        })
    }
}
