//! How long a sender may let us wait for the bytes of a body. Pure: moments are arguments.

use fanfare_proto::limits;
use std::time::{Duration, Instant};

/// The pace of one body: there is some grace, and every byte earns time. Only waiting for bytes spends it, not what
/// happens between.
#[derive(Debug)]
pub(crate) struct Pace {
    received: u64,
    waited: Duration,
    since: Option<Instant>,
    grace: Duration,
}

impl Pace {
    /// At the start of a body. Within `grace` any pace will do.
    pub(crate) fn new(grace: Duration) -> Pace {
        Pace { received: 0, waited: Duration::ZERO, since: None, grace }
    }

    /// Nothing is there: until when it may stay so. After that the body is slower than [`limits::BODY_RATE`].
    pub(crate) fn wait(&mut self, now: Instant) -> Instant {
        let since = *self.since.get_or_insert(now);
        let earned = Duration::from_millis(self.received.saturating_mul(1000) / limits::BODY_RATE);
        since + (self.grace + earned).saturating_sub(self.waited)
    }

    /// So many bytes came.
    pub(crate) fn receive(&mut self, bytes: usize, now: Instant) {
        self.received = self.received.saturating_add(bytes as u64);
        if let Some(since) = self.since.take() {
            self.waited += now.saturating_duration_since(since);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(5);

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn silence_ends_with_the_grace() {
        let start = Instant::now();
        let mut pace = Pace::new(GRACE);
        assert_eq!(pace.wait(start), start + GRACE);
        assert_eq!(pace.wait(start + seconds(3)), start + GRACE);
    }

    #[test]
    fn bytes_earn_time_and_waiting_spends_it() {
        let start = Instant::now();
        let mut pace = Pace::new(GRACE);
        pace.wait(start);
        pace.receive(10 * 1024, start + seconds(4));
        // What happens while nobody waits for bytes is not the sender's fault.
        let later = start + seconds(1000);
        assert_eq!(pace.wait(later), later + seconds(5 + 10 - 4));
    }

    #[test]
    fn a_byte_a_second_is_too_slow_and_a_kilobyte_is_not() {
        for (bytes, fine) in [(1, false), (1000, false), (1024, true), (4096, true)] {
            let mut now = Instant::now();
            let mut pace = Pace::new(GRACE);
            let kept = (0..1000).all(|_| {
                let until = pace.wait(now);
                now += seconds(1);
                pace.receive(bytes, now);
                now <= until
            });
            assert_eq!(kept, fine, "{bytes}");
        }
    }
}
