//! Page.

use super::{Form, Protocol, Shape};
use crate::Event;

/// Page.
pub(super) struct Page;

impl Protocol for Page {
    fn name(&self) -> &'static str {
        "page"
    }

    fn about(&self) -> &'static str {
        ""
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn shape(&self) -> Shape {
        Shape::Page
    }

    fn encode(&self, _event: &Event<'_>, _form: Form, _out: &mut Vec<u8>) {}
}
