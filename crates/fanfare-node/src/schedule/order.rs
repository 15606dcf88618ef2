//! What is asked of the thread of schedules, and where it waits.

use fanfare_proto::{Code, Grant, Planned, Refusal, Schedule, ScheduleId, limits};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// What is asked. Grants and limits of namespaces were looked at before, as far as the new message goes.
pub(crate) enum Order {
    Make { schedule: Schedule, publisher: Option<Box<str>> },
    Replace { id: ScheduleId, grant: Grant, schedule: Schedule },
    Cancel { id: ScheduleId, grant: Grant },
}

/// Where the answer goes: the schedule as it is, or was.
pub(super) type Answer = oneshot::Sender<Result<Planned, Refusal>>;

#[derive(Default)]
struct Waiting {
    orders: VecDeque<(Order, Answer)>,
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
    pub(super) fn put(&self, order: Order) -> Result<oneshot::Receiver<Result<Planned, Refusal>>, Refusal> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.ending {
            return Err(Code::DRAINING.into());
        }
        if waiting.orders.len() >= limits::SCHEDULE_ORDERS {
            return Err(Refusal::new(Code::BUSY, "too many changes of schedules wait"));
        }
        waiting.orders.push_back((order, sender));
        self.changed.notify_one();
        Ok(receiver)
    }

    /// Waits for orders, at most so long. `None` once it ends.
    pub(super) fn take(&self, patience: Duration) -> Option<Vec<(Order, Answer)>> {
        let mut waiting = self.waiting();
        if waiting.orders.is_empty() && !waiting.ending {
            let wait = self.changed.wait_timeout(waiting, patience);
            waiting = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
        let most = waiting.orders.len().min(limits::SCHEDULE_TURN);
        let orders: Vec<_> = waiting.orders.drain(..most).collect();
        (!waiting.ending || !orders.is_empty()).then_some(orders)
    }

    /// Takes no more; what waits is still done.
    pub(super) fn end(&self) {
        self.waiting().ending = true;
        self.changed.notify_one();
    }
}
