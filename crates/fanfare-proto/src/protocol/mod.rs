//! Protocols: what bytes mean. One file each; [`ALL`] is the only list.
//!
//! A protocol turns events into frames and knows nothing of sockets, sessions or chunks. Frames hold nothing
//! that belongs to one session, so that one frame serves all. Two shapes:
//!
//! - a **stream** is the concatenation of [`Protocol::begin`], [`Protocol::greet`] and a frame for each event, without end;
//! - an **answer** is one body made of several frames by [`Protocol::answer`], and then the response is over.

mod atom;
mod cdf;
mod cdf_note;
mod html;
mod jsonfeed;
mod jsonp;
mod mjpeg;
mod ndjson;
mod page;
mod poll;
mod pushlet;
mod raw;
mod replace;
mod rss;
mod script;
mod sse;
mod ws;

use crate::feed::Feed;
use crate::{Content, Cursor, Event, Form, Gap, Greeting, Manner};
use std::time::Duration;

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
    /// A page for feed readers, the newest first: [`Protocol::feed`] makes it.
    Feed,
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
        matches!(self, Shape::Page | Shape::Feed | Shape::Document)
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
    /// The `Content-Type` of responses: the media type with its parameters.
    fn content_type(&self) -> &'static str {
        self.media_type()
    }
    /// Headers of its responses, beside those that all have.
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[]
    }
    /// Whether only `via` asks for it, and no `Accept`.
    fn is_by_name_only(&self) -> bool {
        false
    }
    /// Those of [`Manner::PARAMETERS`] that it knows.
    fn manners(&self) -> &'static [&'static str] {
        &[]
    }
    /// How responses end.
    fn shape(&self) -> Shape;
    /// The forms that it has; the first when the request names none.
    fn forms(&self) -> &'static [Form] {
        &[Form::Envelope, Form::Body]
    }
    /// The first bytes of a stream, before all events. Who is to come back does so after `retry`.
    fn begin(&self, _manner: &Manner, _retry: Duration, _out: &mut Vec<u8>) {}
    /// The first event of a stream, unless there are gaps to tell.
    fn greet(&self, _greeting: &Greeting<'_>, _form: Form, _out: &mut Vec<u8>) {}
    /// Appends one event. An event that the protocol cannot say appends nothing.
    fn encode(&self, _event: &Event<'_>, _form: Form, _out: &mut Vec<u8>) {}
    /// Whether messages come with their cursors: without, nothing can be acknowledged.
    fn tells_places(&self, _form: Form) -> bool {
        true
    }
    /// Whether its responses end with the connection, and have no chunks.
    fn closes(&self) -> bool {
        false
    }
    /// Whether each message takes the place of the one before: only the newest is wanted.
    fn replaces(&self) -> bool {
        false
    }
    /// The media type that the frame of a message says the next one has.
    fn promise<'a>(&self, _content: &'a Content) -> Option<&'a str> {
        None
    }
    /// Appends what comes before the frame of a message, given what was promised. Answers what is promised from then
    /// on, until the frame is begun.
    fn lead<'a>(
        &self,
        _promised: Option<&str>,
        _content: &'a Content,
        _out: &mut Vec<u8>,
    ) -> Option<&'a str> {
        None
    }
    /// Whether an event's bytes are text, where that makes a difference: for WebSocket.
    fn is_text(&self, _event: &Event<'_>, _form: Form) -> bool {
        true
    }
    /// Whether browsers take its answers to pages of any origin, unasked.
    fn crosses_origins(&self) -> bool {
        false
    }
    /// Whether an answer whose wait has ended has a body, too.
    fn answers_empty(&self) -> bool {
        false
    }
    /// Appends a feed; only for [`Shape::Feed`].
    fn feed(&self, _feed: &Feed<'_>, _out: &mut Vec<u8>) {}
    /// Joins the frames of messages into one body; only for [`Shape::Answer`] and [`Shape::Page`].
    fn answer(
        &self,
        _frames: &mut dyn Iterator<Item = &[u8]>,
        _cursor: &Cursor,
        _gaps: &[Gap],
        _manner: &Manner,
        _out: &mut Vec<u8>,
    ) {
    }
}

/// For documents that anybody who may publish has written: they are no pages of this host (CSP 3, section 6.3).
const OF_OTHERS: &[(&str, &str)] = &[("Content-Security-Policy", "sandbox allow-scripts")];

/// Every protocol.
pub const ALL: &[&dyn Protocol] = &[
    &sse::Sse,
    &ndjson::Ndjson,
    &ws::Ws,
    &raw::Raw,
    &poll::Poll,
    &page::Page,
    &html::Html,
    &pushlet::Pushlet,
    &jsonp::Jsonp,
    &replace::Replace,
    &mjpeg::Mjpeg,
    &rss::Rss,
    &atom::Atom,
    &jsonfeed::JsonFeed,
    &cdf::Cdf,
    &cdf_note::CdfNote,
];

/// What history pages are: for whoever answers at once.
pub static PAGE: &dyn Protocol = &page::Page;
/// What the live page is: for whoever answers at once.
pub static HTML: &dyn Protocol = &html::Html;

/// The protocol of this name.
pub fn by_name(name: &str) -> Option<ProtocolId> {
    let named = |protocol: &&dyn Protocol| protocol.name() == name || protocol.also().contains(&name);
    ALL.iter().position(named).map(|index| ProtocolId(index as u8))
}
