//! The reader threads: everything that reads a log and may wait for a disk.
//!
//! Readers that are behind at the same place share pages: a page that is being read, or was read lately, is read
//! once.

use crate::commit::unread;
use crate::lent::{Lending, Lent};
use crate::tail::Lost;
use fanfare_proto::{Code, LogId, Position, Refusal, limits};
use fanfare_store::{Log, Read};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Reader threads; the store has as many connections for them.
const THREADS: usize = 2;
/// Shared pages are let go after this long without reading.
const FORGET_AFTER: Duration = Duration::from_secs(1);

/// How long, at the most, to wait for pages to be written before reading another one.
const ROOM_TIME: Duration = Duration::from_millis(100);
/// And how often to look.
const ROOM_LOOK: Duration = Duration::from_millis(1);

/// A node's logs, by id.
#[derive(Clone)]
pub(crate) struct Logs {
    pub(crate) kept: Arc<dyn Log>,
    pub(crate) live: Arc<dyn Log>,
}

impl Logs {
    pub(crate) fn get(&self, log: LogId) -> &Arc<dyn Log> {
        if log == LogId::LIVE { &self.live } else { &self.kept }
    }
}

/// Where a page goes once it is read.
pub(crate) type PageTo = Box<dyn FnOnce(Result<Arc<Lent>, Refusal>) + Send>;
/// Other work that reads logs.
pub(crate) type Task = Box<dyn FnOnce(&Logs) + Send>;
/// Long work that reads logs, in steps; answers whether there is another.
pub(crate) type Steps = Box<dyn FnMut(&Logs) -> bool + Send>;
/// What a page is shared by: after a loss that concerns it, it is another page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    log: LogId,
    read: Read,
    /// Up to where the log had lost messages, if that is behind the place.
    trimmed: Position,
    removals: u64,
}

enum Job {
    Page(PageKey),
    Task(Task),
    Steps(Steps),
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Of these one is in work at a time, a step after each other job: they may take much memory.
    long: VecDeque<Steps>,
    stepping: bool,
    /// A step is next, if there is one.
    steps_next: bool,
    /// Who waits for each page that is in line or being read.
    waiting: HashMap<PageKey, Vec<PageTo>>,
    /// Pages read lately, the newest last.
    lately: VecDeque<(PageKey, Arc<Lent>)>,
    ending: bool,
}

impl State {
    fn next(&mut self) -> Option<Job> {
        let step = !self.stepping && (self.steps_next || self.jobs.is_empty());
        if let Some(steps) = step.then(|| self.long.pop_front()).flatten() {
            (self.stepping, self.steps_next) = (true, false);
            return Some(Job::Steps(steps));
        }
        self.steps_next = true;
        self.jobs.pop_front()
    }

    /// Keeps a page for others, and lets go of the oldest of these that are too many or too large.
    fn share(&mut self, key: PageKey, page: &Arc<Lent>) {
        self.lately.push_back((key, page.clone()));
        let mut bytes: usize = self.lately.iter().map(|(_, page)| page.bytes()).sum();
        while self.lately.len() > limits::PAGES_SHARED
            || (bytes > limits::PAGES_SHARED_BYTES && self.lately.len() > 1)
        {
            bytes -= self.lately.pop_front().map_or(0, |(_, page)| page.bytes());
        }
    }
}

struct Shared {
    logs: Logs,
    lending: Lending,
    /// Places of what is newest, while their messages are given.
    placing: Lending,
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while much of what was read is not written yet; not for long, so that nobody who keeps a page keeps all
    /// others from theirs.
    fn wait_for_room(&self) {
        let began = Instant::now();
        while self.lending.bytes() > limits::PAGES_LENT_BYTES && began.elapsed() < ROOM_TIME {
            std::thread::sleep(ROOM_LOOK);
        }
    }
}

/// The door to the reader threads.
pub(crate) struct Reading {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Reading {
    /// Bytes of contents in pages that were read and are not written yet.
    pub(crate) fn lent_bytes(&self) -> usize {
        self.shared.lending.bytes()
    }

    /// What counts pages that are read by a task.
    pub(crate) fn lending(&self) -> Lending {
        self.shared.lending.clone()
    }

    /// What counts the places of what is newest.
    pub(crate) fn placing(&self) -> Lending {
        self.shared.placing.clone()
    }

    pub(crate) fn start(logs: Logs) -> std::io::Result<Reading> {
        let shared = Arc::new(Shared {
            logs,
            lending: Lending::default(),
            placing: Lending::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let spawn = |index| {
            let theirs = shared.clone();
            std::thread::Builder::new().name(format!("read-{index}")).spawn(move || run(&theirs))
        };
        let threads = (0..THREADS).map(spawn).collect::<Result<_, _>>()?;
        Ok(Reading { shared, threads: Mutex::new(threads) })
    }

    /// Reads a page and gives it away, perhaps at once and on this thread. It shows at least what is lost already.
    pub(crate) fn page(&self, log: LogId, read: Read, lost: &Lost, to: PageTo) {
        let trimmed = lost.trimmed.get(log).max(read.from);
        let key = PageKey { log, read, trimmed, removals: lost.removals };
        let mut state = self.shared.state();
        if let Some((_, page)) = state.lately.iter().find(|(other, _)| *other == key) {
            let page = page.clone();
            drop(state);
            return to(Ok(page));
        }
        if let Some(others) = state.waiting.get_mut(&key) {
            return others.push(to);
        }
        if state.jobs.len() >= limits::READS_WAITING || state.ending {
            let code = if state.ending { Code::DRAINING } else { Code::BUSY };
            drop(state);
            return to(Err(code.into()));
        }
        state.waiting.insert(key.clone(), vec![to]);
        state.jobs.push_back(Job::Page(key));
        self.shared.changed.notify_one();
    }

    /// Runs a task on a reader thread.
    pub(crate) fn task(&self, task: Task) -> Result<(), Refusal> {
        let mut state = self.shared.state();
        if state.ending {
            return Err(Code::DRAINING.into());
        }
        if state.jobs.len() >= limits::READS_WAITING {
            return Err(Code::BUSY.into());
        }
        state.jobs.push_back(Job::Task(task));
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Runs long work on the reader threads, beside everything else.
    pub(crate) fn steps(&self, steps: Steps) -> Result<(), Refusal> {
        let mut state = self.shared.state();
        if state.ending {
            return Err(Code::DRAINING.into());
        }
        if state.long.len() >= limits::READS_WAITING {
            return Err(Code::BUSY.into());
        }
        state.long.push_back(steps);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Finishes what waits, but for long work, and ends the threads.
    pub(crate) fn stop(&self) {
        let mut state = self.shared.state();
        state.ending = true;
        let dropped = std::mem::take(&mut state.long);
        drop(state);
        // Whoever waits for it is told when it is dropped.
        drop(dropped);
        self.shared.changed.notify_all();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared) {
    while let Some(job) = next(shared) {
        match job {
            Job::Task(task) => task(&shared.logs),
            Job::Steps(mut steps) => {
                let more = steps(&shared.logs);
                let mut state = shared.state();
                state.stepping = false;
                if more && !state.ending {
                    state.long.push_front(steps);
                }
                drop(state);
                shared.changed.notify_one();
            }
            Job::Page(key) => {
                shared.wait_for_room();
                let page = shared.logs.get(key.log).read(&key.read);
                let page = page.map(|page| Arc::new(shared.lending.lend(page)));
                let page = page.map_err(|error| unread(&error));
                let mut state = shared.state();
                let waiting = state.waiting.remove(&key).unwrap_or_default();
                if let Ok(page) = &page {
                    state.share(key, page);
                }
                drop(state);
                waiting.into_iter().for_each(|to| to(page.clone()));
            }
        }
    }
}

fn next(shared: &Shared) -> Option<Job> {
    let mut state = shared.state();
    loop {
        if let Some(job) = state.next() {
            return Some(job);
        }
        if state.ending {
            return None;
        }
        let idle = state.lately.is_empty();
        let wait =
            shared.changed.wait_timeout(state, if idle { Duration::from_secs(60) } else { FORGET_AFTER });
        let (guard, timeout) = wait.unwrap_or_else(PoisonError::into_inner);
        state = guard;
        if timeout.timed_out() && !idle {
            state.lately = VecDeque::new();
        }
    }
}
