//! The native protocol, over WebSocket. What is heard is what JSON lines have, an object in each message; what is asked
//! is a [`Request`](crate::Request). With `as=body` the messages' bodies and nothing else, for simple clients.

use super::{Protocol, Shape, ndjson};
use crate::envelope::{changed, envelope, handed, is_text};
use crate::{Event, Form, Greeting};

/// WebSocket.
pub(super) struct Ws;

impl Protocol for Ws {
    fn name(&self) -> &'static str {
        "ws"
    }

    fn also(&self) -> &'static [&'static str] {
        &["websocket"]
    }

    fn about(&self) -> &'static str {
        "WebSocket: the native protocol, both ways; or bodies alone"
    }

    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn shape(&self) -> Shape {
        Shape::Socket
    }

    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope, Form::Body, Form::Delta]
    }

    fn greet(&self, greeting: &Greeting<'_>, form: Form, out: &mut Vec<u8>) {
        if form != Form::Body {
            ndjson::welcome(greeting, out);
        }
    }

    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>) {
        match (event, form) {
            (Event::Message(message, _), Form::Body) => out.extend_from_slice(&message.content.body),
            (_, Form::Body) => {}
            (Event::Delta(message, delta, cursor), _) => changed(message, delta, cursor, out),
            (Event::Handed(message, cursor, attempt), _) => handed(message, cursor, *attempt, form, out),
            (Event::Message(message, cursor), _) => envelope(message, *cursor, form, out),
            _ => ndjson::object(event, out),
        }
    }

    fn tells_places(&self, form: Form) -> bool {
        form != Form::Body
    }

    fn is_text(&self, event: &Event<'_>, form: Form) -> bool {
        match (event, form) {
            (Event::Message(message, _), Form::Body) => is_text(&message.content),
            _ => true,
        }
    }
}
