//! What the server counts, for Prometheus. [`all`] is the only list: a metric's name, what it means, and where its
//! numbers come from. The answer to `/metrics` and `docs/metrics.md` are made from it.
//!
//! The parts count for themselves, each where its work is done; they are asked, and their numbers summed, only when
//! somebody scrapes.

mod http;
mod later;
mod process;
mod publishing;
mod readers;
mod samples;
mod sessions;
mod store;
mod system;
mod watcher;
mod webhooks;

pub(crate) use watcher::Watcher;

use samples::Samples;
use watcher::Seen;

/// One thing that is counted or measured.
pub struct Metric {
    /// As one asks for it; a counter ends in `_total`.
    pub name: &'static str,
    /// What its numbers do.
    pub kind: Kind,
    /// What tells its numbers apart.
    pub labels: &'static [&'static str],
    /// What it means, one sentence or two.
    pub about: &'static str,
    /// Adds its numbers.
    read: fn(&Seen, &mut Samples<'_>),
}

/// What numbers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only grow, until the server ends.
    Counter,
    /// They are what is now.
    Gauge,
    /// They say how many values fell where.
    Histogram,
}

impl Kind {
    /// As Prometheus says it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// Every metric, in the order in which they are told.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    let lists = [
        sessions::METRICS,
        publishing::METRICS,
        http::METRICS,
        later::METRICS,
        webhooks::METRICS,
        readers::METRICS,
        store::METRICS,
        process::METRICS,
    ];
    lists.into_iter().flatten()
}
