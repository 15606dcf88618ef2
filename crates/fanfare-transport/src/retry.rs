//! How long peers are asked to stay away, each a little differently: so that those who were cut together do not come
//! back together.

use std::time::Duration;

/// After a cut, in seconds, at the least and at the most.
pub(crate) const RETRY: (f64, f64) = (1.0, 5.0);
/// After being told that there is no room.
pub(crate) const RETRY_LATER: (f64, f64) = (5.0, 15.0);

/// Some time between two numbers of seconds.
pub(crate) fn jitter((least, most): (f64, f64)) -> Duration {
    Duration::from_secs_f64(least + fastrand::f64() * (most - least))
}
