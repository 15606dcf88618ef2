//! Server-Sent Events (HTML standard section 9.2). `id:` is the cursor, so that a browser that reconnects gives it
//! back in `Last-Event-ID`. What is not a message is an event whose name starts with `$`.

use super::{Protocol, Shape, ndjson};
use crate::envelope::{changed, envelope, handed};
use crate::put::Put;
use crate::{Cursor, Delta, Event, Form, Greeting, Message};
use std::io::Write;

/// Server-Sent Events.
pub(super) struct Sse;

impl Protocol for Sse {
    fn name(&self) -> &'static str {
        "sse"
    }

    fn about(&self) -> &'static str {
        "Server-Sent Events: what EventSource in every browser speaks"
    }

    fn media_type(&self) -> &'static str {
        "text/event-stream"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Body, Form::Envelope, Form::Delta]
    }

    fn greet(&self, greeting: &Greeting<'_>, _form: Form, out: &mut Vec<u8>) {
        let Greeting { cursor, retry, .. } = greeting;
        let _ = write!(out, "retry: {}\nid: {cursor}\nevent: $session\ndata: ", retry.as_millis());
        ndjson::welcome(greeting, out);
        out.extend_from_slice(b"\n\n");
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        match event {
            Event::Message(message, cursor) => encode_message(message, *cursor, None, form, out),
            Event::Delta(message, delta, cursor) => encode_change(message, delta, cursor, out),
            Event::Handed(message, cursor, attempt) => {
                encode_message(message, Some(cursor), Some(*attempt), form, out);
            }
            // An `id:` without data sets the last event id and dispatches nothing.
            Event::Alive(cursor) => {
                let _ = write!(out, "id: {cursor}\n\n");
            }
            Event::Gap(_, cursor) => system("$gap", *cursor, event, out),
            Event::Snapshot => system("$snapshot", None, event, out),
            Event::CaughtUp(cursor, _) => system("$caught-up", Some(cursor), event, out),
            Event::Error(_) => system("$error", None, event, out),
            Event::Closing(_, retry) => {
                let _ = writeln!(out, "retry: {}", retry.as_millis());
                system("$closing", None, event, out);
            }
        }
    }
}

fn encode_message(
    message: &Message,
    cursor: Option<&Cursor>,
    attempt: Option<u32>,
    form: Form,
    out: &mut Vec<u8>,
) {
    if let Some(cursor) = cursor {
        id(cursor, out);
    }
    if form == Form::Body && message.content.is_erased() {
        // There is no body to give: only the place moves.
        out.push(b'\n');
        return;
    }
    let text = std::str::from_utf8(&message.content.body).ok();
    match (form, text) {
        (Form::Body, Some(text)) => {
            name(message, out);
            for line in lines(text) {
                out.extend_from_slice(b"data: ");
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            }
        }
        _ => {
            // A body that is not text cannot travel bare; the name tells that this is an envelope.
            if form == Form::Body {
                out.extend_from_slice(b"event: $envelope\n");
            } else {
                name(message, out);
            }
            out.extend_from_slice(b"data: ");
            match (cursor, attempt) {
                (Some(cursor), Some(attempt)) => handed(message, cursor, attempt, whole(form), out),
                _ => envelope(message, cursor, whole(form), out),
            }
            out.push(b'\n');
        }
    }
    out.push(b'\n');
}

fn encode_change(message: &Message, delta: &Delta, cursor: &Cursor, out: &mut Vec<u8>) {
    id(cursor, out);
    name(message, out);
    out.extend_from_slice(b"data: ");
    changed(message, delta, cursor, out);
    out.extend_from_slice(b"\n\n");
}

fn id(cursor: &Cursor, out: &mut Vec<u8>) {
    out.extend_from_slice(b"id: ");
    cursor.put(out);
    out.push(b'\n');
}

/// The form with every field.
fn whole(form: Form) -> Form {
    if form == Form::Body { Form::Envelope } else { form }
}

fn name(message: &Message, out: &mut Vec<u8>) {
    if let Some(event) = message.content.event.as_deref().filter(|event| !event.contains(['\r', '\n'])) {
        let _ = writeln!(out, "event: {event}");
    }
}

/// The lines of a text, whatever ends them: an event stream knows only lines.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\r', b'\n', text.as_bytes()) else {
            rest = None;
            return Some(text);
        };
        let after = if text[end..].starts_with("\r\n") { end + 2 } else { end + 1 };
        rest = Some(&text[after..]);
        Some(&text[..end])
    })
}

fn system(name: &str, cursor: Option<&Cursor>, event: &Event<'_>, out: &mut Vec<u8>) {
    if let Some(cursor) = cursor {
        let _ = writeln!(out, "id: {cursor}");
    }
    let _ = write!(out, "event: {name}\ndata: {{");
    ndjson::fields(event, out);
    out.extend_from_slice(b"}\n\n");
}
