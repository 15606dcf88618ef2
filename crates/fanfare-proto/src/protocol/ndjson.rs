//! Ndjson.

use super::{Protocol, Shape};
use crate::{Event, Form};

/// Ndjson.
pub(super) struct Ndjson;

impl Protocol for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn about(&self) -> &'static str {
        ""
    }

    fn media_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn encode(&self, _event: &Event<'_>, _form: Form, _out: &mut Vec<u8>) {}
}
