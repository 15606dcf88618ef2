//! What whoever traces is told: one call for each request that the API answered, one for each commit of the kept log.
//!
//! Nothing is begun here and ended there: who traces is called once all is known, and makes a span of it or not. So a
//! server that nobody traces pays a look at an empty place for each request and each commit, and reads no clock.
//!
//! Not told: publishes that a worker answers itself, and deliveries. They are what the server exists for, and cost less
//! than a span of them would.

use std::time::{Duration, Instant, SystemTime};

/// Who traces. It is called by workers and by the commit thread, and must not make them wait.
pub trait Traces: Send + Sync {
    /// A request was answered.
    fn answered(&self, request: &RequestTrace<'_>);
    /// Messages went to the kept log together.
    fn committed(&self, commit: &CommitTrace);
}

/// A request that the API answered: what it was, and nothing of what it brought.
#[derive(Debug, Clone, Copy)]
pub struct RequestTrace<'a> {
    /// How it is called (`X-Request-Id`).
    pub name: &'a str,
    /// Its method, if it is one that HTTP knows.
    pub method: Option<&'a str>,
    /// The route that answered, as the API lists it.
    pub route: Option<&'static str>,
    /// Its path as it came, without the query, where a route answered and the path holds no secret.
    pub path: Option<&'a str>,
    /// The status of the answer.
    pub status: u16,
    /// The name of the problem that it was answered with.
    pub refusal: Option<&'static str>,
    /// `traceparent` as it came (W3C Trace Context), if there was one.
    pub parent: Option<&'a str>,
    /// `tracestate` as it came, if there was one.
    pub state: Option<&'a str>,
    /// From its head to the head of its answer.
    pub period: Period,
}

/// A commit of the kept log.
#[derive(Debug, Clone, Copy)]
pub struct CommitTrace {
    /// Publishes that it took together.
    pub messages: usize,
    /// Those that were accepted, now or before.
    pub accepted: usize,
    /// Bytes of their contents.
    pub bytes: usize,
    /// Until it was synced.
    pub period: Period,
}

/// From when to when something lasted.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// When it began, by the system's clock.
    pub began: SystemTime,
    /// How long it took, whatever that clock did meanwhile.
    pub took: Duration,
}

/// Something that is being traced began.
#[derive(Debug, Clone, Copy)]
pub struct Began(SystemTime, Instant);

impl Began {
    /// Begins.
    #[expect(
        clippy::disallowed_methods,
        reason = "spans of all programs are laid side by side by the systems' clocks"
    )]
    pub fn now() -> Began {
        Began(SystemTime::now(), Instant::now())
    }

    /// The time from then to now.
    pub fn period(self) -> Period {
        Period { began: self.0, took: self.1.elapsed() }
    }
}
