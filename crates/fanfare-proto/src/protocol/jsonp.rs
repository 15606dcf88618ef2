//! JSONP: a long poll that a script element asks for. The answer is a call of the function that the address names, with
//! the page that the long poll would have been. For where nothing but scripts crosses from page to server.

use super::{Protocol, Shape, page, script};
use crate::put::Put;
use crate::{Cursor, Event, Form, Gap, Manner};

/// JSONP.
pub(super) struct Jsonp;

impl Protocol for Jsonp {
    fn name(&self) -> &'static str {
        "jsonp"
    }

    fn about(&self) -> &'static str {
        "long polling by script elements (`callback=onpage`)"
    }

    fn media_type(&self) -> &'static str {
        "text/javascript"
    }

    fn content_type(&self) -> &'static str {
        "text/javascript; charset=utf-8"
    }

    fn shape(&self) -> Shape {
        Shape::Answer
    }

    fn is_by_name_only(&self) -> bool {
        true
    }

    fn manners(&self) -> &'static [&'static str] {
        &["callback"]
    }

    fn crosses_origins(&self) -> bool {
        true
    }

    /// A script cannot read where it is from a head.
    fn answers_empty(&self) -> bool {
        true
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        page::item(event, form, out);
    }

    fn answer(
        &self,
        frames: &mut dyn Iterator<Item = &[u8]>,
        cursor: &Cursor,
        gaps: &[Gap],
        manner: &Manner,
        out: &mut Vec<u8>,
    ) {
        let mut said = Vec::with_capacity(1024);
        page::body(frames, cursor, gaps, &mut said);
        // The comment keeps the answer from beginning with bytes that its reader has chosen.
        "/**/".put(out);
        manner.callback.as_ref().map_or("onpage", |callback| callback.as_str()).put(out);
        "(JSON.parse(".put(out);
        script::string(said.trim_ascii_end(), out);
        "));\n".put(out);
    }
}
