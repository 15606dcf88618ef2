//! Long polling: a JSON page that is held until there is something to say.

use super::{Protocol, Shape, page};
use crate::{Cursor, Event, Form, Gap, Manner};

/// Long polling.
pub(super) struct Poll;

impl Protocol for Poll {
    fn name(&self) -> &'static str {
        "poll"
    }

    fn about(&self) -> &'static str {
        "long polling: a page held until there is something (`wait=30`)"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn shape(&self) -> Shape {
        Shape::Answer
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        page::item(event, form, out);
    }

    fn answer(
        &self,
        frames: &mut dyn Iterator<Item = &[u8]>,
        cursor: &Cursor,
        gaps: &[Gap],
        _manner: &Manner,
        out: &mut Vec<u8>,
    ) {
        page::body(frames, cursor, gaps, out);
    }
}
