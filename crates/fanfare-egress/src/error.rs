//! What was refused or failed, and why. For logs and for the owner of a target: a secret of its address is not in it.

use crate::{AddressKind, UrlError};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The text is no address that may be called.
    #[error(transparent)]
    Url(#[from] UrlError),
    /// One of the addresses of the name, or the address that was given, is not public and not allowed. Nothing was
    /// connected to, not even to the others.
    #[error(
        "`{host}` is {address}, which is {kind}; the configuration allows such addresses by `egress_allow`"
    )]
    Address {
        /// As it was given.
        host: String,
        /// The first that is refused.
        address: IpAddr,
        /// Why.
        kind: AddressKind,
    },
    /// The name has no address.
    #[error("`{host}` has no address")]
    NoAddress {
        /// As it was given.
        host: String,
    },
    /// The name has more addresses than are looked at.
    #[error("`{host}` has {count} addresses; at most {allowed} are looked at")]
    ManyAddresses {
        /// As it was given.
        host: String,
        /// How many it has.
        count: usize,
        /// How many it may have.
        allowed: usize,
    },
    /// The name could not be looked up.
    #[error("`{host}` cannot be found: {error}")]
    Lookup {
        /// As it was given.
        host: String,
        /// What the resolver says.
        error: io::Error,
    },
    /// Every checked address refused; this is the last one.
    #[error("{address} cannot be connected to: {error}")]
    Connect {
        /// The address.
        address: SocketAddr,
        /// Why.
        error: io::Error,
    },
    /// No agreement on TLS, or the certificate is not for this name.
    #[error("TLS with `{host}` failed: {error}")]
    Tls {
        /// Whose certificate was expected.
        host: String,
        /// Why.
        error: io::Error,
    },
    /// The system's certificates cannot be used.
    #[error("the system's certificates cannot be used: {0}")]
    Certificates(String),
    /// It took too long.
    #[error("{step} took more than {} ms", allowed.as_millis())]
    Timeout {
        /// What.
        step: Step,
        /// The limit.
        allowed: Duration,
    },
    /// It is not HTTP, or ended in the middle.
    #[error("no whole answer of HTTP came: {0}")]
    Broken(String),
    /// The head of the answer has more bytes or lines than are taken.
    #[error("the head of the answer is too large; {allowed} bytes are taken")]
    HeadTooLarge {
        /// Bytes.
        allowed: usize,
    },
    /// The body of the answer has more bytes than are taken.
    #[error("the body of the answer is too large; {allowed} bytes are taken")]
    BodyTooLarge {
        /// Bytes.
        allowed: usize,
    },
    /// It is elsewhere, and that is not followed.
    #[error("a redirect ({status}) is not followed: {error}")]
    Redirect {
        /// What was answered.
        status: u16,
        /// Why.
        error: RedirectError,
    },
    /// As many requests as are allowed are on their way; this one did not begin.
    #[error("{allowed} requests {whose} are on their way; no more at one time")]
    Busy {
        /// To whom.
        whose: &'static str,
        /// The limit.
        allowed: usize,
    },
}

/// Why a redirect is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectError {
    /// As many as are allowed were followed.
    #[error("more than {0} in a row")]
    TooMany(usize),
    /// It would be read on the way.
    #[error("it leads from https to http")]
    Downgrade,
    /// A body and its headers are for one origin.
    #[error("it leads to another origin, and what has a body goes to one origin only")]
    OtherOrigin,
    /// 301, 302 and 303 make a question of what was said.
    #[error("only 307 and 308 say that the same is to be said again")]
    OtherMethod,
    /// There is none, or it cannot be read.
    #[error("it does not say where to")]
    NoLocation,
    /// It leads to what is no target.
    #[error("{0}")]
    Url(#[from] UrlError),
}

/// A part of a request that has a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Finding the name, connecting and TLS.
    Connect,
    /// All of it.
    Whole,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Connect => "finding and connecting",
            Step::Whole => "the whole request",
        })
    }
}
