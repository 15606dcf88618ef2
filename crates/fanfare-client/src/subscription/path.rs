//! Which transport is tried next, and after how long.

use crate::backoff::Backoff;
use crate::transport::Transport;
use std::time::Duration;

/// A transport that has got through before is left after so many failures in a row.
const FAILURES: u32 = 3;
/// A connection that lived so long was a good one: the next failure is the first again.
pub(super) const SETTLED: Duration = Duration::from_secs(5);

/// How a connection ended, as far as it matters for the next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct End {
    /// It had lived for [`SETTLED`].
    pub settled: bool,
    /// Something holds this transport back.
    pub held: bool,
    /// The server refused or asked to come back: another transport would not help.
    pub told: bool,
    /// How long the server asked to wait.
    pub after: Option<Duration>,
}

/// The transports in the order in which they are tried.
#[derive(Debug)]
pub(super) struct Path {
    transports: Vec<Transport>,
    index: usize,
    failures: u32,
    /// Those that got through: their failures are more likely the server's.
    proven: Vec<Transport>,
    backoff: Backoff,
}

impl Path {
    pub fn new(transports: Vec<Transport>) -> Path {
        Path { transports, index: 0, failures: 0, proven: Vec::new(), backoff: Backoff::default() }
    }

    /// The one to try now.
    pub fn transport(&self) -> Transport {
        self.transports[self.index]
    }

    /// It got through.
    pub fn opened(&mut self) {
        if !self.proven.contains(&self.transport()) {
            self.proven.push(self.transport());
        }
    }

    /// Begins with the first again.
    pub fn again(&mut self) {
        *self = Path::new(std::mem::take(&mut self.transports));
    }

    /// How long to wait for the next try, which may be over another transport; zero for one that was not tried yet.
    pub fn next(&mut self, end: End) -> Duration {
        if end.settled {
            self.failures = 0;
            self.backoff.reset();
        }
        let current = self.transport();
        if end.held {
            self.proven.retain(|transport| *transport != current);
        }
        self.failures += 1;
        let proven = self.proven.contains(&current);
        if !end.told && (!proven || self.failures >= FAILURES) {
            self.failures = 0;
            self.index = (self.index + 1) % self.transports.len();
            if self.index > 0 {
                return Duration::ZERO;
            }
        }
        self.backoff.next(end.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Transport::{EventStream, LongPoll, WebSocket};

    fn path() -> Path {
        Path::new(Transport::ALL.to_vec())
    }

    #[test]
    fn what_does_not_get_through_is_left_at_once() {
        let mut path = path();
        let tried: Vec<_> = (0..4).map(|_| (path.transport(), path.next(End::default()).is_zero())).collect();
        assert_eq!(tried, [(WebSocket, true), (EventStream, true), (LongPoll, false), (WebSocket, true)]);
    }

    #[test]
    fn what_got_through_is_tried_again_first() {
        let mut path = path();
        path.opened();
        let waits: Vec<_> = (0..2).map(|_| path.next(End::default())).collect();
        assert_eq!(path.transport(), WebSocket);
        assert!(waits.iter().all(|wait| !wait.is_zero()), "{waits:?}");
        assert!(path.next(End::default()).is_zero());
        assert_eq!(path.transport(), EventStream);
    }

    #[test]
    fn a_settled_connection_starts_the_count_anew() {
        let mut path = path();
        path.opened();
        for _ in 0..9 {
            assert!(path.next(End { settled: true, ..End::default() }) <= Duration::from_millis(500));
        }
        assert_eq!(path.transport(), WebSocket);
    }

    #[test]
    fn what_is_held_back_is_left_although_it_opened() {
        let mut path = path();
        path.opened();
        assert!(path.next(End { held: true, ..End::default() }).is_zero());
        assert_eq!(path.transport(), EventStream);
    }

    #[test]
    fn a_server_that_refuses_for_now_would_refuse_on_all() {
        let mut path = path();
        let after = Some(Duration::from_secs(7));
        assert!(path.next(End { told: true, after, ..End::default() }) >= Duration::from_secs(7));
        assert_eq!(path.transport(), WebSocket);
        path.next(End::default());
        path.opened();
        path.again();
        assert_eq!((path.transport(), path.proven.len()), (WebSocket, 0));
        assert_ne!(path.transport(), LongPoll);
    }
}
