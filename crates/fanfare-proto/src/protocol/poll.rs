//! Poll.

use super::{Form, Protocol, Shape};
use crate::Event;

/// Poll.
pub(super) struct Poll;

impl Protocol for Poll {
    fn name(&self) -> &'static str {
        "poll"
    }

    fn about(&self) -> &'static str {
        ""
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn shape(&self) -> Shape {
        Shape::Answer
    }

    fn encode(&self, _event: &Event<'_>, _form: Form, _out: &mut Vec<u8>) {}
}
