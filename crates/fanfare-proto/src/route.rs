//! Who answers a request: the worker that owns the socket, for what is held open, or the API, for all else.
//!
//! A channel is a URL; how it is fetched decides how it is pushed. `via` beats `Accept`, and `wait` asks for a long
//! poll. What a protocol is called, its media type and its shape come from [`protocol::ALL`]: a new one needs nothing
//! here.

use crate::manner::check_script;
use crate::protocol::{self, Protocol, ProtocolId, Shape};
use crate::websocket::Handshake;
use crate::{
    Accept, AsReader, BodyLength, Code, Form, Framing, Head, Manner, Origins, Pattern, Preferences, Present,
    Query, Refusal, Start, Subscribe, Version, Wire, decode_path, limits, parse_duration, quote,
};
use std::time::Duration;

/// Where a request goes.
#[expect(clippy::large_enum_variant, reason = "it is taken apart where it is made, and never kept")]
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    /// The socket is held open and the worker answers.
    Hold(Hold),
    /// It is answered at once, by the API.
    Call,
}

/// A request that is held open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// How its events look on the wire.
    pub wire: Wire,
    /// What it wants to hear, and from where.
    pub subscribe: Subscribe,
    /// For an answer: how long to wait for something to say, at most [`limits::POLL_WAIT`]. `None` for a stream.
    pub wait: Option<Duration>,
    /// For a WebSocket: what it is answered.
    pub handshake: Option<Handshake>,
    /// How the protocol is to be spoken, if not as usual.
    pub manner: Option<Box<Manner>>,
}

/// Names at the root that are not channels, although `POST /alerts` publishes to `alerts`. Some belong to
/// specifications and later versions, so that no channel stands in their way; others are slips for an address of this server.
pub const RESERVED: &[&str] = &[
    ".well-known",
    "admin",
    "api",
    "c",
    "channels",
    "condition",
    "conditions",
    "console",
    "favicon.ico",
    "gallery",
    "healthz",
    "http-bind",
    "metrics",
    "mqtt",
    "openapi.json",
    "publish",
    "push",
    "reader",
    "readers",
    "readyz",
    "robots.txt",
    "schedule",
    "schedules",
    "session",
    "subscribe",
    "web",
    "webhook",
    "webhooks",
    "xmpp-websocket",
];

/// Parameters of reading that later versions understand.
pub const LATER_PARAMETERS: &[&str] = &["token"];
/// Parameters of what is held open, and of nothing else.
pub const HELD_PARAMETERS: &[&str] = &["ack", "hand", "presence", "presence_info", "reader", "wait"];

/// What a request on a held path names.
enum Place<'a> {
    /// `/c/<channel>`: its encoded name.
    Channel(&'a str),
    /// `/subscribe`.
    Subscribe,
}

/// Decides who answers. Refuses what is wrong with a request that would be held open; what is wrong with others, the
/// API says.
pub fn route(head: &Head<'_>, origins: &Origins) -> Result<Route, Refusal> {
    let Some(place) = held_place(head) else { return Ok(Route::Call) };
    let query = Query::parse(head.query())?;
    let Some(chosen) = choose(head, &query, &place)? else { return Ok(Route::Call) };
    if !matches!(head.body(), BodyLength::None | BodyLength::Length(0)) {
        return Err(Refusal::new(Code::BAD_REQUEST, "a request that is held open has no body"));
    }
    let mut known = Vec::with_capacity(32);
    for names in
        [&["via", "as"], HELD_PARAMETERS, Start::PARAMETERS, Preferences::PARAMETERS, Manner::PARAMETERS]
    {
        known.extend_from_slice(names);
    }
    if let Place::Subscribe = place {
        known.push("channel");
    }
    query.only(&known, LATER_PARAMETERS)?;
    let protocol = protocol::ALL[usize::from(chosen.0)];
    let answer = protocol.shape() == Shape::Answer;
    let handshake = match protocol.shape() {
        Shape::Socket => Some(Handshake::read(head, origins)?),
        _ => None,
    };
    let manner = Manner::asked(&query, protocol.manners())?;
    if protocol.crosses_origins() {
        check_script(head, origins)?;
    }
    let wait = wait(&query)?.unwrap_or(limits::POLL_WAIT_DEFAULT);
    let mut preferences = Preferences::asked(&query)?;
    let start = Start::asked(&query, head.get("last-event-id"))?;
    let usual = if protocol.replaces() { Start::Newest } else { Start::Now };
    // The newest of all is what it begins with anyway.
    preferences.latest &= !protocol.replaces();
    let start = preferences.start(start)?.unwrap_or(usual);
    let origin = head.text("origin").and_then(|origin| origins.find(origin));
    let wire = Wire {
        protocol: chosen,
        form: Form::asked(&query, protocol.forms())?,
        framing: framing(head, protocol, handshake),
        origin,
    };
    let reader = AsReader::asked(&query)?;
    // A reader knows what it hears.
    let patterns = patterns(&place, &query, handshake.is_some() || reader.is_some())?;
    let presence = Present::asked(&query)?;
    if presence.is_some() {
        Present::channels(&patterns)?;
    }
    let subscribe = Subscribe { patterns, preferences, start, presence, reader };
    if subscribe.reader.is_some() {
        subscribe.check_reader()?;
        if !protocol.tells_places(wire.form) {
            let detail = "reader: messages come without cursors here, and cannot be acknowledged; take another `via`, \
                          or leave `as=body` out";
            return Err(Refusal::new(Code::BAD_FIELD, detail));
        }
    }
    Ok(Route::Hold(Hold { wire, subscribe, wait: answer.then_some(wait), handshake, manner }))
}

/// The path, if requests on it can be held open. What belongs to a channel but is not it begins with `$`.
fn held_place<'a>(head: &Head<'a>) -> Option<Place<'a>> {
    if head.method != "GET" {
        return None;
    }
    match head.path().strip_prefix("/c/") {
        Some(name) if name.split('/').skip(1).any(|segment| segment.starts_with('$')) => None,
        Some(name) => Some(Place::Channel(name)),
        None => (head.path() == "/subscribe").then_some(Place::Subscribe),
    }
}

/// The protocol of a held response; `None` if the request is for the API.
fn choose(head: &Head<'_>, query: &Query<'_>, place: &Place<'_>) -> Result<Option<ProtocolId>, Refusal> {
    let waits = query.one("wait")?.is_some();
    let upgrades = head.lists("upgrade", "websocket");
    match query.one("via")? {
        Some(via) => return named(via, waits, upgrades, place),
        None if upgrades => return named("ws", waits, upgrades, place),
        None => {}
    }
    let accept = Accept::parse(head.all("accept"))?;
    let wanted = |shape: Shape| match place {
        _ if shape == Shape::Socket => false,
        _ if waits => shape == Shape::Answer,
        Place::Channel(_) => shape != Shape::Answer,
        Place::Subscribe => !shape.is_at_once(),
    };
    let candidates = protocol::ALL
        .iter()
        .enumerate()
        .filter(|(_, protocol)| !protocol.is_by_name_only() && wanted(protocol.shape()));
    let ranked = candidates.filter_map(|(index, protocol)| {
        // With no preference asked: a channel is a page, and several channels need what tells them apart.
        let usual = match place {
            Place::Channel(_) => protocol.shape() == Shape::Page,
            Place::Subscribe => protocol.forms()[0] == Form::Envelope,
        };
        let rank = (accept.wanted(protocol.media_type())?, usual, std::cmp::Reverse(index));
        Some((rank, ProtocolId(index as u8), protocol.shape()))
    });
    match (ranked.max_by_key(|(rank, ..)| *rank), place) {
        (Some((_, _, shape)), _) if shape.is_at_once() => Ok(None),
        (Some((_, protocol, _)), _) => Ok(Some(protocol)),
        (None, Place::Channel(_)) if !waits => Ok(None),
        (None, _) => Err(not_acceptable(wanted)),
    }
}

/// The protocol that `via` names.
fn named(via: &str, waits: bool, upgrades: bool, place: &Place<'_>) -> Result<Option<ProtocolId>, Refusal> {
    let bad = |detail: String| Err(Refusal::new(Code::BAD_FIELD, detail));
    let Some(id) = protocol::by_name(via) else {
        let named = |protocol: &&'static dyn protocol::Protocol| {
            std::iter::once(protocol.name()).chain(protocol.also().iter().copied())
        };
        let names: Vec<&str> = protocol::ALL.iter().flat_map(named).collect();
        return bad(format!("via: `{}` is none of {}", quote::shown(via), names.join(", ")));
    };
    let shape = protocol::ALL[usize::from(id.0)].shape();
    match (shape, place) {
        (Shape::Socket, _) if !upgrades => {
            let detail = format!("via={via} is WebSocket, and the request does not ask to switch to it");
            Err(Refusal::new(Code::UPGRADE, detail))
        }
        _ if upgrades && shape != Shape::Socket => {
            bad(format!("via={via} does not go over WebSocket; leave `via` or the `Upgrade` header out"))
        }
        (shape, Place::Subscribe) if shape.is_at_once() => {
            bad(format!("via={via}: /subscribe has no pages; fetch /c/<channel>"))
        }
        (Shape::Answer, _) => Ok(Some(id)),
        _ if waits => bad(format!("`wait` is for long polls, and via={via} is none")),
        (shape, _) => Ok((!shape.is_at_once()).then_some(id)),
    }
}

fn not_acceptable(wanted: impl Fn(Shape) -> bool) -> Refusal {
    let possible =
        protocol::ALL.iter().filter(|protocol| !protocol.is_by_name_only() && wanted(protocol.shape()));
    let types: Vec<&str> = possible.map(|protocol| protocol.media_type()).collect();
    let detail = format!("Accept names nothing that there is here: {}", types.join(", "));
    Refusal::new(Code::NOT_ACCEPTABLE, detail)
}

/// What is to be heard. A WebSocket may name that later.
fn patterns(place: &Place<'_>, query: &Query<'_>, later: bool) -> Result<Vec<Pattern>, Refusal> {
    let parse = |name: &str| {
        Pattern::parse(name)
            .map_err(|error| Refusal::new(Code::BAD_NAME, format!("`{}`: {error}", quote::shown(name))))
    };
    if let Place::Channel(name) = place {
        return Ok(vec![parse(&decode_path(name)?)?]);
    }
    let patterns = query.all("channel").map(parse).collect::<Result<Vec<_>, _>>()?;
    if patterns.is_empty() && !later {
        let detail = "name at least one channel or pattern: /subscribe?channel=a&channel=b/**";
        return Err(Refusal::new(Code::BAD_FIELD, detail));
    }
    if patterns.len() > limits::SUBSCRIPTIONS {
        let detail = format!("{} channels; at most {} are allowed", patterns.len(), limits::SUBSCRIPTIONS);
        return Err(Refusal::new(Code::TOO_MANY, detail));
    }
    Ok(patterns)
}

fn wait(query: &Query<'_>) -> Result<Option<Duration>, Refusal> {
    let Some(text) = query.one("wait")? else { return Ok(None) };
    let wait = parse_duration(text).and_then(|wait| {
        let most = limits::POLL_WAIT.as_secs();
        if wait <= limits::POLL_WAIT { Ok(wait) } else { Err(format!("at most {most} seconds are allowed")) }
    });
    wait.map(Some).map_err(|why| Refusal::new(Code::BAD_FIELD, format!("wait: {why}")))
}

/// HTTP/1.0 has no chunks, and its connections end with the response.
fn framing(head: &Head<'_>, protocol: &dyn Protocol, handshake: Option<Handshake>) -> Framing {
    if let Some(handshake) = handshake {
        return Framing::WebSocket(handshake.compression.map(|compression| compression.window_bits));
    }
    let open = head.version == Version::Http11 && head.keep_alive() && !protocol.closes();
    match (protocol.shape() == Shape::Answer, open) {
        (false, true) => Framing::Chunked,
        (false, false) => Framing::Close,
        (true, true) => Framing::Length,
        (true, false) => Framing::LengthClose,
    }
}
