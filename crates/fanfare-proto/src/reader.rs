//! Acked readers on the wire: how one is named, and how it acknowledges (design rule 16).

use crate::{Code, Cursor, Position, Query, Refusal, limits, quote};
use serde_json::value::RawValue;
use std::fmt;
use std::time::Duration;

/// The name of an acked reader: letters, digits and `-._`, at most [`limits::READER_NAME_BYTES`], not beginning with a dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReaderName(Box<str>);

impl ReaderName {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<ReaderName, Refusal> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let length = 1..=limits::READER_NAME_BYTES;
        if length.contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('.') {
            return Ok(ReaderName(text.into()));
        }
        let detail = format!(
            "reader: `{}` is no name of a reader: it has 1 to {} letters, digits and `-._`, and begins with no dot",
            quote::shown(text),
            limits::READER_NAME_BYTES
        );
        Err(Refusal::new(Code::BAD_NAME, detail))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// As whom a session hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AsReader {
    /// As this reader.
    pub name: ReaderName,
    /// What an earlier session was given up to here is done.
    pub done: Option<Cursor>,
    /// Messages that it has at the most which are not done: while it has as many, it is given no more.
    pub hand: usize,
}

impl AsReader {
    /// It is given whatever the reader's window has room for.
    pub fn new(name: ReaderName) -> AsReader {
        AsReader { name, done: None, hand: limits::READER_WINDOW }
    }

    /// What the parameters `reader`, `ack` and `hand` of a request ask, if they do.
    pub fn asked(query: &Query<'_>) -> Result<Option<AsReader>, Refusal> {
        let done = query.one("ack")?.map(|text| cursor("ack", text)).transpose()?;
        let hand = query.one("hand")?.map(hand).transpose()?;
        match query.one("reader")? {
            Some(text) => {
                let reader = AsReader::new(ReaderName::parse(text)?);
                Ok(Some(AsReader { done, hand: hand.unwrap_or(reader.hand), ..reader }))
            }
            None if done.is_some() => Err(bad("ack: it is for acked readers; say which: reader=<name>")),
            None if hand.is_some() => Err(bad("hand: it is for acked readers; say which: reader=<name>")),
            None => Ok(None),
        }
    }
}

/// What an acked reader says of messages that it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ack {
    /// Which messages.
    pub places: AckPlaces,
    /// After how long they are to be given again; none if they are done.
    pub again: Option<Duration>,
}

/// Which of the messages that were given are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AckPlaces {
    /// This one, and those before it that were given to the same session.
    Through(AckPlace),
    /// Exactly these.
    Each(Vec<AckPlace>),
}

/// One message that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AckPlace {
    /// That which came with this cursor.
    Cursor(Cursor),
    /// That of this position.
    Position(Position),
}

impl AckPlaces {
    /// Reads a cursor or a position, or an array of them.
    pub(crate) fn read(verb: &str, value: &RawValue) -> Result<AckPlaces, Refusal> {
        let text = value.get();
        if !text.starts_with('[') {
            return place(verb, text).map(AckPlaces::Through);
        }
        let wrong = |_| bad(format!("{verb}: it is a cursor or a position, or an array of them"));
        let items: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
        if items.len() > limits::READER_WINDOW {
            let detail = format!("{verb}: {} messages; at most {}", items.len(), limits::READER_WINDOW);
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        let places = items.into_iter().map(|item| place(verb, item.get()));
        places.collect::<Result<_, _>>().map(AckPlaces::Each)
    }
}

fn place(verb: &str, text: &str) -> Result<AckPlace, Refusal> {
    if let Ok(position) = text.parse() {
        return Ok(AckPlace::Position(Position(position)));
    }
    let text: String = serde_json::from_str(text)
        .map_err(|_| bad(format!("{verb}: it is a cursor or a position, or an array of them")))?;
    cursor(verb, &text).map(AckPlace::Cursor)
}

fn hand(text: &str) -> Result<usize, Refusal> {
    let hand = text.parse::<usize>().ok().filter(|hand| (1..=limits::READER_WINDOW).contains(hand));
    hand.ok_or_else(|| bad(format!("hand: it is a number from 1 to {}", limits::READER_WINDOW)))
}

fn cursor(name: &str, text: &str) -> Result<Cursor, Refusal> {
    Cursor::parse(text).map_err(|error| Refusal::new(Code::BAD_CURSOR, format!("{name}: {error}")))
}

fn bad(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::BAD_FIELD, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, CursorPart, Epoch, LogId, Request};

    fn read(text: &str) -> Result<Command, Refusal> {
        Request::read(text).command
    }

    #[test]
    fn names_are_plain() {
        for name in ["a", "phone-7", "work.shop_2", &"x".repeat(64)] {
            assert_eq!(ReaderName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", ".a", "a b", "a/b", "ü", "a%2F", &"x".repeat(65)] {
            assert_eq!(ReaderName::parse(name).unwrap_err().code, Code::BAD_NAME, "{name}");
        }
    }

    #[test]
    fn acknowledgements_name_messages() {
        let part = CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(9) };
        let cursor = Cursor::new([part]);
        let (at, position) = (AckPlace::Cursor(cursor.clone()), AckPlace::Position(Position(7)));
        let ack = |places, again| Ok(Command::Ack(Ack { places, again }));
        assert_eq!(read(&format!(r#"{{"ack":"{cursor}"}}"#)), ack(AckPlaces::Through(at.clone()), None));
        let both = AckPlaces::Each(vec![at, position]);
        assert_eq!(read(&format!(r#"{{"ack":["{cursor}",7]}}"#)), ack(both.clone(), None));
        let soon = Some(Duration::from_secs(10));
        assert_eq!(read(&format!(r#"{{"nack":["{cursor}",7],"delay":"10s"}}"#)), ack(both, soon));
        for (text, code) in [
            (r#"{"ack":true}"#, Code::BAD_FIELD),
            (r#"{"ack":["nonsense"]}"#, Code::BAD_CURSOR),
            (r#"{"ack":[-1]}"#, Code::BAD_FIELD),
            (r#"{"nack":7,"delay":"soon"}"#, Code::BAD_FIELD),
            (&format!(r#"{{"ack":[{}7]}}"#, "7,".repeat(256)), Code::TOO_MANY),
            (r#"{"subscribe":"a","reader":"a b"}"#, Code::BAD_NAME),
        ] {
            assert_eq!(read(text).unwrap_err().code, code, "{text}");
        }
    }
}
