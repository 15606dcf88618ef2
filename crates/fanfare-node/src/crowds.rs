//! Who is present on the node's channels (design rule 19). All workers' sessions are in one place, behind a lock that only
//! those take who are present or look: nobody else comes here.
//!
//! What changes is told by a thread that begins with the first who comes. It publishes outside of the lock.

use crate::commit::{Committer, Group, lock};
use fanfare_hub::Presence;
use fanfare_proto::{Attendance, Channel, Code, Leave, Present, Refusal, Time, Told, limits};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Who is present, and the thread that tells it. It ends by [`Crowds::stop`], or when this is dropped.
pub(crate) struct Crowds {
    shared: Arc<Shared>,
    now: fn() -> Time,
    live: Arc<Mutex<Committer>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    presence: Presence,
    /// The thread was begun.
    begun: bool,
    /// When it looks again by itself.
    awake: Option<Time>,
    ending: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crowds {
    pub(crate) fn new(now: fn() -> Time, live: Arc<Mutex<Committer>>) -> Crowds {
        let presence = Presence::new(limits::PRESENCE_GRACE, now());
        let state = Mutex::new(State { presence, begun: false, awake: None, ending: false });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        Crowds { shared, now, live, thread: Mutex::default() }
    }

    pub(crate) fn join(&self, channel: &Channel, present: &Present, now: Time) -> Result<(), Refusal> {
        self.change(|presence| presence.join(channel, present, now))
    }

    pub(crate) fn describe(&self, channel: &Channel, present: &Present, now: Time) {
        self.change(|presence| {
            presence.describe(channel, present, now);
            Ok(())
        })
        .unwrap_or_default();
    }

    pub(crate) fn leave(&self, channel: &Channel, member: &str, why: Leave, now: Time) {
        self.change(|presence| {
            presence.leave(channel, member, why, now);
            Ok(())
        })
        .unwrap_or_default();
    }

    /// What somebody sees who is told from now on what changes.
    pub(crate) fn watch(&self, channel: &Channel, now: Time) -> Result<Attendance, Refusal> {
        self.change(|presence| Ok(presence.watch(channel, now)))
    }

    /// What somebody sees who looks once.
    pub(crate) fn look(&self, channel: &Channel, now: Time) -> Attendance {
        self.shared.state().presence.look(channel, now)
    }

    /// From now on, a member whose last session has ended is present so much longer.
    pub(crate) fn set_grace(&self, grace: Duration, now: Time) {
        self.shared.state().presence.set_grace(grace, now);
    }

    /// Members that are present, and channels on which somebody is.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.shared.state().presence.counts()
    }

    /// Changes who is present, and has the thread look again if it would do so too late.
    fn change<T>(&self, how: impl FnOnce(&mut Presence) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut state = self.shared.state();
        if !state.begun {
            self.begin()?;
            state.begun = true;
        }
        let done = how(&mut state.presence);
        let due = state.presence.due();
        let late = due.is_some_and(|due| state.awake.is_none_or(|awake| due < awake));
        if late {
            // Until it has looked, nobody else need wake it.
            state.awake = due;
            drop(state);
            self.shared.changed.notify_one();
        }
        done
    }

    fn begin(&self) -> Result<(), Refusal> {
        let (shared, now, live) = (self.shared.clone(), self.now, self.live.clone());
        let thread = std::thread::Builder::new().name("presence".into());
        let begun = thread.spawn(move || run(&shared, now, &live));
        let failed = |error| Refusal::new(Code::BUSY, format!("a thread could not start: {error}"));
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun.map_err(failed)?);
        Ok(())
    }

    fn end(&self) {
        let mut state = self.shared.state();
        // Nobody begins it any more.
        (state.ending, state.begun) = (true, true);
        drop(state);
        self.shared.changed.notify_one();
    }

    /// Ends the thread and waits for it.
    pub(crate) fn stop(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for Crowds {
    fn drop(&mut self) {
        self.end();
    }
}

/// Tells what changes, as long as the node lives.
fn run(shared: &Shared, now: fn() -> Time, live: &Mutex<Committer>) {
    let mut state = shared.state();
    while !state.ending {
        let moment = now();
        let told = state.presence.tell(moment, limits::COMMIT_MESSAGES);
        if !told.is_empty() {
            drop(state);
            publish(&told, moment, live);
            state = shared.state();
            continue;
        }
        let due = state.presence.due();
        state.awake = due;
        state = match due.map(|due| Duration::from_millis(due.0.saturating_sub(now().0))) {
            Some(wait) if wait.is_zero() => state,
            Some(wait) => {
                let woken = shared.changed.wait_timeout(state, wait);
                woken.unwrap_or_else(PoisonError::into_inner).0
            }
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

fn publish(told: &[Told], now: Time, live: &Mutex<Committer>) {
    let messages = told.iter().filter_map(Told::publish).collect();
    let group = Group { publisher: None, messages, atomic: false, along: Vec::new() };
    for refused in
        lock(live).commit(&mut [group], now).iter().flatten().filter_map(|answer| answer.as_ref().err())
    {
        tracing::error!(%refused, "who is present could not be told");
    }
}
