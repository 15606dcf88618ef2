//! Protocols: what bytes mean. One file each; [`ALL`] is the only list.
//!
//! A protocol turns events into frames and knows nothing of sockets, sessions or chunks. Frames hold nothing
//! that belongs to one session, so that one frame serves all. Two shapes:
//!
//! - a **stream** is the concatenation of [`Protocol::greet`] and a frame for each event, without end;
//! - an **answer** is one body made of several frames by [`Protocol::answer`], and then the response is over.

mod html;
mod ndjson;
mod page;
mod poll;
mod raw;
mod sse;
mod ws;

use crate::{Cursor, Event, Form, Gap, Greeting};

/// An index into [`ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolId(pub u8);

/// How a protocol's responses end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Held open; goes on until one side leaves.
    Stream,
    /// Held until there is something to say; then one body.
    Answer,
    /// Answered at once from what is there; not held.
    Page,
    /// Answered at once, and the same for every channel: what runs in it opens one of the others.
    Document,
    /// A WebSocket: goes on as a stream does, and the reader speaks, too.
    Socket,
}

impl Shape {
    /// Whether events follow one another without end.
    pub fn goes_on(self) -> bool {
        matches!(self, Shape::Stream | Shape::Socket)
    }

    /// Whether the answer waits for nothing, so that no socket is held for it.
    pub fn is_at_once(self) -> bool {
        matches!(self, Shape::Page | Shape::Document)
    }
}

/// What bytes mean.
pub trait Protocol: Sync {
    /// A short stable name; also the value of `?via=`.
    fn name(&self) -> &'static str;
    /// Other values of `?via=` that mean this protocol.
    fn also(&self) -> &'static [&'static str] {
        &[]
    }
    /// One line for people.
    fn about(&self) -> &'static str;
    /// The media type of responses, and what `Accept` asks for.
    fn media_type(&self) -> &'static str;
    /// How responses end.
    fn shape(&self) -> Shape;
    /// The forms that it has; the first when the request names none.
    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope, Form::Body]
    }
    /// The first bytes of a stream.
    fn greet(&self, _greeting: &Greeting<'_>, _form: Form, _out: &mut Vec<u8>) {}
    /// Appends one event. An event that the protocol cannot say appends nothing.
    fn encode(&self, event: &Event<'_>, form: Form, out: &mut Vec<u8>);
    /// Whether messages come with their cursors: without, nothing can be acknowledged.
    fn tells_places(&self, _form: Form) -> bool {
        true
    }
    /// Whether an event's bytes are text, where that makes a difference: for WebSocket.
    fn is_text(&self, _event: &Event<'_>, _form: Form) -> bool {
        true
    }
    /// Joins the frames of messages into one body; only for [`Shape::Answer`] and [`Shape::Page`].
    fn answer(
        &self,
        _frames: &mut dyn Iterator<Item = &[u8]>,
        _cursor: &Cursor,
        _gaps: &[Gap],
        _out: &mut Vec<u8>,
    ) {
    }
}

/// Every protocol.
pub const ALL: &[&dyn Protocol] =
    &[&sse::Sse, &ndjson::Ndjson, &ws::Ws, &raw::Raw, &poll::Poll, &page::Page, &html::Html];

/// What history pages are: for whoever answers at once.
pub static PAGE: &dyn Protocol = &page::Page;
/// What the live page is: for whoever answers at once.
pub static HTML: &dyn Protocol = &html::Html;

/// The protocol of this name.
pub fn by_name(name: &str) -> Option<ProtocolId> {
    let named = |protocol: &&dyn Protocol| protocol.name() == name || protocol.also().contains(&name);
    ALL.iter().position(named).map(|index| ProtocolId(index as u8))
}
