//! Grants: what a session may do, decided once.

use crate::{Channel, Pattern, presence};
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
        let (publish, subscribe) =
            (vec![Pattern::everything()], vec![Pattern::everything(), Pattern::dead()]);
        Grant { subject: "".into(), publish, subscribe }
    }

    /// Whether it may publish to the channel. System channels are the server's own.
    pub fn may_publish(&self, channel: &Channel) -> bool {
        !channel.is_system() && self.publish.iter().any(|pattern| pattern.matches(channel.as_str()))
    }

    /// Whether it may remove all that was said in the channel: who may publish to it, and in `$dead/...` who may hear that and
    /// publish to all channels.
    pub fn may_remove(&self, channel: &Channel) -> bool {
        let dead = Pattern::from(channel);
        let clears = Pattern::dead().covers(&dead) && self.may_subscribe(&dead) && self.may_publish_all();
        clears || self.may_publish(channel)
    }

    /// Whether it may publish to every channel: who may, looks after what is nobody's.
    pub fn may_publish_all(&self) -> bool {
        self.publish.iter().any(|pattern| pattern.covers(&Pattern::everything()))
    }

    /// Whether it may hear everything the pattern means (design rule 18). Who may hear channels may hear who is present
    /// there.
    pub fn may_subscribe(&self, wanted: &Pattern) -> bool {
        let covered = |wanted: &Pattern| self.subscribe.iter().any(|pattern| pattern.covers(wanted));
        let watched = || Pattern::parse(wanted.as_str().strip_prefix(presence::PREFIX)?).ok();
        covered(wanted) || watched().is_some_and(|watched| covered(&watched))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_hear_channels_may_hear_who_is_present_there() {
        let pattern = |text| Pattern::parse(text).unwrap();
        let grant = Grant { subscribe: vec![pattern("chat/*")], ..Grant::open() };
        for (wanted, may) in [
            ("$presence/chat/a", true),
            ("$presence/chat/*", true),
            ("$presence/chat/**", false),
            ("$presence/other", false),
            ("$presence/$presence/chat/a", false),
            ("$dead/chat/a", false),
        ] {
            let wanted = Pattern::parse(wanted);
            assert_eq!(wanted.is_ok_and(|wanted| grant.may_subscribe(&wanted)), may);
        }
    }
}
