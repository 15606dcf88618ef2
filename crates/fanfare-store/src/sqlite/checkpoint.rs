//! Checkpoints: moving what the write-ahead log holds into the file, on a thread of their own.
//!
//! They are passive: they wait for nobody and nobody waits for them. A busy writer is always a little ahead of
//! them, and as long as it is, the log cannot start over and grows. So when it has grown to four times the size at
//! which a checkpoint is due, and a checkpoint has left only a little, the writer does this little itself before
//! its next commit. If checkpoints cannot keep up at all, the writer does everything at sixteen times that size. While
//! somebody reads for long, a backup say, the log cannot start over: the writer then tries once a second, not at each
//! commit.
//!
//! A disk that fails a checkpoint closes the log, as one that fails a commit does. This thread then looks every few
//! seconds whether the disk writes and syncs again, and whether the store is whole and all there; if so, the log is open
//! again. Nothing has to be opened anew for that: what failed was rolled back, what was acknowledged was synced before,
//! and what is in doubt is written once more. Linux tells a failed sync once to each descriptor of a file, so both
//! connections that write must have synced both files before.
//!
//! What somebody reads and cannot make sense of is damaged, or a disk failed to give it: SQLite says the same of both. So
//! then all of the store is checked, for as long as that takes, now and then, until there is no damage. If a writer met
//! it, the log stays closed that long; if a reader did, it goes on.

use super::error::meaning;
use super::ledger::Shared;
use super::mark::End;
use super::options::SqliteOptions;
use super::settle::settle;
use super::writer::Writer;
use super::{check, schema, sound};
use crate::StoreError;
use rusqlite::Connection;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the writer waits, at its own checkpoint, for readers to finish their pages.
const READERS_TIME: Duration = Duration::from_millis(10);
/// After a checkpoint for which there was no room, or that somebody who reads refused, the next one.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two looks at a store whose disk has failed, at the most.
const MEND_EVERY: Duration = Duration::from_secs(4);
/// Between two checks of a store that seems damaged, at the most: they read all of it.
const CHECK_EVERY: Duration = Duration::from_secs(300);

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
    /// What was erased may still be in the write-ahead log.
    scrub: bool,
}

impl Signal {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
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
    /// When the writer was refused a checkpoint.
    refused: Mutex<Option<Instant>>,
}

impl Checkpoints {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(
        writer: &Arc<Mutex<Writer>>,
        connection: Connection,
        options: &SqliteOptions,
    ) -> Result<Checkpoints, StoreError> {
        let SqliteOptions { checkpoint_pages: due, mend_after, look_time, .. } = *options;
        let signal = Arc::new(Signal::default());
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
        let shared = {
            let mut writer = locked(writer);
            writer.connection.wal_hook(Some(hook)).map_err(meaning)?;
            writer.ledger.shared.clone()
        };
        let (theirs, writer) = (signal.clone(), writer.clone());
        let looks = Looks { first: mend_after, after: mend_after, at: None };
        let mut life = Life { signal: theirs, shared, writer, connection, look_time, looks };
        let spawned = std::thread::Builder::new().name("checkpoint".into()).spawn(move || life.run());
        let thread = spawned.map_err(|error| StoreError::Failed(error.to_string()))?;
        Ok(Checkpoints { signal, thread: Some(thread), due, refused: Mutex::default() })
    }

    /// Tells the thread that something is wrong.
    pub(super) fn tell_trouble(&self) {
        self.signal.state().due = true;
        self.signal.changed.notify_one();
    }

    /// Has the thread empty the write-ahead log, if something was erased that may still be there.
    pub(super) fn scrub(&self, writer: &mut Writer) {
        if std::mem::take(&mut writer.erased) {
            let mut state = self.signal.state();
            (state.scrub, state.due) = (true, true);
            self.signal.changed.notify_one();
        }
    }

    /// Lets the write-ahead log start over, if it has grown large. Called by the writer before a commit.
    pub(super) fn help(&self, writer: &Writer) -> Result<(), StoreError> {
        let (pages, left) = (self.signal.pages.load(Ordering::Relaxed), self.signal.left());
        let little_left = pages >= self.due.saturating_mul(4) && left < self.due;
        if !little_left && pages < self.due.saturating_mul(16) {
            return Ok(());
        }
        let mut refused = locked(&self.refused);
        if refused.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(());
        }
        let connection = &writer.connection;
        connection.busy_timeout(READERS_TIME).map_err(meaning)?;
        let done = checkpoint(connection, "PRAGMA wal_checkpoint(RESTART)");
        connection.busy_timeout(schema::BUSY_TIME).map_err(meaning)?;
        let Done { moved, whole } = done?;
        *refused = (!whole).then(Instant::now);
        self.signal.moved.store(moved, Ordering::Relaxed);
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

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.end();
    }
}

impl Signal {
    /// Waits until something is due or a moment has come. Answers whether to go on.
    fn wait(&self, until: Option<Instant>) -> bool {
        let mut state = self.state();
        loop {
            if state.ending {
                return false;
            }
            if std::mem::take(&mut state.due) {
                return true;
            }
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            state = match left {
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => return true,
                Some(left) => {
                    self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }
}

/// When to look at a store again in which something was wrong: later each time.
struct Looks {
    first: Duration,
    after: Duration,
    at: Option<Instant>,
}

impl Looks {
    /// Whether it is time.
    fn due(&mut self) -> bool {
        let now = Instant::now();
        now >= *self.at.get_or_insert(now + self.after)
    }

    /// It is as wrong as before.
    fn later(&mut self, most: Duration) {
        self.after = (2 * self.after).min(most.max(self.first));
        self.at = Some(Instant::now() + self.after);
    }

    /// Nothing is wrong.
    fn end(&mut self) {
        (self.after, self.at) = (self.first, None);
    }
}

/// What the thread has.
struct Life {
    signal: Arc<Signal>,
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    connection: Connection,
    look_time: Duration,
    looks: Looks,
}

impl Life {
    fn run(&mut self) {
        let (mut until, mut closed) = (None, false);
        while self.signal.wait(until) {
            let mut again = if self.shared.trouble().is_none() { self.checkpoint() } else { None };
            let wrong = (self.shared.trouble(), self.shared.incidents().damage);
            if wrong.0.is_some() && !closed {
                // What a reader met may wait for long, but not a log that has closed.
                self.looks.end();
            }
            closed = wrong.0.is_some();
            match wrong {
                (None, None) => self.looks.end(),
                _ if !self.looks.due() => (),
                (Some(trouble), _) => match self.mend(&trouble) {
                    Ok(()) => {
                        self.shared.reopen(&trouble);
                        if self.signal.state().scrub {
                            again = self.checkpoint();
                        }
                    }
                    Err(error) => {
                        let damaged = matches!(error, StoreError::Corrupt(_));
                        self.looks.later(if damaged { CHECK_EVERY } else { MEND_EVERY });
                        self.shared.judge(error);
                    }
                },
                (None, Some(damage)) => match self.check_all() {
                    Ok(()) => self.shared.forget(&damage),
                    Err(_) => self.looks.later(CHECK_EVERY),
                },
            }
            if self.shared.trouble().is_none() && self.shared.incidents().damage.is_none() {
                self.looks.end();
            }
            until = [self.looks.at, again.map(|again| Instant::now() + again)].into_iter().flatten().min();
        }
    }

    /// Makes a checkpoint. Answers after how long the thread is to look again by itself.
    fn checkpoint(&self) -> Option<Duration> {
        match checkpoint(&self.connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            Ok(done) => {
                self.signal.moved.store(done.moved, Ordering::Relaxed);
                let scrub = std::mem::take(&mut self.signal.state().scrub);
                if scrub { self.scrub() } else { None }
            }
            Err(error) => {
                self.shared.judge(error);
                // Without room: what was committed is in the write-ahead log.
                Some(AGAIN)
            }
        }
    }

    /// Empties the write-ahead log, of which a checkpoint has left little. Answers after how long to try again, if somebody
    /// reads.
    fn scrub(&self) -> Option<Duration> {
        let emptied = self.connection.busy_timeout(READERS_TIME).map_err(meaning);
        let emptied = emptied.and_then(|()| checkpoint(&self.connection, "PRAGMA wal_checkpoint(TRUNCATE)"));
        let restored = self.connection.busy_timeout(schema::BUSY_TIME).map_err(meaning);
        match restored.and(emptied) {
            Ok(Done { whole: true, .. }) => {
                self.signal.moved.store(0, Ordering::Relaxed);
                None
            }
            Ok(_) => {
                self.signal.state().scrub = true;
                Some(AGAIN)
            }
            Err(error) => {
                self.signal.state().scrub = true;
                self.shared.judge(error);
                Some(AGAIN)
            }
        }
    }

    /// Writes and syncs what is in doubt, looks whether the store is whole and holds what was acknowledged, and lets the
    /// writer commit something small and move it into the file. When this returns, the log may be written again.
    fn mend(&mut self, trouble: &StoreError) -> Result<(), StoreError> {
        let status = self.shared.status();
        settle(&self.connection)?;
        match trouble {
            StoreError::Corrupt(_) => self.check_all()?,
            _ => sound::look(&mut self.connection, self.look_time, true)?,
        }
        let end = End::of(&self.connection).map_err(meaning)?;
        if end.epoch != status.epoch || end.head < status.head {
            let text = format!("it ends at position {}; {} was acknowledged", end.head, status.head);
            return Err(StoreError::Corrupt(text));
        }
        // Nobody else holds it for long: whoever wants to write is refused.
        locked(&self.writer).touch()
    }

    /// Looks for damage in all that is stored.
    fn check_all(&mut self) -> Result<(), StoreError> {
        let damage = check::all(&mut self.connection, None, &mut |_| ())?.damages.into_iter().next();
        damage.map_or(Ok(()), |damage| Err(StoreError::Corrupt(damage.to_string())))
    }
}

/// What a checkpoint did.
struct Done {
    /// Pages of the write-ahead log that are in the file now.
    moved: u32,
    /// Nobody who reads or writes kept it from doing all it was to do.
    whole: bool,
}

fn checkpoint(connection: &Connection, how: &str) -> Result<Done, StoreError> {
    let take = |row: &rusqlite::Row<'_>| {
        // -1: there is no write-ahead log.
        let moved = u32::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        Ok(Done { moved, whole: !row.get::<_, bool>(0)? })
    };
    connection.query_row(how, [], take).map_err(meaning)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
