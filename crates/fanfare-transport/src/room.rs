//! How many sockets there may be: what the process may open, less what publishers, the store and the listener need.

use fanfare_proto::limits;
use rustix::process::{Resource, getrlimit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Descriptors of one worker: its runtime's, its epoll set and its wakers.
const OF_WORKER: u64 = 8;
/// Descriptors for what is opened now and then.
const SPARE: u64 = 8;
/// Descriptors in use where nobody tells.
const OPEN: u64 = 32;

/// The sockets of all workers, counted. Shared by all threads.
#[derive(Debug)]
pub(crate) struct Room {
    /// Sockets at the most; what comes beyond waits in the kernel.
    sockets: u64,
    /// Held-open sessions at the most.
    sessions: u64,
    /// With more sockets than this, what is idle does not stay.
    roomy: u64,
    open: AtomicU64,
    held: AtomicU64,
}

impl Room {
    /// For so many sockets; `None`: as many as the process may open beside what it and its workers need.
    pub(crate) fn new(sockets: Option<u64>, workers: usize) -> Room {
        let all = sockets.unwrap_or_else(|| {
            let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            most.saturating_sub(needed(workers))
        });
        // A process that may open few still holds some readers.
        let reserved = limits::DESCRIPTORS_RESERVED.min(all / 2);
        let (open, held) = (AtomicU64::new(0), AtomicU64::new(0));
        Room { sockets: all, sessions: all - reserved, roomy: all - reserved / 2, open, held }
    }

    /// Counts a held-open session, unless there are as many as there may be.
    pub(crate) fn hold(&self) -> bool {
        let full = self.held.fetch_add(1, Relaxed) >= self.sessions || self.open() > self.roomy;
        if full {
            self.release();
        }
        !full
    }

    /// A held-open session ended.
    pub(crate) fn release(&self) {
        self.held.fetch_sub(1, Relaxed);
    }

    /// A socket was accepted.
    pub(crate) fn opened(&self) {
        self.open.fetch_add(1, Relaxed);
    }

    /// A socket was closed.
    pub(crate) fn closed(&self) {
        self.open.fetch_sub(1, Relaxed);
    }

    /// Whether there is no room for another socket.
    pub(crate) fn is_full(&self) -> bool {
        self.open() >= self.sockets
    }

    /// Whether so few descriptors are left that idle connections should go.
    pub(crate) fn is_tight(&self) -> bool {
        self.open() > self.roomy
    }

    /// Sockets at the most.
    pub(crate) fn sockets(&self) -> u64 {
        self.sockets
    }

    /// Held-open sessions at the most.
    pub(crate) fn sessions(&self) -> u64 {
        self.sessions
    }

    /// Sockets.
    pub(crate) fn open(&self) -> u64 {
        self.open.load(Relaxed)
    }

    /// Held-open sessions.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }
}

/// Descriptors that are in use, and those that the workers and the store still open.
fn needed(workers: usize) -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").map_or(OPEN, |entries| entries.count() as u64);
    open + workers as u64 * OF_WORKER + SPARE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_leave_room_for_publishers() {
        let room = Room::new(Some(1024), 1);
        let held = (0..2000).filter(|_| room.hold()).count();
        assert_eq!((held, room.held()), (512, 512));
        room.release();
        assert!(room.hold() && !room.hold());
    }

    #[test]
    fn a_process_that_may_open_few_still_holds_some() {
        assert_eq!((0..100).filter(|_| Room::new(Some(64), 1).hold()).count(), 100);
        let room = Room::new(Some(64), 1);
        assert_eq!((0..100).filter(|_| room.hold()).count(), 32);
    }

    #[test]
    fn idle_sockets_take_the_reserve_and_then_it_is_tight() {
        let room = Room::new(Some(1024), 1);
        (0..768).for_each(|_| room.opened());
        assert!(!room.is_tight() && room.hold());
        room.opened();
        assert!(room.is_tight() && !room.hold());
        room.closed();
        assert!(!room.is_tight() && room.hold());
        (0..255).for_each(|_| room.opened());
        assert!(!room.is_full());
        room.opened();
        assert!(room.is_full());
        assert!(Room::new(None, 1).hold());
    }
}
