//! Checkpoints: moving what the write-ahead log holds into the file, on a thread of their own.
//!
//! They are passive: they wait for nobody and nobody waits for them. A busy writer is always a little ahead of
//! them, and as long as it is, the log cannot start over and grows. So when it has grown to four times the size at
//! which a checkpoint is due, and a checkpoint has left only a little, the writer does this little itself before
//! its next commit. If checkpoints cannot keep up at all, the writer does everything at sixteen times that size. While
//! somebody reads for long, a backup say, the log cannot start over: the writer tries now and then, not at each commit.
//!
//! A disk that fails a checkpoint closes the log, as one that fails a commit does.

use super::error::meaning;
use super::ledger::Shared;
use super::writer::Writer;
use crate::StoreError;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the writer waits, at its own checkpoint, for readers to finish their pages.
const READERS_TIME: Duration = Duration::from_millis(10);
/// After a checkpoint for which there was no room, the next one.
const AGAIN: Duration = Duration::from_secs(1);

/// What the writer and the thread tell each other.
#[derive(Default)]
struct Signal {
    state: Mutex<State>,
    changed: Condvar,
    /// Pages in the write-ahead log after the last commit.
    pages: AtomicU32,
    /// Of these, moved into the file.
    moved: AtomicU32,
}

#[derive(Default)]
struct State {
    due: bool,
    ending: bool,
}

impl Signal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Pages that are in the write-ahead log only.
    fn left(&self) -> u32 {
        self.pages.load(Ordering::Relaxed).saturating_sub(self.moved.load(Ordering::Relaxed))
    }
}

/// The thread, and the writer's part.
pub(super) struct Checkpoints {
    signal: Arc<Signal>,
    thread: Option<JoinHandle<()>>,
    due: u32,
    /// With so many pages in the log the writer tries again, if it did not start over.
    again: AtomicU32,
}

impl Checkpoints {
    /// Starts the thread with a connection of its own. From `due` pages on it makes a checkpoint.
    pub(super) fn start(
        writer: &mut Writer,
        connection: Connection,
        due: u32,
    ) -> Result<Checkpoints, StoreError> {
        let signal = Arc::new(Signal::default());
        let shared = writer.ledger.shared.clone();
        let told = signal.clone();
        let hook = move |_: &mut rusqlite::hooks::Wal, pages: i32| {
            told.pages.store(pages.unsigned_abs(), Ordering::Relaxed);
            if pages.unsigned_abs() < told.moved.load(Ordering::Relaxed) {
                // The log has started over.
                told.moved.store(0, Ordering::Relaxed);
            }
            if told.left() >= due {
                told.state().due = true;
                told.changed.notify_one();
            }
            Ok(())
        };
        writer.connection.wal_hook(Some(hook)).map_err(meaning)?;
        let theirs = signal.clone();
        let spawned = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(move || run(&theirs, &shared, &connection));
        let thread = spawned.map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Checkpoints { signal, thread: Some(thread), due, again: AtomicU32::new(0) })
    }

    /// Lets the write-ahead log start over, if it has grown large. Called by the writer before a commit.
    pub(super) fn help(&self, writer: &Writer) -> Result<(), StoreError> {
        let (pages, left) = (self.signal.pages.load(Ordering::Relaxed), self.signal.left());
        let little_left = pages >= self.due.saturating_mul(4) && left < self.due;
        if !little_left && pages < self.due.saturating_mul(16) {
            return Ok(());
        }
        let again = self.again.load(Ordering::Relaxed);
        if pages < again && again - pages <= self.due {
            return Ok(());
        }
        self.again.store(pages.saturating_add(self.due), Ordering::Relaxed);
        let connection = &writer.connection;
        connection.busy_timeout(READERS_TIME).map_err(meaning)?;
        let done = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
        connection.busy_timeout(super::schema::BUSY_TIME).map_err(meaning)?;
        self.signal.moved.store(done?.1, Ordering::Relaxed);
        Ok(())
    }

    /// Ends the thread.
    pub(super) fn end(&mut self) {
        self.signal.state().ending = true;
        self.signal.changed.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(signal: &Signal, shared: &Shared, connection: &Connection) {
    let mut patience = None;
    loop {
        let mut state = signal.state();
        while !state.due && !state.ending {
            state = match patience {
                None => signal.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(time) => {
                    let waited = signal.changed.wait_timeout(state, time);
                    let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
                    state.due = true;
                    state
                }
            };
        }
        if state.ending {
            return;
        }
        state.due = false;
        drop(state);
        patience = match checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            Ok((_, moved)) => {
                signal.moved.store(moved, Ordering::Relaxed);
                None
            }
            Err(error) => {
                shared.judge(error);
                if shared.trouble().is_some() {
                    return;
                }
                // What was committed is in the write-ahead log.
                Some(AGAIN)
            }
        };
    }
}

/// Answers how many pages the write-ahead log has and how many of these are in the file now.
fn checkpoint(connection: &Connection, how: &str) -> Result<(u32, u32), StoreError> {
    let take = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
    let (pages, moved) = connection.query_row(how, [], take).map_err(meaning)?;
    // -1: there is no write-ahead log.
    Ok((u32::try_from(pages).unwrap_or(0), u32::try_from(moved).unwrap_or(0)))
}

/// Closes without the checkpoint that SQLite makes at the end.
pub(super) fn leave(writer: &Writer) {
    let _ = writer.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}
