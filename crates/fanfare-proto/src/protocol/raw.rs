//! Bodies and nothing else, one after the other: for programs that read what was said and need no more. Gaps, places
//! and signs of life cannot be said here.

use super::{Protocol, Shape};
use crate::{Event, Form};

/// Bodies alone.
pub(super) struct Raw;

impl Protocol for Raw {
    fn name(&self) -> &'static str {
        "raw"
    }

    fn about(&self) -> &'static str {
        "bodies alone, held open, as they came"
    }

    fn media_type(&self) -> &'static str {
        "application/octet-stream"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Body]
    }

    fn tells_places(&self, _form: Form) -> bool {
        false
    }

    fn encode(&self, event: &Event<'_>, _form: Form, out: &mut Vec<u8>) {
        if let Event::Message(message, _) = event {
            out.extend_from_slice(&message.content.body);
        }
    }
}
