//! Pushlets: a page that never finishes loading, one script for each event. The oldest way to push to a browser; it
//! needs nothing of it but frames and scripts.
//!
//! Each script calls one function, which the page has defined at its beginning, with the object that NDJSON would have on a line. That
//! function hands it to what the address names (`callback`), and opens the page anew from its cursor when it
//! ends, falls silent or has grown large: no time-out is the end of it.

use super::{Protocol, Shape, ndjson, script};
use crate::put::Put;
use crate::{Event, Form, Greeting, Manner, limits};
use std::time::Duration;

/// Pushlets.
pub(super) struct Pushlet;

/// What is called if the address names nothing.
const CALLBACK: &str = "parent.onpush";
/// Defines what the scripts call.
const RECEIVER: &str = include_str!("pushlet.js");

impl Protocol for Pushlet {
    fn name(&self) -> &'static str {
        "pushlet"
    }

    fn about(&self) -> &'static str {
        "a page that never finishes loading, one script a message (`callback=parent.onpush`)"
    }

    fn media_type(&self) -> &'static str {
        "text/html"
    }

    /// Said outright: whoever guesses encodings waits for more bytes.
    fn content_type(&self) -> &'static str {
        "text/html; charset=utf-8"
    }

    /// Its own scripts and its own host, whatever a message may try.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; connect-src 'self'")]
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn is_by_name_only(&self) -> bool {
        true
    }

    /// Of chunks that end too early Chromium tells a page nothing; the end of a connection completes it.
    fn closes(&self) -> bool {
        true
    }

    fn manners(&self) -> &'static [&'static str] {
        &["callback", "pad"]
    }

    fn begin(&self, manner: &Manner, retry: Duration, out: &mut Vec<u8>) {
        "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Fanfare</title>\n".put(out);
        if manner.pad > 0 {
            "<!--".put(out);
            out.resize(out.len() + usize::from(manner.pad), b' ');
            "-->\n".put(out);
        }
        "<script>".put(out);
        RECEIVER.trim_end().put(out);
        "(['".put(out);
        let callback = manner.callback.as_ref().map_or(CALLBACK, |callback| callback.as_str());
        callback.replace('.', "','").as_str().put(out);
        "'], ".put(out);
        retry.as_millis().put(out);
        ", ".put(out);
        (2 * limits::ALIVE_TIME.as_millis()).put(out);
        ");</script>\n</head><body>\n".put(out);
    }

    fn greet(&self, greeting: &Greeting<'_>, _form: Form, out: &mut Vec<u8>) {
        let mut said = Vec::new();
        ndjson::welcome(greeting, &mut said);
        call(&said, false, out);
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        let mut said = Vec::with_capacity(512);
        ndjson::value(event, form, &mut said);
        call(&said, matches!(event, Event::Alive(_)), out);
    }
}

fn call(said: &[u8], quiet: bool, out: &mut Vec<u8>) {
    "<script>fanfare(".put(out);
    script::string(said, out);
    (if quiet { ",1)</script>\n" } else { ")</script>\n" }).put(out);
}
