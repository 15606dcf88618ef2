//! The log of kept namespaces: one SQLite file, `fanfare.db`, that survives kill -9 and power loss.
//!
//! Messages are rows in order of position and are only ever added at the end; `previous` chains those of a channel,
//! and every 64th of a channel is a milestone. There is no index by channel: it would cost ten times as much as
//! all the rest once there are many channels. Channel heads are in memory and are written to their rows now and
//! then; opening reads again what came after. One connection writes, two read, one makes checkpoints.

mod amend;
mod append;
mod ask;
mod backup;
mod beyond;
mod chain;
mod channel;
mod check;
mod checkpoint;
mod clear;
mod compact;
mod copy;
mod copy_error;
mod crowd;
mod error;
mod flush;
mod forget;
mod heads;
mod import;
mod ledger;
mod lock;
mod look;
mod lookup;
mod mark;
mod oldest;
mod options;
mod owner;
mod place;
mod reader;
mod records;
mod remove;
mod restore;
mod rewrite;
mod row;
mod scan;
mod schema;
mod settle;
mod sound;
mod stats;
mod sum;
mod trim;
mod unfinished;
mod writer;

pub use backup::{Backup, backup, is_of_a_server};
pub use beyond::Beyond;
pub use check::{Checked, Damage, Part, check};
pub use copy::{Progress, Watch};
pub use copy_error::CopyError;
pub use look::{Look, Piece};
pub use options::SqliteOptions;
pub use owner::hand_over;
pub use restore::{Before, Restored, restore};
pub use stats::{ChannelStats, FileStats, NamespaceStats, Stats, stats};
pub use unfinished::{Unfinished, unfinished};

use crate::retention::Rules;
use crate::{
    ChannelInfo, Draft, Incidents, Log, LogStatus, Original, Page, Read, RecordChange, Removal, Store,
    StoreError, Trimmed,
};
use checkpoint::Checkpoints;
use error::of_file;
use fanfare_proto::{Channel, LogId, Message, Namespaces, Pattern, Position, Time};
use ledger::Shared;
use lock::DirLock;
use reader::{Reader, Readers};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use writer::Writer;

/// The name of the file in a data directory.
const NAME: &str = "fanfare.db";
/// Connections that read.
const READERS: usize = 2;

/// A [`Log`] and [`Records`](crate::Records) in one SQLite file.
pub struct SqliteLog {
    shared: Arc<Shared>,
    rules: Rules,
    beyond: Vec<Beyond>,
    // In the order in which they end: nobody writes or reads any more when the lock is given back.
    checkpoints: Checkpoints,
    readers: Readers,
    writer: Arc<Mutex<Writer>>,
    _lock: DirLock,
}

impl SqliteLog {
    /// Opens the store of a data directory; makes both if there is none. One server at a time has it.
    pub fn open(
        dir: &Path,
        namespaces: Arc<Namespaces>,
        options: SqliteOptions,
    ) -> Result<SqliteLog, StoreError> {
        let unusable = |error| of_file(dir, &error);
        owner::make_folder(dir).map_err(unusable)?;
        let lock = DirLock::take(dir)?;
        let (path, vfs) = (dir.join(NAME), options.vfs.as_deref());
        let opened = schema::open_writer(&path, vfs, options.look_time)?;
        let rules = Rules::new(LogId::KEPT, namespaces.clone());
        let (writer, beyond) = Writer::open(opened, dir, rules, &options)?;
        // The files' own entries in the directory are to survive too.
        std::fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(unusable)?;
        let shared = writer.ledger.shared.clone();
        let writer = Arc::new(Mutex::new(writer));
        let connection = schema::open_checkpointer(&path, vfs)?;
        let checkpoints = Checkpoints::start(&writer, connection, &options)?;
        let connections = (0..READERS).map(|_| schema::open_reader(&path, vfs)).collect::<Result<_, _>>()?;
        let (rules, readers) = (Rules::new(LogId::KEPT, namespaces), Readers::new(connections));
        Ok(SqliteLog { shared, rules, beyond, checkpoints, readers, writer, _lock: lock })
    }

    /// What there was beyond what the rules keep when it was opened; retention lets that go.
    pub fn beyond(&self) -> &[Beyond] {
        &self.beyond
    }

    /// Reads; what fails or seems to be damaged, twice: a disk may not have been read once, and SQLite calls that both.
    fn read_with<T>(&self, work: impl Fn(&mut Reader) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.look_with(|| self.readers.with(&work))
    }

    fn look_with<T>(&self, read: impl Fn() -> Result<T, StoreError>) -> Result<T, StoreError> {
        let read = match read() {
            Err(StoreError::Failed(_) | StoreError::Corrupt(_)) => read(),
            done => done,
        };
        read.map_err(|error| {
            let error = self.shared.meet(error);
            if let StoreError::Corrupt(_) = error {
                self.checkpoints.tell_trouble();
            }
            error
        })
    }

    /// Writes, unless the disk has failed and the store has not been checked since.
    fn write_with<T>(
        &self,
        work: impl FnOnce(&mut Writer) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        // Before the lock, too: nobody waits for a store that is being mended.
        if let Some(trouble) = self.shared.trouble() {
            return Err(trouble);
        }
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.shared.trouble() {
            Some(trouble) => Err(trouble),
            None => work(&mut writer).map_err(|error| {
                let error = self.shared.judge(error);
                if self.shared.trouble().is_some() {
                    self.checkpoints.tell_trouble();
                }
                error
            }),
        }
    }
}

impl Log for SqliteLog {
    fn append(&self, drafts: Vec<Draft>, now: Time) -> Result<Vec<Arc<Message>>, StoreError> {
        self.write_with(|writer| {
            self.checkpoints.help(writer)?;
            writer.append(drafts, now).inspect(|_| self.checkpoints.scrub(writer))
        })
    }

    fn read(&self, read: &Read) -> Result<Page, StoreError> {
        self.read_with(|reader| reader.page(&self.shared, &self.rules, read))
    }

    fn original(&self, channel: &Channel, position: Position) -> Result<Option<Original>, StoreError> {
        // Whoever appends next is refused, too; and a store that is being mended is not waited for.
        if let Some(trouble) = self.shared.trouble() {
            return Err(trouble);
        }
        let writer = || self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        self.look_with(|| writer().original(channel, position))
    }

    fn find(&self, time: Time) -> Result<Position, StoreError> {
        self.read_with(|reader| reader.find(&self.shared, time))
    }

    fn channels(&self, pattern: &Pattern, after: &str, limit: usize) -> Result<Vec<ChannelInfo>, StoreError> {
        self.read_with(|reader| reader.channels(&self.shared, pattern, after, limit))
    }

    fn remove(&self, removal: &Removal) -> Result<bool, StoreError> {
        self.write_with(|writer| writer.remove(removal).inspect(|_| writer.note_change()))
    }

    fn trim(&self, now: Time) -> Result<Trimmed, StoreError> {
        self.write_with(|writer| {
            writer.place.check()?;
            writer.trim(now).inspect(|_| writer.note_change())
        })
    }

    fn status(&self) -> LogStatus {
        self.shared.status()
    }

    fn trouble(&self) -> Option<StoreError> {
        self.shared.trouble()
    }

    fn incidents(&self) -> Incidents {
        self.shared.incidents()
    }
}

impl Store for SqliteLog {
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError> {
        self.write_with(|writer| {
            self.checkpoints.help(writer)?;
            let drafts = drafts.into_iter().map(|draft| (draft, now)).collect();
            let appended = writer.append_each(drafts, |transaction| records::change(transaction, changes));
            appended.inspect(|_| self.checkpoints.scrub(writer))
        })
    }
}

impl Drop for SqliteLog {
    /// Writes the heads, so that the next start has nothing to read again; SQLite makes the last checkpoint when the
    /// last connection goes. After a failure nothing more is written.
    fn drop(&mut self) {
        self.checkpoints.end();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match self.shared.trouble() {
            Some(_) => drop(schema::leave_log(&writer.connection, true)),
            None => writer.flush_at_end(),
        }
    }
}
