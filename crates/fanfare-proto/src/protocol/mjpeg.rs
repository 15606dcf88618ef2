//! `multipart/x-mixed-replace` for programs that read cameras (ffmpeg, mpv, VLC, Home Assistant): each part says its length.
//! Some of them show a part only once the next one has begun: each is sent twice.

use super::replace::{self, CONTENT_TYPE, boundary, media_type, shown};
use super::{Protocol, Shape};
use crate::put::Put;
use crate::{Event, Form, Manner};
use std::time::Duration;

/// Parts for programs.
pub(super) struct Mjpeg;

impl Protocol for Mjpeg {
    fn name(&self) -> &'static str {
        "mjpeg"
    }

    fn about(&self) -> &'static str {
        "each message replaces the last, twice and with its length: for ffmpeg and other readers of cameras"
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

    fn is_by_name_only(&self) -> bool {
        true
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

    fn begin(&self, _manner: &Manner, _retry: Duration, out: &mut Vec<u8>) {
        replace::begin(out);
    }

    fn encode(&self, event: &Event<'_>, _form: Form, out: &mut Vec<u8>) {
        let Some(content) = shown(event) else { return };
        for _ in 0..2 {
            ["Content-Type: ", media_type(content), "\r\nContent-Length: "]
                .iter()
                .for_each(|text| text.put(out));
            content.body.len().put(out);
            "\r\n\r\n".put(out);
            out.extend_from_slice(&content.body);
            boundary(out);
        }
    }
}
