//! What is asked of a thread that owns something, in line; and where that hears that something was said.

use fanfare_proto::{Code, Refusal, limits};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// Where an answer goes.
pub(crate) type Answer<A> = oneshot::Sender<Result<A, Refusal>>;
/// Where it comes from.
pub(crate) type Question<A> = oneshot::Receiver<Result<A, Refusal>>;

/// Orders in line, and where their answers go.
pub(crate) struct Asked<O, A> {
    waiting: Mutex<Waiting<O, A>>,
    changed: Condvar,
}

struct Waiting<O, A> {
    orders: VecDeque<(O, Answer<A>)>,
    news: bool,
    ending: bool,
}

impl<O, A> Default for Asked<O, A> {
    fn default() -> Asked<O, A> {
        let waiting = Waiting { orders: VecDeque::new(), news: false, ending: false };
        Asked { waiting: Mutex::new(waiting), changed: Condvar::new() }
    }
}

impl<O, A> Asked<O, A> {
    fn waiting(&self) -> MutexGuard<'_, Waiting<O, A>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an order in line.
    pub(crate) fn put(&self, order: O) -> Result<Question<A>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.ending {
            return Err(Code::DRAINING.into());
        }
        if waiting.orders.len() >= limits::SCHEDULE_ORDERS {
            return Err(Refusal::new(Code::BUSY, "too many changes of this kind wait"));
        }
        waiting.orders.push_back((order, sender));
        self.changed.notify_one();
        Ok(receiver)
    }

    /// Something was said.
    pub(crate) fn ring(&self) {
        let mut waiting = self.waiting();
        if !std::mem::replace(&mut waiting.news, true) {
            self.changed.notify_one();
        }
    }

    /// Waits for orders, or for something to be said, at most so long; takes so many. `None` once it ends.
    pub(crate) fn take(&self, patience: Duration, most: usize) -> Option<Vec<(O, Answer<A>)>> {
        let mut waiting = self.waiting();
        if waiting.orders.is_empty() && !waiting.news && !waiting.ending {
            let wait = self.changed.wait_timeout(waiting, patience);
            waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.news = false;
        let most = waiting.orders.len().min(most);
        let orders: Vec<_> = waiting.orders.drain(..most).collect();
        (!waiting.ending || !orders.is_empty()).then_some(orders)
    }

    /// Takes no more; what waits is still done.
    pub(crate) fn end(&self) {
        self.waiting().ending = true;
        self.changed.notify_one();
    }

    /// Takes no more, and lets go of what waits: nobody does it.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.ending = true;
        let dropped = std::mem::take(&mut waiting.orders);
        drop(waiting);
        drop(dropped);
    }
}
