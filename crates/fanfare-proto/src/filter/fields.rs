//! What one body has at the paths that filters ask for.

use super::paths::{Paths, ROOT};
use super::read;
use super::value::Seen;
use crate::{Content, limits, media};

/// No slot: the root is below nothing.
const NONE: usize = ROOT;

/// The values of one body. Made once for a worker and filled for each message: what it needs stays.
///
/// A body of more than [`limits::FIELDS_BODY_BYTES`] has no fields, so this is what the values take at the most.
#[derive(Debug, Default)]
pub struct Fields {
    slots: Vec<Slot>,
    /// The bytes of all text.
    text: Vec<u8>,
}

/// What is at one path. Slots that were found in this body are in a list below the one above them, so that to forget
/// them costs no more than it cost to find them.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    found: Option<Found>,
    first_below: usize,
    next_beside: usize,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// As good as absent, but found.
    Null,
    Bool(bool),
    Number(f64),
    Text {
        start: usize,
        end: usize,
    },
    Structure,
}

impl Fields {
    /// Reads what a message has at these paths, in one pass over its body; what was read before is forgotten.
    ///
    /// A body is JSON if its content type says so, or says nothing, and readers would be shown it as JSON. The body
    /// itself can also be text. An empty body is absent, and so is `null`. Of members of one name the last counts, as in
    /// JavaScript.
    pub fn read(&mut self, paths: &Paths, content: &Content) {
        self.clear();
        let body = &content.body;
        if paths.is_empty() || body.is_empty() || body.len() > limits::FIELDS_BODY_BYTES {
            return;
        }
        self.slots.resize_with(paths.slots().max(self.slots.len()), Slot::default);
        let Ok(text) = std::str::from_utf8(body) else { return };
        let said = content.content_type.as_deref();
        if said.is_none_or(media::is_json) {
            if read::json(paths, text, self).is_ok() {
                return;
            }
            self.clear();
        }
        if said.is_none_or(media::is_text) && paths.is_asked(ROOT) {
            self.set_text(ROOT, text);
        }
    }

    /// What is in a slot.
    pub(super) fn get(&self, slot: usize) -> Option<Seen<'_>> {
        match self.slots.get(slot)?.found? {
            Found::Null => None,
            Found::Bool(value) => Some(Seen::Bool(value)),
            Found::Number(number) => Some(Seen::Number(number)),
            Found::Text { start, end } => Some(Seen::Text(self.text.get(start..end)?)),
            Found::Structure => Some(Seen::Structure),
        }
    }

    /// Notes that a slot was found below another. If it was before, that is forgotten.
    pub(super) fn find(&mut self, above: usize, slot: usize) {
        if self.slots[slot].found.replace(Found::Null).is_some() {
            return self.forget_below(slot);
        }
        self.slots[slot].next_beside = std::mem::replace(&mut self.slots[above].first_below, slot);
    }

    pub(super) fn set(&mut self, slot: usize, found: Found) {
        self.slots[slot].found = Some(found);
    }

    /// Keeps as much of a text as filters can ask for: none of them has a text as long as this.
    pub(super) fn set_text(&mut self, slot: usize, text: &str) {
        let start = self.text.len();
        let bytes = text.as_bytes();
        self.text.extend_from_slice(&bytes[..bytes.len().min(limits::FILTER_BYTES)]);
        self.set(slot, Found::Text { start, end: self.text.len() });
    }

    fn clear(&mut self) {
        self.text.clear();
        if let Some(root) = self.slots.get_mut(ROOT) {
            root.found = None;
            self.forget_below(ROOT);
        }
    }

    /// Forgets what was found below a slot. As deep as a path is long.
    fn forget_below(&mut self, slot: usize) {
        let mut below = std::mem::replace(&mut self.slots[slot].first_below, NONE);
        while below != NONE {
            self.forget_below(below);
            let next = self.slots[below].next_beside;
            self.slots[below] = Slot::default();
            below = next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Filter;

    #[test]
    fn what_stays_between_messages_is_no_more_than_a_body() {
        let (mut paths, mut fields) = (Paths::default(), Fields::default());
        paths.bind(&Filter::parse("exists(body.a) or exists(body.b.c)").unwrap());
        let text = "x".repeat(limits::FILTER_BYTES);
        let body = format!("{{{}\"b\":{{\"c\":\"\"}}}}", format!("\"a\":\"{text}\",").repeat(200));
        let content = Content { body: body.into(), ..Content::default() };
        for _ in 0..10 {
            fields.read(&paths, &content);
            assert!(fields.get(1).is_some() && fields.text.len() <= content.body.len());
        }
        assert!(fields.text.capacity() <= 2 * limits::FIELDS_BODY_BYTES);
    }
}
