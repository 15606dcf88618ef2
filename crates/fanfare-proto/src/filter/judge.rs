//! Whether a filter holds for a message. Every part of it holds or does not: what is absent, or of another type,
//! compares in no way, so the test fails, and `not` of it holds.

use super::Fields;
use super::tree::{Fate, Field, Node};
use super::value::Seen;
use crate::{Became, Message, TagValue};
use std::cmp::Ordering;

/// The priority of a message that names none.
const PRIORITY: u8 = 3;

/// A message, and where a filter finds what it asks of the body.
pub(super) struct View<'a> {
    pub(super) message: &'a Message,
    pub(super) fields: &'a Fields,
    pub(super) slots: &'a [usize],
}

impl<'a> View<'a> {
    pub(super) fn holds(&self, node: &Node) -> bool {
        match node {
            Node::Any(nodes) => nodes.iter().any(|node| self.holds(node)),
            Node::All(nodes) => nodes.iter().all(|node| self.holds(node)),
            Node::Not(inner) => !self.holds(inner),
            Node::Compare(field, operator, literal) => {
                let ordering = self.see(field).and_then(|seen| seen.compare(literal));
                ordering.is_some_and(|ordering| operator.holds(ordering))
            }
            Node::In(field, list) => {
                let equals = |seen: Seen<'_>, literal| seen.compare(literal) == Some(Ordering::Equal);
                self.see(field).is_some_and(|seen| list.iter().any(|literal| equals(seen, literal)))
            }
            Node::StartsWith(field, start) => {
                matches!(self.see(field), Some(Seen::Text(text)) if text.starts_with(start.as_bytes()))
            }
            Node::Exists(field) => self.see(field).is_some(),
            Node::Became(Fate::Edited) => matches!(self.message.content.became, Some(Became::Edited(_))),
            Node::Became(Fate::Deleted) => self.message.content.became == Some(Became::Deleted),
        }
    }

    fn see(&self, field: &Field) -> Option<Seen<'a>> {
        let content = &self.message.content;
        let text = |text: &'a str| Seen::Text(text.as_bytes());
        match field {
            Field::Channel => Some(text(self.message.channel.as_str())),
            Field::Event => content.event.as_deref().map(text),
            Field::Key => content.key.as_deref().map(text),
            Field::Priority => Some(Seen::Number(content.priority.unwrap_or(PRIORITY).into())),
            Field::Time => Some(Seen::Moment(self.message.time)),
            Field::Tag(name) => content.tags.get(name).map(|value| match value {
                TagValue::Text(value) => text(value),
                TagValue::Number(number) => Seen::Number(*number),
                TagValue::Bool(value) => Seen::Bool(*value),
            }),
            Field::Body(path) => self.fields.get(*self.slots.get(*path)?),
        }
    }
}
