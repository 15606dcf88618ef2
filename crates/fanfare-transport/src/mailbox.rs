//! What other threads tell a worker: new sockets, and that the end has come. And what wakes it, and what it has counted.

use crate::counts::Counts;
use crate::front::Asker;
use crate::room::Room;
use crate::socket::SocketId;
use fanfare_proto::{Receipt, Refusal, limits};
use std::collections::VecDeque;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// The order to end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drain {
    /// Readers are told to come back within this time.
    pub(crate) window: Duration,
    /// What has not ended by itself is closed now.
    pub(crate) until: Instant,
}

/// The answer to a publish that had to be kept first.
pub(crate) struct Posted {
    pub(crate) id: SocketId,
    pub(crate) asker: Asker,
    pub(crate) answer: Result<Receipt, Refusal>,
}

/// One worker's mailbox. Bounded: what does not fit waits in the kernel's backlog.
pub(crate) struct Mailbox {
    sockets: Mutex<VecDeque<TcpStream>>,
    /// Answers to publishes: no more than there are sockets.
    posted: Mutex<VecDeque<Posted>>,
    /// Sockets here and at the worker: what the acceptor balances.
    load: AtomicUsize,
    drain: OnceLock<Drain>,
    wake: Notify,
    pub(crate) room: Arc<Room>,
    /// The worker adds, others read.
    pub(crate) counts: Counts,
}

impl Mailbox {
    pub(crate) fn new(room: Arc<Room>) -> Mailbox {
        let (sockets, posted, load) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        let (drain, wake, counts) = (OnceLock::new(), Notify::new(), Counts::default());
        Mailbox { sockets, posted, load, drain, wake, room, counts }
    }

    fn sockets(&self) -> MutexGuard<'_, VecDeque<TcpStream>> {
        self.sockets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a new socket over; gives it back if the mailbox is full.
    pub(crate) fn put(&self, socket: TcpStream) -> Result<(), TcpStream> {
        let mut sockets = self.sockets();
        if sockets.len() >= limits::HANDOVER_SOCKETS {
            return Err(socket);
        }
        // Before the worker sees it, which may close it at once.
        self.load.fetch_add(1, Relaxed);
        self.room.opened();
        sockets.push_back(socket);
        drop(sockets);
        self.wake.notify_one();
        Ok(())
    }

    /// Takes the socket that waits longest.
    pub(crate) fn take(&self) -> Option<TcpStream> {
        self.sockets().pop_front()
    }

    /// Whether no socket waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.sockets().is_empty()
    }

    /// A publish is kept, or failed.
    pub(crate) fn posted(&self, posted: Posted) {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner).push_back(posted);
        self.wake();
    }

    /// Takes a turn's share of the answers to publishes.
    pub(crate) fn take_posted(&self) -> Vec<Posted> {
        let mut posted = self.posted.lock().unwrap_or_else(PoisonError::into_inner);
        let share = posted.len().min(limits::TURN_READS);
        posted.drain(..share).collect()
    }

    /// The worker closed a socket that came from here.
    pub(crate) fn closed(&self) {
        self.load.fetch_sub(1, Relaxed);
        self.room.closed();
    }

    /// Sockets that the worker has or will have.
    pub(crate) fn load(&self) -> usize {
        self.load.load(Relaxed)
    }

    /// Tells the worker to end. The first order holds.
    pub(crate) fn drain(&self, order: Drain) {
        let _ = self.drain.set(order);
        self.wake();
    }

    /// The order to end, once it has come.
    pub(crate) fn draining(&self) -> Option<Drain> {
        self.drain.get().copied()
    }

    /// There is something to do. Cheap while the worker is busy.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is something to do; at once if there was since the last time.
    pub(crate) async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn what_does_not_fit_comes_back_and_nothing_is_counted_twice() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let room = Arc::new(Room::new(None, 1));
        let mailbox = Mailbox::new(room.clone());
        // Standing in for a thousand sockets.
        for _ in 0..limits::HANDOVER_SOCKETS {
            mailbox.put(stream.try_clone().unwrap()).unwrap();
        }
        assert!(mailbox.put(stream).is_err());
        assert_eq!(
            (mailbox.load(), room.open()),
            (limits::HANDOVER_SOCKETS, limits::HANDOVER_SOCKETS as u64)
        );
        assert!(mailbox.take().is_some());
        mailbox.closed();
        assert_eq!(
            (mailbox.load(), room.open()),
            (limits::HANDOVER_SOCKETS - 1, limits::HANDOVER_SOCKETS as u64 - 1)
        );
    }
}
