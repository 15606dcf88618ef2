//! The clock of a server: the only place where one is read for messages.

use fanfare_proto::Time;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now. A clock before 1970 is 1970; the log takes care that time does not go back.
pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
