//! What can go wrong between us and a server, as an end of a command.

use crate::exit::Exit;
use crate::failure::Failure;
use fanfare_client::{Error, Refusal, Retry};

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let what = error.to_string();
        match error {
            Error::Refused(refusal) if refusal.code == 0 => refused_by_another(refusal),
            Error::Refused(refusal) => refused(&refusal, what),
            Error::Unreachable { url, .. } => {
                Failure::new(Exit::UNREACHABLE, what).next(if url.starts_with("https:") {
                    "a Fanfare server speaks plain HTTP; https:// needs a proxy in front of it: try http://"
                } else {
                    "is the server running? Start one with `fanfare serve`, or name another with --server URL"
                })
            }
            Error::Silent { .. } => Failure::new(Exit::UNREACHABLE, what).next(
                "is it a Fanfare server? If so, see whether the process is stopped, or its machine overloaded",
            ),
            Error::Address { .. } => Failure::new(Exit::USAGE, what)
                .next("write it as http://127.0.0.1:8080 or https://push.example.org"),
            _ => Failure::new(Exit::FAILED, what).next("is it a Fanfare server of this version?"),
        }
    }
}

/// A proxy that stands before a server and misses it, or something else altogether.
fn refused_by_another(refusal: Refusal) -> Failure {
    match refusal.retry {
        Retry::Never => Failure::new(Exit::REFUSED, refusal.detail)
            .next("is the address right? Name another with --server URL"),
        _ => refused(&refusal, refusal.detail.clone()),
    }
}

fn refused(refusal: &Refusal, what: String) -> Failure {
    match (refusal.retry, refusal.after) {
        (Retry::Never, _) => Failure::new(Exit::REFUSED, what),
        (_, Some(after)) => {
            Failure::new(Exit::LATER, what).next(format!("try again in {} s", after.as_secs().max(1)))
        }
        (_, None) => Failure::new(Exit::LATER, what).next("try again in a moment"),
    }
}
