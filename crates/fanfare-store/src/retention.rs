//! What a log is to keep: the rules of its namespaces, as trimming needs them.

use fanfare_proto::{Keeping, LogId, Namespace, NamespaceId, Namespaces, Retention};
use std::sync::Arc;

/// The retention of each namespace, as one log applies it. Channels that a namespace of another log rules were
/// left here by an earlier configuration; they keep this log's defaults, so that they go too.
pub(crate) struct Rules {
    namespaces: Arc<Namespaces>,
    retention: Vec<Retention>,
}

impl Rules {
    pub(crate) fn new(log: LogId, namespaces: Arc<Namespaces>) -> Rules {
        let keeping = if log == LogId::LIVE { Keeping::Live } else { Keeping::Kept };
        let of = |rule: &Namespace| {
            let own = rule.keeping.log() == log;
            if own { rule.retention } else { Namespace::new(rule.pattern.clone(), keeping).retention }
        };
        let retention = namespaces.iter().map(|(_, rule)| of(rule)).collect();
        Rules { namespaces, retention }
    }

    /// The namespaces behind the rules.
    pub(crate) fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Which namespace rules a channel of this name.
    pub(crate) fn id_of(&self, channel: &str) -> NamespaceId {
        self.namespaces.id_of(channel)
    }

    /// What a namespace keeps.
    pub(crate) fn of(&self, id: NamespaceId) -> Retention {
        self.retention[usize::from(id.0)]
    }

    /// How many namespaces there are.
    pub(crate) fn len(&self) -> usize {
        self.retention.len()
    }

    /// How many of a channel's messages are beyond its limit.
    pub(crate) fn excess(&self, id: NamespaceId, messages: u64) -> u64 {
        messages.saturating_sub(self.of(id).messages)
    }

    /// Whether a channel has so many messages that it is to be trimmed to its limit. There is slack, so that a busy
    /// channel at its limit is trimmed in batches; small limits are exact. A compact one is walked first, which takes longer.
    pub(crate) fn is_crowded(&self, id: NamespaceId, messages: u64) -> bool {
        let keep = self.of(id);
        let batch = (keep.messages / 16).clamp(1, if keep.compact { u64::MAX } else { 64 });
        self.excess(id, messages) >= batch
    }
}
