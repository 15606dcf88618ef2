//! Acked readers: those whose place the server keeps (design rule 16).
//!
//! One thread owns them all, from the first that is used: their records, their windows, and what is given to whom. Desks
//! have seats: what a session is given waits in its seat until its socket takes it. Ordinary sessions do not come here.
//!
//! - [`Readers`]: the door to the thread;
//! - `keeper`: all readers; `reader`: one of them, `acking`: what it is told, `earlier`: what it knows of before, `status`: how
//!   it does; `place`: what names its messages; `seat`: one session of one.

mod acking;
mod earlier;
mod erase;
mod hands;
mod keeper;
mod place;
mod reader;
mod seat;
mod status;

pub(crate) use keeper::{Asking, Keeper};
pub(crate) use seat::{Seat, Seated, Word};
pub(crate) use status::Ahead;
pub use status::{ReaderLag, ReaderStatus};

use crate::hands::Hands;
use bytes::Bytes;
use fanfare_proto::{AsReader, Code, ReaderKept, ReaderName, Refusal, limits};
use fanfare_store::{RecordChange, StoreError};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// Their records.
pub(crate) const KIND: &str = "reader";
/// How long the thread sleeps at the most: the clock may go faster than it thought.
const SLEEP: Duration = Duration::from_secs(1);
/// Sessions come no faster than this, so that a later life of a server begins with higher numbers.
const MEMBERS_A_MILLISECOND: u64 = 1000;

/// Writes a reader's record.
fn change(name: &ReaderName, kept: &ReaderKept) -> RecordChange {
    RecordChange { kind: KIND, key: name.as_str().into(), value: Some(Bytes::from(kept.write())) }
}

/// Something for the thread to do.
type Order = Box<dyn FnOnce(&mut Keeper, &Hands) + Send>;

/// The door to the thread. It ends by [`Readers::stop`], or when the node is dropped.
pub(crate) struct Readers {
    hands: Hands,
    shared: Arc<Shared>,
    members: AtomicU64,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What the thread and its door share.
#[derive(Default)]
pub(crate) struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    orders: VecDeque<Order>,
    /// Something was published since the thread looked.
    news: bool,
    begun: bool,
    ending: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an order in line whatever waits there: sessions that end are as many as there are.
    fn put(&self, order: Order) {
        let mut state = self.state();
        if !state.begun || state.ending {
            return;
        }
        state.orders.push_back(order);
        self.changed.notify_one();
    }

    fn ring(&self) {
        let mut state = self.state();
        if !std::mem::replace(&mut state.news, true) {
            self.changed.notify_one();
        }
    }

    /// Waits for something to do, for so long at the most. Answers what it is, and whether this is the end.
    fn wait(&self, wait: Duration) -> (VecDeque<Order>, bool, bool) {
        let mut state = self.state();
        if state.orders.is_empty() && !state.news && !state.ending && !wait.is_zero() {
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        (std::mem::take(&mut state.orders), std::mem::take(&mut state.news), state.ending)
    }
}

impl Readers {
    /// Begins the thread if there is something for it to keep.
    pub(crate) fn start(hands: Hands) -> Result<Readers, StoreError> {
        let any = !hands.store.scan(KIND, "", "", 1)?.is_empty();
        let members = hands.now().0.saturating_mul(MEMBERS_A_MILLISECOND);
        let readers = Readers {
            hands,
            shared: Arc::default(),
            // No number is used in two lives of a server: what one was given is in records.
            members: AtomicU64::new(members),
            thread: Mutex::default(),
        };
        if any {
            readers.begin().map_err(|refusal| StoreError::Failed(refusal.detail))?;
        }
        Ok(readers)
    }

    fn begin(&self) -> Result<(), Refusal> {
        let mut state = self.shared.state();
        if state.ending {
            return Err(Code::DRAINING.into());
        }
        if state.begun {
            return Ok(());
        }
        let (shared, hands) = (self.shared.clone(), self.hands.clone());
        let thread = std::thread::Builder::new().name("readers".into());
        let begun = thread.spawn(move || run(&shared, &hands));
        let failed = |error| Refusal::new(Code::BUSY, format!("a thread could not start: {error}"));
        *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun.map_err(failed)?);
        state.begun = true;
        drop(state);
        let ring = self.shared.clone();
        self.hands.tail.watch(Arc::new(move || ring.ring()));
        Ok(())
    }

    /// Whether there is a thread: without, there is no reader.
    pub(crate) fn has_begun(&self) -> bool {
        self.shared.state().begun
    }

    /// Has the thread do something.
    fn order(&self, order: Order) -> Result<(), Refusal> {
        self.begin()?;
        let mut state = self.shared.state();
        if state.orders.len() >= limits::READER_ORDERS {
            return Err(Refusal::new(Code::BUSY, "too many requests to readers wait"));
        }
        state.orders.push_back(order);
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }

    /// Has the thread do something, and waits for what comes of it.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Keeper, &Hands) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.question(what)?.await.unwrap_or_else(|_| Err(Code::DRAINING.into()))
    }

    /// Has the thread do something; what comes of it comes there.
    pub(crate) fn question<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Keeper, &Hands) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, Refusal>>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let order = move |keeper: &mut Keeper, hands: &Hands| drop(sender.send(what(keeper, hands)));
        self.order(Box::new(order))?;
        Ok(receiver)
    }

    /// A seat at a reader, which is not asked for yet.
    pub(crate) fn seat(&self, reader: &AsReader, tell: Box<dyn Fn(Word) + Send + Sync>) -> Seated {
        let seat = Arc::new(Seat::new(self.members.fetch_add(1, Relaxed), reader.hand, tell));
        Seated {
            name: reader.name.clone(),
            seat,
            begun: false,
            answered: false,
            readers: self.shared.clone(),
        }
    }

    /// Asks for a seat.
    pub(crate) fn attach(&self, asking: Asking) -> Result<(), Refusal> {
        self.order(Box::new(move |keeper, hands| keeper.attach(hands, asking)))
    }

    fn end(&self) {
        self.shared.state().ending = true;
        self.shared.changed.notify_one();
    }

    /// Keeps what is not kept yet, ends the thread and waits for it.
    pub(crate) fn stop(&self) {
        self.end();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.end();
    }
}

/// Owns the readers, as long as the node lives.
fn run(shared: &Shared, hands: &Hands) {
    let mut keeper = Keeper::default();
    let mut wait = Duration::ZERO;
    loop {
        let (orders, news, ending) = shared.wait(wait);
        for order in orders {
            order(&mut keeper, hands);
        }
        if ending {
            return keeper.end(hands);
        }
        keeper.round(hands, news);
        let left = keeper.due().map(|due| Duration::from_millis(due.0.saturating_sub(hands.now().0)));
        wait = left.unwrap_or(SLEEP).min(SLEEP);
    }
}
