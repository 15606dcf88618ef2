//! What is sent, and what comes back.

use crate::Target;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// How.
    pub method: Method,
    /// To whom.
    pub target: Target,
    /// What is said beside; `Host` and `Content-Length` are made. They do not go to another origin.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Call {
    /// A question without a body.
    pub fn get(target: Target) -> Call {
        Call { method: Method::GET, target, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// Something said.
    pub fn post(target: Target, headers: HeaderMap, body: Bytes) -> Call {
        Call { method: Method::POST, target, headers, body }
    }
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What came of it; never an informational one.
    pub status: StatusCode,
    /// Its head.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}
