//! How long to wait before trying again: longer each time, and never the same as everybody else.

use std::time::Duration;

/// The first wait, before jitter.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait, before jitter.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that double from half a second to half a minute.
#[derive(Debug, Default)]
pub struct Backoff {
    tried: u32,
}

impl Backoff {
    /// The next wait: half of it certain, half of it by chance, so that a crowd does not come back as one. Never
    /// shorter than the server asked for.
    pub fn next(&mut self, asked: Option<Duration>) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.tried.min(16)).min(LONGEST);
        self.tried = self.tried.saturating_add(1);
        let jittered = whole.mul_f64(0.5 + 0.5 * fastrand::f64());
        match asked {
            Some(asked) => asked.saturating_add(asked.mul_f64(0.5 * fastrand::f64())).max(jittered),
            None => jittered,
        }
    }

    /// How often it was tried in vain.
    pub fn tried(&self) -> u32 {
        self.tried
    }

    /// It worked: the next wait is short again.
    pub fn reset(&mut self) {
        self.tried = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_limit_and_start_again() {
        let mut backoff = Backoff::default();
        for number in 0..100u32 {
            let wait = backoff.next(None);
            let whole = FIRST.saturating_mul(1 << number.min(10)).min(LONGEST);
            assert!(wait >= whole / 2 && wait <= whole, "{number}: {wait:?}");
        }
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least() {
        let asked = Duration::from_secs(7);
        let mut backoff = Backoff::default();
        assert!((0..100).all(|_| backoff.next(Some(asked)) >= asked));
    }
}
