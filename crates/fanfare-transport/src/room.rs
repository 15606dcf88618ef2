//! How many sockets there may be: what the process may open, less what publishers, the store and the listener need.

use fanfare_proto::limits;
use rustix::process::{Resource, getrlimit};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The sockets of all workers, counted. Shared by all threads.
#[derive(Debug)]
pub(crate) struct Room {
    /// Held-open sessions at the most.
    sessions: u64,
    /// With more sockets than this, what is idle does not stay.
    roomy: u64,
    open: AtomicU64,
    held: AtomicU64,
}

impl Room {
    /// For so many descriptors; `None`: as many as the process may open.
    pub(crate) fn new(descriptors: Option<u64>) -> Room {
        let all = descriptors.or_else(|| getrlimit(Resource::Nofile).current).unwrap_or(u64::MAX);
        // A process that may open few still holds some readers.
        let reserved = limits::DESCRIPTORS_RESERVED.min(all / 2);
        let (open, held) = (AtomicU64::new(0), AtomicU64::new(0));
        Room { sessions: all - reserved, roomy: all - reserved / 2, open, held }
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

    /// Whether so few descriptors are left that idle connections should go.
    pub(crate) fn is_tight(&self) -> bool {
        self.open() > self.roomy
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_leave_room_for_publishers() {
        let room = Room::new(Some(1024));
        let held = (0..2000).filter(|_| room.hold()).count();
        assert_eq!((held, room.held()), (512, 512));
        room.release();
        assert!(room.hold() && !room.hold());
    }

    #[test]
    fn a_process_that_may_open_few_still_holds_some() {
        assert_eq!((0..100).filter(|_| Room::new(Some(64)).hold()).count(), 100);
        let room = Room::new(Some(64));
        assert_eq!((0..100).filter(|_| room.hold()).count(), 32);
    }

    #[test]
    fn idle_sockets_take_the_reserve_and_then_it_is_tight() {
        let room = Room::new(Some(1024));
        (0..768).for_each(|_| room.opened());
        assert!(!room.is_tight() && room.hold());
        room.opened();
        assert!(room.is_tight() && !room.hold());
        room.closed();
        assert!(!room.is_tight() && room.hold());
        assert!(Room::new(None).hold());
    }
}
