//! Grants: what a session may do, decided once.

use crate::{Channel, Pattern};
use std::sync::Arc;

/// What a session may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Who publishes; scopes idempotency keys (design rule 23).
    pub subject: Arc<str>,
    /// Channels it may publish to.
    pub publish: Vec<Pattern>,
    /// Channels it may hear.
    pub subscribe: Vec<Pattern>,
}

impl Grant {
    /// Everything allowed: what a server without configured access gives on loopback.
    pub fn open() -> Grant {
        let all = || vec![Pattern::everything()];
        Grant { subject: "".into(), publish: all(), subscribe: all() }
    }

    /// Whether it may publish to the channel. System channels are the server's own.
    pub fn may_publish(&self, channel: &Channel) -> bool {
        !channel.is_system() && self.publish.iter().any(|pattern| pattern.matches(channel.as_str()))
    }

    /// Whether it may hear everything the pattern means (design rule 18).
    pub fn may_subscribe(&self, wanted: &Pattern) -> bool {
        self.subscribe.iter().any(|pattern| pattern.covers(wanted))
    }
}
