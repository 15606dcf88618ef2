//! A JSON page: messages, the cursor after them, and what was lost before them.

use super::{Protocol, Shape};
use crate::envelope::{self, envelope, handed};
use crate::{Cursor, Event, Form, Gap, HistoryPage, Manner, json};

/// A JSON page.
pub(super) struct Page;

impl Protocol for Page {
    fn name(&self) -> &'static str {
        "page"
    }

    fn about(&self) -> &'static str {
        "a page of history, answered at once: plain polling"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn shape(&self) -> Shape {
        Shape::Page
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        item(event, form, out);
    }

    fn answer(
        &self,
        frames: &mut dyn Iterator<Item = &[u8]>,
        cursor: &Cursor,
        gaps: &[Gap],
        _manner: &Manner,
        out: &mut Vec<u8>,
    ) {
        body(frames, cursor, gaps, out);
    }
}

/// Appends one item of `messages`.
pub(super) fn item(event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
    match event {
        Event::Message(message, cursor) => envelope(message, *cursor, form, out),
        Event::Handed(message, cursor, attempt) => handed(message, cursor, *attempt, form, out),
        _ => {}
    }
}

/// Appends `{"messages":[...],"cursor":"...","gap":null|{...}}`, and all `gaps` if there is more than one.
pub(super) fn body(
    frames: &mut dyn Iterator<Item = &[u8]>,
    cursor: &Cursor,
    gaps: &[Gap],
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(b"{\"messages\":[");
    for frame in frames {
        json::separator(out);
        out.extend_from_slice(frame);
    }
    out.push(b']');
    json::quoted("cursor", cursor, out);
    match gaps {
        [] => json::plain("gap", "null", out),
        [gap, ..] => {
            json::name("gap", out);
            envelope::gap(gap, out);
        }
    }
    if gaps.len() > 1 {
        json::name("gaps", out);
        out.push(b'[');
        for gap in gaps {
            json::separator(out);
            envelope::gap(gap, out);
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}\n");
}

impl HistoryPage {
    /// The page as a JSON object.
    pub fn bytes(&self, form: Form) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(form, &mut out);
        out
    }

    /// Appends the page as a JSON object.
    pub fn write(&self, form: Form, out: &mut Vec<u8>) {
        let (mut frames, mut ends) = (Vec::new(), vec![0]);
        for (message, cursor) in &self.messages {
            item(&Event::Message(message, Some(cursor)), form, &mut frames);
            ends.push(frames.len());
        }
        let mut items = ends.windows(2).map(|ends| &frames[ends[0]..ends[1]]);
        out.reserve(frames.len() + 256);
        body(&mut items, &self.cursor, &self.gaps, out);
    }
}
