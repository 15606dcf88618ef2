//! The thread that owns the kept log: it batches what waits, so that many publishers share one sync.

use crate::commit::{Answers, Committer, Group};
use crate::count::Histogram;
use crate::traces::{Began, CommitTrace, Traces};
use fanfare_proto::{Code, Refusal, Time, limits};
use fanfare_store::Removal;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How often retention is asked for when nothing is published.
const TRIM_EVERY: Duration = Duration::from_secs(1);
/// And while something is: often, so that each time there is little to do and nobody waits long.
const TRIM_BUSY: Duration = Duration::from_millis(100);

/// What is done with the answers to a group: it is always called, once, and never on the caller's thread. It must be quick.
pub(crate) type Then = Box<dyn FnOnce(Answers) + Send>;

/// Who waits for the answers to a group. If nothing comes, it gets none.
struct Waiter(Option<Then>);

impl Waiter {
    fn answer(mut self, answers: Answers) {
        if let Some(then) = self.0.take() {
            then(answers);
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        if let Some(then) = self.0.take() {
            then(Answers::new());
        }
    }
}

/// Something to be done by the commit thread, and where the answer goes.
enum Job {
    Publish(Group, Waiter),
    Remove(Removal, oneshot::Sender<Result<bool, Refusal>>),
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    messages: usize,
    bytes: usize,
    /// Nothing more is taken, for this reason.
    ending: Option<&'static Code>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    counts: Arc<CommitCounts>,
    /// Who is told of each commit.
    traces: OnceLock<Arc<dyn Traces>>,
}

/// What the commit thread counts.
#[derive(Debug)]
pub struct CommitCounts {
    /// Messages of each commit.
    pub messages: Histogram,
    /// Microseconds that each took, its sync included.
    pub microseconds: Histogram,
}

/// Up to as many as one commit takes.
const MESSAGES: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512, limits::COMMIT_MESSAGES as u64];
/// From a disk with a cache that survives power loss to one that fails.
const MICROSECONDS: &[u64] = &[
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

impl Default for CommitCounts {
    fn default() -> CommitCounts {
        CommitCounts { messages: Histogram::new(MESSAGES), microseconds: Histogram::new(MICROSECONDS) }
    }
}

impl CommitCounts {
    fn add(&self, messages: u64, took: Duration) {
        self.messages.add(messages);
        self.microseconds.add(took.as_micros().try_into().unwrap_or(u64::MAX));
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The door to the commit thread.
pub(crate) struct CommitThread {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl CommitThread {
    /// Starts the thread. `besides` is called between commits, as often as retention is asked for and as long as it says
    /// that there is more to do: each time it does a short piece of it.
    pub(crate) fn start(
        committer: Committer,
        now: fn() -> Time,
        besides: impl FnMut(Time) -> bool + Send + 'static,
    ) -> std::io::Result<CommitThread> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let run = move || {
            let _end = End(&theirs);
            run(&theirs, committer, now, besides);
        };
        let thread = std::thread::Builder::new().name("commit".into()).spawn(run)?;
        Ok(CommitThread { shared, thread: Mutex::new(Some(thread)) })
    }

    /// Puts a group in line, unless too much waits already (design rule 24).
    pub(crate) fn publish(&self, group: Group, then: Then) -> Result<(), Refusal> {
        let (messages, bytes) = (group.messages.len(), group.size());
        let mut waiting = self.shared.waiting();
        let full = waiting.messages + messages > limits::PENDING_MESSAGES
            || waiting.bytes + bytes > limits::PENDING_BYTES;
        // A group that alone passes the limit is taken when nothing else waits.
        if full && waiting.messages > 0 {
            return Err(Code::BUSY.into());
        }
        self.put(&mut waiting, || Job::Publish(group, Waiter(Some(then))))?;
        waiting.messages += messages;
        waiting.bytes += bytes;
        Ok(())
    }

    /// Puts a removal in line.
    pub(crate) fn remove(
        &self,
        removal: Removal,
    ) -> Result<oneshot::Receiver<Result<bool, Refusal>>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        self.put(&mut self.shared.waiting(), || Job::Remove(removal, sender))?;
        Ok(receiver)
    }

    fn put(&self, waiting: &mut Waiting, job: impl FnOnce() -> Job) -> Result<(), Refusal> {
        if let Some(code) = waiting.ending {
            return Err(code.into());
        }
        if waiting.jobs.len() >= limits::PENDING_MESSAGES {
            return Err(Code::BUSY.into());
        }
        waiting.jobs.push_back(job());
        self.shared.changed.notify_one();
        Ok(())
    }

    /// What it counts.
    pub(crate) fn counts(&self) -> Arc<CommitCounts> {
        self.shared.counts.clone()
    }

    /// From the next commit on, tells whoever traces.
    pub(crate) fn trace(&self, traces: Arc<dyn Traces>) {
        let _ = self.shared.traces.set(traces);
    }

    /// Messages that wait, and their bytes.
    pub(crate) fn pending(&self) -> (u64, u64) {
        let waiting = self.shared.waiting();
        (waiting.messages as u64, waiting.bytes as u64)
    }

    /// Why it takes nothing more, if so.
    pub(crate) fn ended(&self) -> Option<&'static Code> {
        self.shared.waiting().ending
    }

    /// Takes nothing more, finishes what waits and ends.
    pub(crate) fn stop(&self) {
        self.shared.waiting().ending.get_or_insert(Code::DRAINING);
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

/// The end of the thread, whatever ends it: nothing more is taken, and nobody waits for what was.
struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.waiting();
        waiting.ending.get_or_insert(Code::STORE_FAILED);
        let jobs = std::mem::take(&mut waiting.jobs);
        drop(waiting);
        drop(jobs);
    }
}

/// What the thread does next.
enum Turn {
    Commit(Vec<(Group, Waiter)>),
    Remove(Removal, oneshot::Sender<Result<bool, Refusal>>),
    Idle,
    End,
}

fn run(shared: &Shared, mut committer: Committer, now: fn() -> Time, mut besides: impl FnMut(Time) -> bool) {
    let (mut more, mut more_besides, mut trimmed) = (true, true, now());
    loop {
        let turn = next(shared, if more || more_besides { Duration::ZERO } else { TRIM_EVERY });
        match turn {
            Turn::End => return,
            Turn::Idle => {}
            Turn::Remove(removal, sender) => {
                let _ = sender.send(committer.remove(&removal));
                more = true;
            }
            Turn::Commit(jobs) => commit(shared, &mut committer, jobs, now()),
        }
        let due = now() >= trimmed.after(TRIM_BUSY) || now() < trimmed;
        if more || due {
            more = committer.trim(now());
        }
        if more_besides || due {
            more_besides = besides(now());
        }
        if due {
            trimmed = now();
        }
    }
}

/// Commits groups together, and answers whoever waits.
fn commit(shared: &Shared, committer: &mut Committer, jobs: Vec<(Group, Waiter)>, now: Time) {
    let (mut groups, waiters): (Vec<Group>, Vec<_>) = jobs.into_iter().unzip();
    // Before the commit takes the messages out of their groups.
    let traced = shared.traces.get().map(|traces| {
        let messages = groups.iter().map(|group| group.messages.len()).sum();
        let bytes = groups.iter().map(Group::size).sum();
        (traces, messages, bytes, Began::now())
    });
    let (before, began) = (committer.counts().accepted.get(), Instant::now());
    let answers = committer.commit(&mut groups, now);
    let kept = committer.counts().accepted.get() - before;
    // What is known or refused needs no commit.
    if kept > 0 {
        shared.counts.add(kept, began.elapsed());
    }
    let traced = traced.map(|(traces, messages, bytes, began)| {
        let accepted = answers.iter().flatten().filter(|answer| answer.is_ok()).count();
        (traces, CommitTrace { messages, accepted, bytes, period: began.period() })
    });
    for (waiter, answers) in waiters.into_iter().zip(answers) {
        waiter.answer(answers);
    }
    // Whoever traces comes after those who wait.
    if let Some((traces, commit)) = traced {
        traces.committed(&commit);
    }
}

/// Waits for a job, at most so long, and takes as many publishes as one commit may hold.
fn next(shared: &Shared, patience: Duration) -> Turn {
    let mut waiting = shared.waiting();
    if waiting.jobs.is_empty() {
        if waiting.ending.is_some() {
            return Turn::End;
        }
        let wait = shared.changed.wait_timeout(waiting, patience);
        waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
    }
    let (mut jobs, mut messages, mut bytes) = (Vec::new(), 0, 0);
    while let Some(job) = waiting.jobs.pop_front() {
        match job {
            Job::Remove(removal, sender) if jobs.is_empty() => return Turn::Remove(removal, sender),
            Job::Remove(..) => {
                waiting.jobs.push_front(job);
                break;
            }
            Job::Publish(group, then) => {
                messages += group.messages.len();
                bytes += group.size();
                jobs.push((group, then));
            }
        }
        if messages >= limits::COMMIT_MESSAGES || bytes >= limits::COMMIT_BYTES {
            break;
        }
    }
    waiting.messages -= messages;
    waiting.bytes -= bytes;
    if jobs.is_empty() { Turn::Idle } else { Turn::Commit(jobs) }
}
