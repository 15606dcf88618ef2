//! The live page: a document for browsers that opens a stream by itself.

use super::{Protocol, Shape};

/// The live page. It is the same for every channel, so no event is in it.
pub(super) struct Html;

impl Protocol for Html {
    fn name(&self) -> &'static str {
        "html"
    }

    fn about(&self) -> &'static str {
        "a page for people: messages as they come, publishing"
    }

    fn media_type(&self) -> &'static str {
        "text/html"
    }

    fn shape(&self) -> Shape {
        Shape::Document
    }
}
