//! When a message that is said now is to be published.

use crate::{Code, Refusal, Time, limits};
use std::time::Duration;

/// A moment, or a time from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At this moment.
    At(Time),
    /// This much after it was said.
    In(Duration),
}

impl When {
    /// The moment, for what is said now. One that is over is now; one further than [`limits::SCHEDULE_TIME`] is refused.
    pub fn moment(self, now: Time) -> Result<Time, Refusal> {
        let (field, moment) = match self {
            When::At(time) => ("at", time.max(now)),
            When::In(delay) => ("delay", now.after(delay)),
        };
        if moment <= now.after(limits::SCHEDULE_TIME) {
            return Ok(moment);
        }
        let days = limits::SCHEDULE_TIME.as_secs() / (24 * 3600);
        Err(Refusal::new(Code::BAD_FIELD, format!("{field}: `{moment}` is more than {days} days ahead")))
    }
}
