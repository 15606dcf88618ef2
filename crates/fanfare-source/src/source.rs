//! What a source is.

use fanfare_proto::Publish;
use std::time::{Duration, Instant};

/// Something that has messages from time to time.
pub trait Source: Send {
    /// A short stable name, for the log.
    fn name(&self) -> &'static str;
    /// How often it is asked.
    fn every(&self) -> Duration;
    /// What it has to say now. What it cannot find out it leaves out.
    fn pull(&mut self, now: Instant) -> Vec<Publish>;
}
