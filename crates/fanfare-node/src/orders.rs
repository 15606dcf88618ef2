//! Requests to sessions that come another way than their own connection: by name, from any thread.

use crate::tail::Wake;
use bytes::Bytes;
use fanfare_proto::{Code, Refusal, Request, SessionId, limits};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use tokio::sync::oneshot;

/// A request to one session.
pub(crate) struct Order {
    pub(crate) session: SessionId,
    pub(crate) request: Request,
    /// Dropped without a word if there is no such session.
    pub(crate) answer: oneshot::Sender<Result<Bytes, Refusal>>,
}

/// What waits for one desk's next turn.
pub(crate) struct Orders {
    waiting: Mutex<Vec<Order>>,
    wake: Wake,
}

impl Orders {
    pub(crate) fn new(wake: Wake) -> Orders {
        Orders { waiting: Mutex::default(), wake }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take(&self) -> Vec<Order> {
        std::mem::take(&mut self.waiting())
    }

    fn put(&self, order: Order) -> Result<(), Refusal> {
        let mut waiting = self.waiting();
        if waiting.len() >= limits::ORDERS {
            return Err(Refusal::new(Code::BUSY, "too many requests to sessions wait"));
        }
        waiting.push(order);
        drop(waiting);
        (self.wake)();
        Ok(())
    }
}

/// The desks of a node, by their numbers.
#[derive(Default)]
pub(crate) struct Desks(Mutex<Vec<Weak<Orders>>>);

impl Desks {
    fn desks(&self) -> MutexGuard<'_, Vec<Weak<Orders>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a desk; answers its number.
    pub(crate) fn add(&self, orders: &Arc<Orders>) -> u16 {
        let mut desks = self.desks();
        desks.push(Arc::downgrade(orders));
        // There are at most as many as workers.
        (desks.len() - 1) as u16
    }

    /// Has a session do what is asked, wherever it is.
    pub(crate) async fn ask(&self, session: SessionId, request: Request) -> Result<Bytes, Refusal> {
        let detail = "there is no session of this name: it has ended, or never was";
        let gone = || Refusal::new(Code::NOT_FOUND, detail);
        let (answer, answered) = oneshot::channel();
        let orders = self.desks().get(usize::from(session.desk)).and_then(Weak::upgrade);
        orders.ok_or_else(gone)?.put(Order { session, request, answer })?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }
}
