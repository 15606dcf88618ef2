//! A selection that can be asked of message by message, by whoever shares it with nobody.

use crate::{BoundFilter, Fields, Message, Paths, Selection, Time};
use std::sync::Arc;

/// A selection with what its filters need.
#[derive(Debug)]
pub struct Sieve {
    selection: Selection,
    /// Those of the selection, in its order.
    filters: Box<[BoundFilter]>,
    paths: Paths,
    fields: Fields,
}

impl Sieve {
    /// For what a selection wants.
    pub fn new(selection: Selection) -> Sieve {
        let mut paths = Paths::default();
        let filters = selection.filters().iter().map(|(_, filter)| paths.bind(filter)).collect();
        Sieve { selection, filters, paths, fields: Fields::default() }
    }

    /// What is wanted.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Whether a message is wanted.
    pub fn wants(&mut self, message: &Message) -> bool {
        let channel = message.channel.as_str();
        if self.filters.is_empty() {
            return self.selection.matches(channel);
        }
        self.fields.read(&self.paths, &message.content);
        self.selection.wants(channel, |index| self.filters[index].accepts(message, &self.fields))
    }

    /// Whether something is to be told of a message: it is wanted, or takes another one away.
    pub fn hears(&mut self, message: &Message) -> bool {
        self.selection.withdraws(message) || self.wants(message)
    }

    /// What is told of a message at a moment: it is wanted and has not expired, or takes another one away.
    pub fn told(&mut self, message: Arc<Message>, now: Time) -> Option<Arc<Message>> {
        if !message.is_expired(now) && self.wants(&message) {
            return Some(message);
        }
        self.selection.withdraws(&message).then(|| Arc::new(message.withdrawn()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Content, Filter, Pattern, Position, Time};

    #[test]
    fn each_message_is_judged_by_its_own_body() {
        let filter = Filter::parse("body.temp > 20").unwrap();
        let mut sieve = Sieve::new(Selection::filtered(vec![Pattern::parse("a/*").unwrap()], Some(&filter)));
        for (channel, body, wanted) in [
            ("a/b", r#"{"temp":21}"#, true),
            ("a/b", r#"{"temp":19}"#, false),
            ("a/c", r#"{"temp":22}"#, true),
            ("a/c", "{}", false),
            ("b", r#"{"temp":22}"#, false),
        ] {
            let message = Message {
                channel: Channel::parse(channel).unwrap(),
                position: Position(1),
                previous: None,
                time: Time(0),
                id: None,
                publisher: None,
                expires: None,
                content: Content { body: body.to_owned().into(), ..Content::default() },
            };
            assert_eq!(sieve.wants(&message), wanted, "{channel}: {body}");
        }
    }
}
