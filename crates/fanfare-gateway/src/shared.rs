//! What all walks share.

use crate::gateway::Gateway;
use fanfare_node::{Node, Webhooks};
use fanfare_proto::limits;
use std::time::Duration;

/// How patient deliveries are. The numbers are those of [`limits`] but for tests.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// [`limits::WEBHOOK_ATTEMPTS`].
    pub attempts: u32,
    /// [`limits::WEBHOOK_WAIT`].
    pub wait: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options { attempts: limits::WEBHOOK_ATTEMPTS, wait: limits::WEBHOOK_WAIT }
    }
}

/// What all walks share.
pub(crate) struct Shared {
    pub(crate) node: Node,
    pub(crate) webhooks: Webhooks,
    pub(crate) gateway: Box<dyn Gateway>,
    pub(crate) options: Options,
}
