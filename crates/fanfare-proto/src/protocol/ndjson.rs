//! Ndjson.

use super::{Form, Protocol, Shape};
use crate::Event;

/// Ndjson.
pub(super) struct Ndjson;

impl Protocol for Ndjson {
    fn name(&self) -> &'static str {
        "ndjson"
    }

    fn about(&self) -> &'static str {
        ""
    }

    fn media_type(&self) -> &'static str {
        "application/x-ndjson"
    }

    fn shape(&self) -> Shape {
        Shape::Stream
    }

    fn open(&self, cursor: &crate::Cursor, _retry: std::time::Duration, out: &mut Vec<u8>) {
        self.encode(&Event::Alive(cursor), Form::Envelope, out);
    }

    fn encode(&self, event: &Event<'_>, _form: Form, out: &mut Vec<u8>) {
        use std::io::Write;
        let _ = match event {
            Event::Message(m, c) => writeln!(
                out,
                r#"{{"channel":"{}","position":{},"body":"{}","cursor":"{c}"}}"#,
                m.channel,
                m.position,
                String::from_utf8_lossy(&m.content.body)
            ),
            Event::Gap(g, c) => {
                writeln!(out, r#"{{"gap":{{"from":{},"to":{}}},"cursor":"{c}"}}"#, g.from, g.to)
            }
            Event::Alive(c) | Event::CaughtUp(c) => writeln!(out, r#"{{"cursor":"{c}"}}"#),
            Event::Error(e) => writeln!(out, r#"{{"error":"{e}"}}"#),
            Event::Closing(e, _) => writeln!(out, r#"{{"closing":"{e}"}}"#),
        };
    }
}
