//! Sse.

use super::{Form, Protocol, Shape};
use crate::Event;

/// Sse.
pub(super) struct Sse;

impl Protocol for Sse {
    fn name(&self) -> &'static str {
        "sse"
    }

    fn about(&self) -> &'static str {
        ""
    }

    fn media_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn encode(&self, _event: &Event<'_>, _form: Form, _out: &mut Vec<u8>) {}
}
