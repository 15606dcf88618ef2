//! Newline-delimited JSON: one object a line. A message has `body` or `body_base64`, and nothing else has.

use super::{Protocol, Shape};
use crate::envelope::{changed, envelope, gap, handed};
use crate::put::Shown;
use crate::{Event, Form, Greeting, json, problem};

/// Newline-delimited JSON.
pub(super) struct Ndjson;

impl Protocol for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn also(&self) -> &'static [&'static str] {
        &["stream"]
    }

    fn about(&self) -> &'static str {
        "one JSON message a line, held open"
    }

    fn media_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope, Form::Body, Form::Delta]
    }

    fn greet(&self, greeting: &Greeting<'_>, _form: Form, out: &mut Vec<u8>) {
        welcome(greeting, out);
        out.push(b'\n');
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        value(event, form, out);
        out.push(b'\n');
    }
}

/// Appends an event as an object.
pub(super) fn value(event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
    match event {
        Event::Message(message, cursor) => envelope(message, *cursor, form, out),
        Event::Delta(message, delta, cursor) => changed(message, delta, cursor, out),
        Event::Handed(message, cursor, attempt) => handed(message, cursor, *attempt, form, out),
        _ => object(event, out),
    }
}

/// Appends a greeting as an object.
pub(super) fn welcome(greeting: &Greeting<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    json::quoted("session", Shown(greeting.session), out);
    json::quoted("cursor", greeting.cursor, out);
    out.push(b'}');
}

/// Appends an event that is not a message, as an object.
pub(super) fn object(event: &Event<'_>, out: &mut Vec<u8>) {
    out.push(b'{');
    fields(event, out);
    out.push(b'}');
}

/// Appends the fields of an event that is not a message; the data of system events elsewhere, too.
pub(super) fn fields(event: &Event<'_>, out: &mut Vec<u8>) {
    let cursor = match event {
        Event::Message(_, cursor) => *cursor,
        Event::Handed(_, cursor, _) | Event::Delta(_, _, cursor) | Event::Alive(cursor) => Some(*cursor),
        Event::Gap(lost, cursor) => {
            json::name("gap", out);
            gap(lost, out);
            *cursor
        }
        Event::Snapshot => {
            json::plain("snapshot", true, out);
            None
        }
        Event::CaughtUp(cursor, request) => {
            json::plain("caught_up", true, out);
            if let Some(request) = request {
                json::plain("reply", Shown(request), out);
            }
            Some(*cursor)
        }
        Event::Error(refusal) => {
            json::name("error", out);
            out.push(b'{');
            problem::fields(refusal, out);
            out.push(b'}');
            None
        }
        Event::Closing(refusal, retry) => {
            json::name("closing", out);
            out.push(b'{');
            problem::fields(refusal, out);
            json::plain("retry_ms", retry.as_millis(), out);
            out.push(b'}');
            None
        }
    };
    if let Some(cursor) = cursor {
        json::quoted("cursor", cursor, out);
    }
}
