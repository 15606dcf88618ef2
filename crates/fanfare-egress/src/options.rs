//! What a client may, and what it takes.

use crate::Addresses;
use crate::resolver::{Resolver, SystemResolver};
use fanfare_proto::limits;
use std::sync::Arc;
use std::time::Duration;
use tokio_rustls::rustls::ClientConfig;

/// What a client may, and what it takes. The numbers are those of [`limits`] but for tests.
pub struct Options {
    /// Where it may connect to.
    pub addresses: Addresses,
    /// Who finds names.
    pub resolver: Arc<dyn Resolver>,
    /// Whose certificates are good; the system says so if nothing else does.
    pub tls: Option<Arc<ClientConfig>>,
    /// [`limits::EGRESS_CONNECT_TIME`].
    pub connect_time: Duration,
    /// [`limits::EGRESS_TIME`].
    pub time: Duration,
    /// [`limits::EGRESS_HEAD_BYTES`].
    pub head_bytes: usize,
    /// [`limits::EGRESS_ANSWER_BYTES`].
    pub body_bytes: usize,
    /// [`limits::EGRESS_REDIRECTS`].
    pub redirects: usize,
    /// [`limits::EGRESS_TARGET_REQUESTS`].
    pub target_requests: usize,
    /// [`limits::EGRESS_REQUESTS`].
    pub requests: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            addresses: Addresses::default(),
            resolver: Arc::new(SystemResolver::default()),
            tls: None,
            connect_time: limits::EGRESS_CONNECT_TIME,
            time: limits::EGRESS_TIME,
            head_bytes: limits::EGRESS_HEAD_BYTES,
            body_bytes: limits::EGRESS_ANSWER_BYTES,
            redirects: limits::EGRESS_REDIRECTS,
            target_requests: limits::EGRESS_TARGET_REQUESTS,
            requests: limits::EGRESS_REQUESTS,
        }
    }
}
