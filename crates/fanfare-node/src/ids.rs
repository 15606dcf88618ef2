//! The window of idempotency keys (design rule 23): which ids were accepted lately, and what for.
//!
//! A key is remembered by a hash of (channel, publisher, id) under a secret of this process, and by a fingerprint
//! of what was said. Nothing here is stored; the window is made again from the log's last minutes at start.

use fanfare_proto::{Channel, Content, Message, Position, TagValue, Time, limits};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher, RandomState};

/// What an id stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) position: Position,
    pub(crate) time: Time,
    /// `None`: nobody knows any more what was said.
    pub(crate) fingerprint: Option<u64>,
}

/// The two halves of a key's hash: 128 bits under secrets.
pub(crate) type IdKey = (u64, u64);

/// Ids accepted in the last [`limits::IDEMPOTENCY_TIME`].
#[derive(Debug, Default)]
pub(crate) struct Ids {
    secrets: [RandomState; 2],
    known: HashMap<IdKey, Known>,
    by_time: VecDeque<(Time, IdKey)>,
}

impl Ids {
    /// The key of an id.
    pub(crate) fn key(&self, channel: &Channel, publisher: Option<&str>, id: &str) -> IdKey {
        let [first, second] = &self.secrets;
        let key = (channel.as_str(), publisher, id);
        (first.hash_one(key), second.hash_one(key))
    }

    /// The fingerprint of what is said.
    pub(crate) fn fingerprint(&self, content: &Content) -> u64 {
        let mut hasher = self.secrets[0].build_hasher();
        // An edit may say its original's key, or leave it out.
        let key = content.key.as_ref().filter(|_| content.amends.is_none());
        (key, content.priority, &content.event, &content.content_type).hash(&mut hasher);
        (&content.notice, &content.body, content.amends).hash(&mut hasher);
        for (name, value) in &content.tags {
            name.hash(&mut hasher);
            match value {
                TagValue::Text(text) => text.hash(&mut hasher),
                TagValue::Number(number) => number.to_bits().hash(&mut hasher),
                TagValue::Bool(bool) => bool.hash(&mut hasher),
            }
        }
        hasher.finish()
    }

    /// What an id stands for, if it is known.
    pub(crate) fn get(&self, key: IdKey) -> Option<Known> {
        self.known.get(&key).copied()
    }

    /// Whether no further id fits.
    pub(crate) fn is_full(&self) -> bool {
        self.by_time.len() >= limits::IDEMPOTENCY_KEYS
    }

    /// Remembers the id of an accepted message, if the publisher gave one.
    pub(crate) fn accept(&mut self, message: &Message) {
        self.remember(message, |ids| Some(ids.fingerprint(&message.content)));
    }

    /// Remembers the id of a message that a log has. Of some nobody knows any more what they said.
    pub(crate) fn recall(&mut self, message: &Message) {
        let is_known = message.content.became.is_none();
        self.remember(message, |ids| is_known.then(|| ids.fingerprint(&message.content)));
    }

    fn remember(&mut self, message: &Message, fingerprint: impl FnOnce(&Ids) -> Option<u64>) {
        let Some(id) = &message.id else { return };
        let key = self.key(&message.channel, message.publisher.as_deref(), id);
        let fingerprint = fingerprint(self);
        self.known.insert(key, Known { position: message.position, time: message.time, fingerprint });
        self.by_time.push_back((message.time, key));
    }

    /// Forgets what is older than the window.
    pub(crate) fn forget_old(&mut self, now: Time) {
        let oldest = now.before(limits::IDEMPOTENCY_TIME);
        while let Some((time, key)) = self.by_time.front().copied().filter(|(time, _)| *time < oldest) {
            self.by_time.pop_front();
            if self.known.get(&key).is_some_and(|known| known.time == time) {
                self.known.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: &str, position: u64, time: u64) -> Message {
        Message {
            channel: Channel::parse("a").unwrap(),
            position: Position(position),
            previous: None,
            time: Time(time),
            id: Some(id.into()),
            publisher: None,
            expires: None,
            content: Content { body: id.to_owned().into(), ..Content::default() },
        }
    }

    #[test]
    fn an_id_is_known_for_the_window_and_no_longer() {
        let mut ids = Ids::default();
        let window = limits::IDEMPOTENCY_TIME.as_millis() as u64;
        ids.accept(&message("x", 1, 1_000));
        ids.accept(&message("y", 2, 2_000));
        let key = |ids: &Ids, id| ids.key(&Channel::parse("a").unwrap(), None, id);
        ids.forget_old(Time(1_000 + window));
        assert_eq!(ids.get(key(&ids, "x")).map(|known| known.position), Some(Position(1)));
        ids.forget_old(Time(1_001 + window));
        assert_eq!(ids.get(key(&ids, "x")), None);
        assert_eq!(ids.get(key(&ids, "y")).map(|known| known.position), Some(Position(2)));
        assert_eq!(ids.get(ids.key(&Channel::parse("b").unwrap(), None, "y")), None);
        assert_eq!(ids.get(ids.key(&Channel::parse("a").unwrap(), Some("p"), "y")), None);
    }
}
