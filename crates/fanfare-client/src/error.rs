//! What can go wrong between us and a server.

use fanfare_proto::Retry;
use serde::Deserialize;
use std::fmt;
use std::time::Duration;

/// Why there is no answer, or not the one asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be that of a server.
    #[error("`{address}` is not the address of a server: {why}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody answered, or the connection was lost.
    #[error("cannot reach {url}: {why}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// Somebody took the connection, and then said nothing.
    #[error("{url} accepted the connection and did not answer in {} s", waited.as_secs())]
    Silent {
        /// Where.
        url: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The server said no.
    #[error("the server refused: {0}")]
    Refused(Refusal),
    /// What came is not what a Fanfare server of this version says.
    #[error("{url} answered in a way that is not understood: {why}")]
    Odd {
        /// Where.
        url: String,
        /// What was odd.
        why: String,
    },
}

/// A refusal: the server's problem document (`docs/wire.md`, "Refusals").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Its number, which is stable; 0 if what answered was not a Fanfare server, but a proxy before it.
    pub code: u16,
    /// Its name, which is as stable.
    pub name: String,
    /// What was wrong and what is allowed, for people.
    pub detail: String,
    /// Whether the same may succeed another time.
    pub retry: Retry,
    /// How long the server asked to wait before that.
    pub after: Option<Duration>,
}

impl Error {
    /// Whether the same may succeed another time.
    pub fn passes(&self) -> bool {
        match self {
            Error::Unreachable { .. } | Error::Silent { .. } => true,
            Error::Refused(refusal) => refusal.retry != Retry::Never,
            Error::Address { .. } | Error::Odd { .. } => false,
        }
    }

    /// How long the server asked to wait.
    pub fn after(&self) -> Option<Duration> {
        match self {
            Error::Refused(refusal) => refusal.after,
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

/// A refusal as JSON: a problem document, an `error` or a `closing`.
#[derive(Debug, Deserialize)]
pub(crate) struct Problem {
    code: u16,
    name: String,
    detail: String,
    retry: String,
    retry_ms: Option<u64>,
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        let Problem { code, name, detail, retry, retry_ms } = problem;
        let retry = match &*retry {
            "now" => Retry::Now,
            "never" => Retry::Never,
            _ => Retry::Later,
        };
        Refusal { code, name, detail, retry, after: retry_ms.map(Duration::from_millis) }
    }
}
