//! `multipart/x-mixed-replace`: each message takes the place of the one before, as images in `<img>` and as documents in
//! browsers that know it.
//!
//! Browsers show an image once the head of the part behind it has arrived, not before: it follows each image at
//! once. It says the type of what comes next, which nobody knows: it promises the same again. Of images made of pixels browsers
//! look at the bytes, whatever was said; before what is something else comes the smallest part there is. Of a document the end is all that is waited for, and a head
//! would be the beginning of another one: behind it there is only the boundary.

use super::{Protocol, Shape};
use crate::media;
use crate::put::Put;
use crate::{Content, Event, Form, Manner};
use std::time::Duration;

/// Parts for browsers.
pub(super) struct Replace;

/// What no body contains but by intent: one that does is not shown.
const BOUNDARY: &str = "fanfare8f1c42d7b35e4a6990d2c7e1";
pub(super) const CONTENT_TYPE: &str = "multipart/x-mixed-replace; boundary=fanfare8f1c42d7b35e4a6990d2c7e1";

impl Protocol for Replace {
    fn name(&self) -> &'static str {
        "replace"
    }

    fn about(&self) -> &'static str {
        "each message replaces the last: images in `<img>`, documents (multipart/x-mixed-replace)"
    }

    fn media_type(&self) -> &'static str {
        "multipart/x-mixed-replace"
    }

    fn content_type(&self) -> &'static str {
        CONTENT_TYPE
    }

    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        super::OF_OTHERS
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

    fn replaces(&self) -> bool {
        true
    }

    fn promise<'a>(&self, content: &'a Content) -> Option<&'a str> {
        Some(media_type(content)).filter(|media_type| media::is_image(media_type))
    }

    fn lead<'a>(&self, promised: Option<&str>, content: &'a Content, out: &mut Vec<u8>) -> Option<&'a str> {
        let media_type = media_type(content);
        match promised {
            Some(promised) if is_same(promised, media_type) => {}
            Some(_) => {
                out.extend_from_slice(smallest(media_type));
                boundary(out);
                head(media_type, out);
            }
            None => head(media_type, out),
        }
        Some(media_type)
    }

    fn begin(&self, _manner: &Manner, _retry: Duration, out: &mut Vec<u8>) {
        begin(out);
    }

    fn encode(&self, event: &Event<'_>, _form: Form, out: &mut Vec<u8>) {
        if let Some(content) = shown(event) {
            out.extend_from_slice(&content.body);
            boundary(out);
            if let Some(media_type) = self.promise(content) {
                head(media_type, out);
            }
        }
    }
}

/// Whether what was promised will do.
fn is_same(promised: &str, media_type: &str) -> bool {
    let pixels = |media_type: &str| media::is_image(media_type) && !media::is(media_type, "image/svg+xml");
    promised == media_type || pixels(promised) && pixels(media_type)
}

/// What is in the part that was promised to be something else: the smallest image of the kind that comes next. Chromium reads a
/// part as what the head behind it says, and gives up for good on what it cannot read; Firefox goes on.
fn smallest(media_type: &str) -> &'static [u8] {
    if media::is(media_type, "image/svg+xml") {
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"
    } else {
        PIXEL
    }
}

/// A GIF of one transparent pixel.
const PIXEL: &[u8] =
    b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\0\0\0!\xf9\x04\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";

/// What an event shows. A part without bytes would be shown as an image that is broken, and one with a boundary in it would be
/// several, with heads and an end that nobody is to write for others.
pub(super) fn shown<'a>(event: &Event<'a>) -> Option<&'a Content> {
    match event {
        Event::Message(message, _) => {
            let body = &message.content.body;
            let fits = !body.is_empty() && memchr::memmem::find(body, BOUNDARY.as_bytes()).is_none();
            fits.then_some(&message.content)
        }
        _ => None,
    }
}

/// The type of a part: what was said of the body, if it can stand in a head, else what its first bytes are.
pub(super) fn media_type(content: &Content) -> &str {
    let said =
        content.content_type.as_deref().filter(|said| said.bytes().all(|byte| matches!(byte, b' '..=b'~')));
    said.unwrap_or_else(|| media::of_bytes(&content.body))
}

fn head(media_type: &str, out: &mut Vec<u8>) {
    ["Content-Type: ", media_type, "\r\n\r\n"].iter().for_each(|text| text.put(out));
}

/// The boundary before the first part.
pub(super) fn begin(out: &mut Vec<u8>) {
    ["--", BOUNDARY, "\r\n"].iter().for_each(|text| text.put(out));
}

pub(super) fn boundary(out: &mut Vec<u8>) {
    ["\r\n--", BOUNDARY, "\r\n"].iter().for_each(|text| text.put(out));
}
