//! What is asked of the thread of conditions, and where it waits; and where it hears that something was said.

use fanfare_proto::{Code, ConditionId, ConditionView, Grant, KeptCondition, Pattern, Refusal, limits};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is asked. Grants and limits of namespaces were looked at before, as far as the new message goes.
pub(crate) enum Order {
    /// Make it; its name and time are given here.
    Make(KeptCondition),
    /// Put it in the place of the one with its name.
    Replace(KeptCondition, Grant),
    Remove(ConditionId, Grant),
    /// One, with its channels.
    Show(ConditionId, Grant),
    /// All whose messages go to the channels that a pattern means.
    List(Pattern, Grant),
}

/// Conditions as they are; or the one that is gone, as it was.
pub(crate) type Answered = Result<Vec<ConditionView>, Refusal>;
/// Where the answer goes.
pub(super) type Answer = oneshot::Sender<Answered>;

#[derive(Default)]
struct Waiting {
    orders: VecDeque<(Order, Answer)>,
    news: bool,
    ending: bool,
}

/// Orders in line.
#[derive(Default)]
pub(super) struct Orders {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Orders {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an order in line.
    pub(super) fn put(&self, order: Order) -> Result<oneshot::Receiver<Answered>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.ending {
            return Err(Code::DRAINING.into());
        }
        if waiting.orders.len() >= limits::SCHEDULE_ORDERS {
            return Err(Refusal::new(Code::BUSY, "too many changes of conditions wait"));
        }
        waiting.orders.push_back((order, sender));
        self.changed.notify_one();
        Ok(receiver)
    }

    /// Something was said.
    pub(super) fn ring(&self) {
        let mut waiting = self.waiting();
        if !waiting.news {
            waiting.news = true;
            self.changed.notify_one();
        }
    }

    /// Waits for orders, or for something to be said, at most so long. `None` once it ends.
    pub(super) fn take(&self, patience: Duration) -> Option<Vec<(Order, Answer)>> {
        let mut waiting = self.waiting();
        if waiting.orders.is_empty() && !waiting.news && !waiting.ending {
            let wait = self.changed.wait_timeout(waiting, patience);
            waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        waiting.news = false;
        let orders: Vec<_> = waiting.orders.drain(..).collect();
        (!waiting.ending || !orders.is_empty()).then_some(orders)
    }

    /// Takes no more, and lets go of what waits.
    pub(super) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.ending = true;
        let dropped = std::mem::take(&mut waiting.orders);
        drop(waiting);
        drop(dropped);
    }

    /// Takes no more; what waits is still done.
    pub(super) fn end(&self) {
        self.waiting().ending = true;
        self.changed.notify_one();
    }
}
