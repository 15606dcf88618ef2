//! What a subscription wants, the same over every transport.

use crate::target::Target;

/// Channels and patterns, and which of their messages.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub channels: Vec<String>,
    pub filter: Option<String>,
}

impl Wanted {
    /// As the target of a request.
    pub fn target(&self) -> Target {
        let target = Target::new("/subscribe");
        let target = self.channels.iter().fold(target, |target, name| target.with("channel", name));
        target.with_some("filter", self.filter.as_deref())
    }
}
