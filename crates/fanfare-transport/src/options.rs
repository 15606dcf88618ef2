//! What is decided outside.

use fanfare_proto::{Grant, limits};
use std::sync::Arc;
use std::time::Duration;

/// How the transport is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Worker threads, at least one, at most [`limits::WORKERS`].
    pub workers: usize,
    /// What a reader without a token may hear.
    pub grant: Arc<Grant>,
    /// Sockets at the most; `None`: as many as the process may open descriptors, less those it needs otherwise.
    pub descriptors: Option<u64>,
    /// How long to wait for what.
    pub patience: Patience,
}

impl Default for Options {
    fn default() -> Options {
        let workers = std::thread::available_parallelism().map_or(1, Into::into);
        Options { workers, grant: Arc::new(Grant::open()), descriptors: None, patience: Patience::default() }
    }
}

/// How long to wait for what. The defaults are the limits; tests wait less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a whole request head.
    pub head: Duration,
    /// For the next request on a kept connection.
    pub idle: Duration,
    /// For a body, before its rate is judged.
    pub body: Duration,
    /// For a message on a held-open stream, before a sign of life.
    pub alive: Duration,
    /// For everything to end, once told to.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            head: limits::HEAD_TIME,
            idle: limits::IDLE_TIME,
            body: limits::BODY_GRACE,
            alive: limits::ALIVE_TIME,
            // The rest of the time is for the last commit.
            drain: limits::DRAIN_TIME * 4 / 5,
        }
    }
}
