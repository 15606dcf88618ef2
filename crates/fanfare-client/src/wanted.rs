//! What a subscription wants, the same over every transport.

use crate::target::Target;

/// Channels and patterns, which of their messages, and how fast.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    pub channels: Vec<String>,
    pub filter: Option<String>,
    pub rate: Option<String>,
    pub bytes: Option<String>,
    pub view: Option<String>,
    pub presence: Option<String>,
    /// As which acked reader.
    pub reader: Option<String>,
    /// Messages that the reader has in hand at the most.
    pub hand: Option<String>,
    /// Of the past only the newest of each key: asked until everything up to then is heard.
    pub latest: bool,
    /// Bodies may come as what has changed in them.
    pub deltas: bool,
}

impl Wanted {
    /// What is asked beside the channels.
    pub fn preferences(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Wanted { filter, rate, bytes, view, presence, reader, hand, .. } = self;
        let all = [
            ("filter", filter),
            ("rate", rate),
            ("bytes", bytes),
            ("view", view),
            ("presence", presence),
            ("reader", reader),
            ("hand", hand),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)))
    }

    /// As the target of a request.
    pub fn target(&self) -> Target {
        let target = Target::new("/subscribe");
        let target = self.channels.iter().fold(target, |target, name| target.with("channel", name));
        self.preferences().fold(target, |target, (name, value)| target.with(name, value))
    }
}
