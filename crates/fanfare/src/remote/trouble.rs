//! What can go wrong between us and a server.

use crate::exit::Exit;
use crate::failure::Failure;
use serde::Deserialize;
use std::time::Duration;

/// Why there is no answer, or not the one asked for.
#[derive(Debug)]
pub enum Trouble {
    /// Nobody answered.
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
    /// The server said no.
    Refused(Refused),
}

/// A refusal: the server's problem document (RFC 9457).
#[derive(Debug, Clone)]
pub struct Refused {
    /// What was wrong and what is allowed.
    pub detail: String,
    /// What to do about it.
    pub duty: Duty,
    /// How long to wait before that.
    pub after: Option<Duration>,
}

/// What to do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duty {
    /// Try again at once.
    Now,
    /// Try again after a while.
    Later,
    /// Do not try the same again.
    Never,
}

impl Refused {
    /// Whether the same may succeed another time.
    pub fn passes(&self) -> bool {
        self.duty != Duty::Never
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Failure {
        let what = format!("the server refused: {}", refused.detail);
        match (refused.duty, refused.after) {
            (Duty::Never, _) => Failure::new(Exit::REFUSED, what),
            (_, Some(after)) => {
                Failure::new(Exit::LATER, what).next(format!("try again in {} s", after.as_secs().max(1)))
            }
            (_, None) => Failure::new(Exit::LATER, what).next("try again in a moment"),
        }
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Failure {
        match trouble {
            Trouble::Refused(refused) => refused.into(),
            Trouble::Unreachable { url, why } => {
                let failure = Failure::new(Exit::UNREACHABLE, format!("cannot reach {url}: {why}"));
                failure.next(if url.starts_with("https:") {
                    "a Fanfare server speaks plain HTTP; https:// needs a proxy in front of it: try http://"
                } else {
                    "is the server running? Start one with `fanfare serve`, or name another with --server URL"
                })
            }
        }
    }
}
