//! What a client asks on a connection that goes both ways: a JSON object that has one member of [`VERBS`] and, if the
//! client wants to know the answer again, an `id`.

use crate::door::read_item;
use crate::{
    Ack, AckPlaces, AsReader, Code, Command, Cursor, History, Pattern, Preferences, Present, Query, Refusal,
    Start, Subscribe, json, limits, parse_duration, quote, unknown_field,
};
use serde_json::value::RawValue;
use std::fmt;

/// What can be asked.
pub const VERBS: &[&str] =
    &["ack", "history", "nack", "ping", "publish", "session", "subscribe", "unsubscribe"];

/// What can be asked where nothing but acknowledging is.
const ACK_VERBS: &[&str] = &["ack", "nack"];

/// The client's name for a request: a JSON number or text, given back as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Box<str>);

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its name, if it has one.
    pub id: Option<RequestId>,
    /// What is to be done, or why that is refused.
    pub command: Result<Command, Refusal>,
}

impl Request {
    /// Reads a request. What is wrong is said of the request whose name could be read.
    pub fn read(text: &str) -> Request {
        Request::read_among(text, VERBS, r#"{"id":1,"ping":true}"#)
    }

    /// Reads a request where it may only be `ack` or `nack`.
    pub fn read_ack(text: &str) -> Request {
        Request::read_among(text, ACK_VERBS, r#"{"ack":[17]}"#)
    }

    fn read_among(text: &str, verbs: &[&str], example: &str) -> Request {
        let members = match json::members(text) {
            Ok(members) => members,
            Err(error) => {
                let detail = format!("a request is a JSON object such as {example}: {error}");
                return Request { id: None, command: Err(Refusal::new(Code::BAD_JSON, detail)) };
            }
        };
        match member(&members, "id").map(id).transpose() {
            Ok(id) => Request { id, command: command(&members, verbs) },
            Err(refusal) => Request { id: None, command: Err(refusal) },
        }
    }
}

type Members<'a> = [(String, &'a RawValue)];

/// A member that is given: `null` is not.
fn member<'a>(members: &Members<'a>, name: &str) -> Option<&'a RawValue> {
    let found = members.iter().find(|(other, value)| other == name && value.get() != "null");
    found.map(|(_, value)| *value)
}

fn id(value: &RawValue) -> Result<RequestId, Refusal> {
    let text = value.get();
    if !text.starts_with(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        return Err(bad("id", "it is a number or text"));
    }
    if text.len() > limits::REQUEST_ID_BYTES {
        return Err(bad("id", format!("it has more than {} bytes", limits::REQUEST_ID_BYTES)));
    }
    if !json::is_sound(text.as_bytes()) {
        return Err(bad("id", json::UNSOUND));
    }
    Ok(RequestId(text.into()))
}

fn command(members: &Members<'_>, verbs: &[&str]) -> Result<Command, Refusal> {
    let mut asked = verbs.iter().filter_map(|verb| Some((*verb, member(members, verb)?)));
    let (verb, value) = match (asked.next(), asked.next()) {
        (Some(found), None) => found,
        (Some((one, _)), Some((other, _))) => {
            let detail = format!("`{one}` and `{other}` are two requests; send them one by one");
            return Err(Refusal::new(Code::BAD_FIELD, detail));
        }
        (None, _) => return Err(no_verb(members, verbs)),
    };
    let beside: &[&str] = match verb {
        "subscribe" => &[
            "after", "bytes", "filter", "hand", "last", "latest", "presence", "rate", "reader", "since",
            "view",
        ],
        "history" => &["after", "before", "filter", "last", "latest", "limit", "since", "view"],
        "nack" => &["delay"],
        _ => &[],
    };
    let known = |name: &str| name == verb || name == "id" || beside.contains(&name);
    if let Some((name, _)) = members.iter().find(|(name, _)| !known(name)) {
        return Err(unknown_field(&format!("field of `{verb}`"), name, beside));
    }
    match verb {
        "subscribe" => {
            let options = options(members, beside)?;
            let preferences = Preferences::asked(&options)?;
            let start = preferences.start(Start::asked(&options, None)?)?.unwrap_or_default();
            let reader = AsReader::asked(&options)?;
            let patterns = match (&reader, value.get()) {
                (Some(_), "[]") => Vec::new(),
                _ => patterns(verb, value)?,
            };
            let presence = member(members, "presence").map(presence).transpose()?;
            if presence.is_some() {
                Present::channels(&patterns)?;
            }
            Ok(Command::Subscribe(Subscribe { patterns, preferences, start, presence, reader }))
        }
        "unsubscribe" => Ok(Command::Unsubscribe(patterns(verb, value)?)),
        "publish" => Ok(Command::Publish(Box::new(read_item(value)?))),
        "history" => history(value, &options(members, beside)?),
        "ack" => Ok(Command::Ack(Ack { places: AckPlaces::read(verb, value)?, again: None })),
        "nack" => {
            let delay = options(members, beside)?.one("delay")?.map(parse_duration).transpose();
            let delay = delay.map_err(|why| bad("delay", why))?.unwrap_or_default();
            let again = Some(delay.min(limits::READER_WAITS[1]));
            Ok(Command::Ack(Ack { places: AckPlaces::read(verb, value)?, again }))
        }
        "ping" => Ok(Command::Ping),
        _ => Ok(Command::Session),
    }
}

fn no_verb(members: &Members<'_>, verbs: &[&str]) -> Refusal {
    match members.iter().find(|(name, _)| name != "id") {
        Some((name, _)) => unknown_field("request", name, verbs),
        None => {
            let detail = format!("the request asks for nothing; it may ask for {}", verbs.join(", "));
            Refusal::new(Code::BAD_FIELD, detail)
        }
    }
}

fn history(value: &RawValue, options: &Query<'_>) -> Result<Command, Refusal> {
    let preferences = Preferences::asked(options)?;
    let start = preferences.start(Start::asked(options, None)?)?;
    let before = options.one("before")?.map(Cursor::parse).transpose();
    let before = before.map_err(|error| Refusal::new(Code::BAD_CURSOR, format!("before: {error}")))?;
    let limit = options.one("limit")?.map(History::limit).transpose()?;
    Ok(Command::History(History::asked(patterns("history", value)?, preferences, start, before, limit)?))
}

/// The members that mean what a query's parameters of these names mean: numbers or texts.
fn options<'a>(members: &Members<'a>, names: &[&'a str]) -> Result<Query<'a>, Refusal> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| **name != "presence") {
        let Some(value) = member(members, name) else { continue };
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'"') => found.push((*name, self::text(name, value)?)),
            Some(b'0'..=b'9' | b'-') => found.push((*name, text.to_owned())),
            Some(b't' | b'f') if *name == "latest" => found.push((*name, text.to_owned())),
            _ if *name == "latest" => return Err(bad(name, "it is true or false")),
            _ => return Err(bad(name, "it is a number or text")),
        }
    }
    Ok(Query::of(found))
}

/// A member's name, or an object of its name and what it says of itself.
fn presence(value: &RawValue) -> Result<Present, Refusal> {
    if value.get().starts_with('"') {
        return Present::new(&text("presence", value)?, None);
    }
    let members = json::members(value.get()).map_err(|_| bad("presence", "it is text or an object"))?;
    const KNOWN: &[&str] = &["info", "member"];
    if let Some((name, _)) = members.iter().find(|(name, _)| !KNOWN.contains(&&**name)) {
        return Err(unknown_field("field of `presence`", name, KNOWN));
    }
    let name = member(&members, "member").ok_or_else(|| bad("presence", "it names no `member`"))?;
    Present::new(&text("member", name)?, member(&members, "info").map(RawValue::get))
}

fn patterns(verb: &str, value: &RawValue) -> Result<Vec<Pattern>, Refusal> {
    let names: Vec<String> = match value.get().as_bytes().first() {
        Some(b'"') => vec![text(verb, value)?],
        _ => serde_json::from_str(value.get())
            .map_err(|_| bad(verb, "it is the name of a channel or pattern, or an array of names"))?,
    };
    if names.is_empty() {
        return Err(bad(verb, "it names no channel"));
    }
    if names.len() > limits::SUBSCRIPTIONS {
        let detail = format!("{} channels; at most {} are allowed", names.len(), limits::SUBSCRIPTIONS);
        return Err(Refusal::new(Code::TOO_MANY, detail));
    }
    let parse = |name: &String| {
        Pattern::parse(name)
            .map_err(|error| Refusal::new(Code::BAD_NAME, format!("`{}`: {error}", quote::shown(name))))
    };
    names.iter().map(parse).collect()
}

fn text(name: &str, value: &RawValue) -> Result<String, Refusal> {
    serde_json::from_str(value.get()).map_err(|_| bad(name, "it is not text in quotes"))
}

fn bad(name: &str, why: impl fmt::Display) -> Refusal {
    Refusal::new(Code::BAD_FIELD, format!("{name}: {why}"))
}
