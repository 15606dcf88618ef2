//! Messages as lines of an export: the envelope that readers get, with what only the store knows, so that an import
//! makes the same message of it. Unlike a reader's envelope, a body comes back byte for byte.

use crate::door::item::{self, FIELDS};
use crate::door::{bad, short};
use crate::{Content, Cursor, Message, Publish, Refusal, Time, envelope, json, media, unknown_field};
use serde_json::value::RawValue;

/// Fields of a line that cannot be published: what the server gives, and who published.
const GIVEN: &[&str] = &["cursor", "expires", "position", "previous", "publisher", "selection", "time"];

/// A message from a line of an export.
#[derive(Debug, Clone, PartialEq)]
pub struct Archived {
    /// When it was accepted.
    pub time: Time,
    /// Who published it.
    pub publisher: Option<Box<str>>,
    /// Not delivered from this moment on.
    pub expires: Option<Time>,
    /// What was published; without `ttl`, which `expires` says.
    pub publish: Publish,
    /// Where it was, for whoever goes on after it.
    pub cursor: Option<Cursor>,
    /// What the messages of its export have in common, by a name for it; `None` if it has all of them.
    pub selection: Option<Box<str>>,
}

/// Appends a message as a JSON object, without a line end. The cursor is that of a reader who has heard it; the selection
/// is a name for what is exported, which whoever goes on compares. Line ends in a notice become spaces; everything else
/// comes back as it was.
pub fn archive_line(message: &Message, cursor: &Cursor, selection: Option<&str>, out: &mut Vec<u8>) {
    let mut line = vec![b'{'];
    envelope::place(message, &mut line);
    if let Some(id) = &message.id {
        json::string("id", id, &mut line);
    }
    if let Some(publisher) = &message.publisher {
        json::string("publisher", publisher, &mut line);
    }
    envelope::details(&message.content, message.expires, &mut line);
    body(&message.content, &mut line);
    json::quoted("cursor", cursor, &mut line);
    if let Some(selection) = selection {
        json::string("selection", selection, &mut line);
    }
    line.push(b'}');
    out.append(&mut line);
}

/// JSON and text as what they are where they come back as they were, else base64.
pub(crate) fn body(content: &Content, out: &mut Vec<u8>) {
    let said_json = content.content_type.as_deref().is_some_and(media::is_json);
    match std::str::from_utf8(&content.body) {
        Ok(text) if said_json && comes_back(text) => {
            json::name("body", out);
            out.extend_from_slice(text.as_bytes());
        }
        Ok(text) if !said_json && envelope::is_text(content) => json::string("body", text, out),
        _ => envelope::base64(content, out),
    }
}

/// Whether JSON text inside of a line is the same text when it is read.
fn comes_back(text: &str) -> bool {
    text.trim() == text && !text.contains(['\r', '\n']) && json::is_sound(text.as_bytes())
}

/// Reads a line of an export, or one that somebody wrote in this form. `position` and `previous` say where the message
/// was; it will be elsewhere. A field that is `null` is not given.
pub fn read_archive_line(line: &str) -> Result<Archived, Refusal> {
    let object = item::members(line)?;
    // What was accepted is not for later; and an export has messages as they are, without edits and deletes.
    let said = FIELDS.iter().filter(|name| !["at", "delay", "deletes", "replaces"].contains(*name));
    let known: Vec<&str> = said.chain(GIVEN).copied().collect();
    if let Some((name, _)) = object.iter().find(|(name, _)| !known.contains(&&**name)) {
        return Err(unknown_field("field", name, &known));
    }
    let (given, said): (Vec<_>, Vec<_>) = object.into_iter().partition(|(name, _)| GIVEN.contains(&&**name));
    let given = |field: &str| given.iter().find(|(name, value)| name == field && value.get() != "null");
    let text = |field: &str| given(field).map(|(_, value)| item::text(field, value)).transpose();
    let moment = |field: &str| -> Result<Option<Time>, Refusal> {
        let text = text(field)?;
        text.map(|text| Time::parse(&text).map_err(|why| bad(field, why))).transpose()
    };
    let mut publish = item::build(&said)?;
    let time = moment("time")?.ok_or_else(|| {
        bad("time", "it is missing: when the message was accepted, such as 2026-11-23T10:00:00Z")
    })?;
    let expires = match (moment("expires")?, publish.ttl.take()) {
        (Some(_), Some(_)) => return Err(bad("ttl", "give `expires` or `ttl`, not both")),
        (expires, ttl) => expires.or(ttl.map(|ttl| time.after(ttl))),
    };
    let publisher = text("publisher")?.map(|publisher| short("publisher", &publisher)).transpose()?;
    let cursor = text("cursor")?.map(|cursor| Cursor::parse(&cursor).map_err(|error| bad("cursor", error)));
    let selection = text("selection")?.map(|selection| short("selection", &selection)).transpose()?;
    given("position").or(given("previous")).map_or(Ok(()), |(name, value)| number(name, value))?;
    Ok(Archived { time, publisher, expires, publish, cursor: cursor.transpose()?, selection })
}

fn number(field: &str, value: &RawValue) -> Result<(), Refusal> {
    value.get().parse::<u64>().map(|_| ()).map_err(|_| bad(field, "it is not a whole number"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Channel, Code, CursorPart, Epoch, LogId, Position, TagValue};
    use proptest::prelude::*;

    fn message(content_type: Option<&str>, body: &[u8]) -> Message {
        let content = Content {
            key: Some("k\"1".into()),
            priority: Some(4),
            tags: [("n".into(), TagValue::Number(1.5)), ("t".into(), TagValue::Text("x".into()))].into(),
            event: Some("e".into()),
            content_type: content_type.map(Into::into),
            notice: Some("{\"title\":\"t\"}".into()),
            body: body.to_vec().into(),
            ..Content::default()
        };
        Message {
            channel: Channel::parse("a/b").unwrap(),
            position: Position(5),
            previous: Some(Position(3)),
            time: Time(1_700_000_000_123),
            id: Some("i".into()),
            publisher: Some("p".into()),
            expires: Some(Time(1_700_000_009_000)),
            content,
        }
    }

    fn line(message: &Message) -> String {
        let part = CursorPart { log: LogId::KEPT, epoch: Epoch(7), position: message.position };
        let mut out = b"before\n".to_vec();
        archive_line(message, &Cursor::new([part]), Some("some"), &mut out);
        String::from_utf8(out).unwrap().split_once('\n').unwrap().1.to_owned()
    }

    fn assert_comes_back(message: &Message) {
        let line = line(message);
        assert!(!line.contains('\n'), "{line}");
        let read = read_archive_line(&line).unwrap_or_else(|refusal| panic!("{line}: {refusal:?}"));
        let Archived { time, publisher, expires, publish, cursor, selection } = read;
        assert_eq!((time, publisher, expires), (message.time, message.publisher.clone(), message.expires));
        assert_eq!(publish.content, message.content, "{line}");
        assert_eq!((publish.channel, publish.id), (message.channel.clone(), message.id.clone()));
        assert_eq!(cursor.unwrap().part(LogId::KEPT).unwrap().position, message.position);
        assert_eq!(selection.as_deref(), Some("some"));
    }

    const TYPES: &[Option<&str>] = &[
        None,
        Some("text/plain"),
        Some("application/json"),
        Some("application/geo+json"),
        Some("image/png"),
    ];

    #[test]
    fn bodies_come_back_byte_for_byte() {
        let bodies: &[&[u8]] = &[
            b"",
            b"hello\r\n",
            b"\xff\0",
            b"null",
            b" null",
            b"{\"a\":\r\n1}",
            b"{oops",
            b"\"text\"",
            b"1e2",
            b"\"\\ud800\"",
            "é\u{2028}\u{1}".as_bytes(),
        ];
        for content_type in TYPES {
            bodies.iter().for_each(|body| assert_comes_back(&message(*content_type, body)));
        }
        let bare = Message {
            id: None,
            publisher: None,
            expires: None,
            content: Content::default(),
            ..message(None, b"")
        };
        assert_comes_back(&bare);
    }

    proptest! {
        #[test]
        fn any_body_comes_back(body: Vec<u8>, text: String, kind in 0usize..5) {
            assert_comes_back(&message(TYPES[kind], &body));
            assert_comes_back(&message(TYPES[kind], text.as_bytes()));
        }

        #[test]
        fn any_line_is_answered(line in ".{0,200}") {
            let _ = read_archive_line(&line);
        }
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let time = r#""time":"2026-11-23T10:00:00Z""#;
        for (line, code, said) in [
            (r#"{"channel":"a"}"#.to_owned(), Code::BAD_FIELD, "time: it is missing"),
            (r#"{"channel":"a","time":"soon"}"#.to_owned(), Code::BAD_FIELD, "RFC 3339"),
            (format!(r#"{{"channel":"a/",{time}}}"#), Code::BAD_NAME, "a/"),
            (format!(r#"{{{time}}}"#), Code::BAD_FIELD, "channel: it is missing"),
            (format!(r#"{{"channel":"a",{time},"bdy":1}}"#), Code::UNKNOWN_FIELD, "body"),
            (format!(r#"{{"channel":"a",{time},"position":-1}}"#), Code::BAD_FIELD, "whole number"),
            (format!(r#"{{"channel":"a",{time},"cursor":"x"}}"#), Code::BAD_FIELD, "cursor"),
            (
                format!(r#"{{"channel":"a",{time},"ttl":5,"expires":"2026-11-23T10:00:00Z"}}"#),
                Code::BAD_FIELD,
                "not both",
            ),
            ("[]".to_owned(), Code::BAD_JSON, "JSON object"),
            ("{\"channel\":".to_owned(), Code::BAD_JSON, "JSON object"),
        ] {
            let refusal = read_archive_line(&line).expect_err(&line);
            assert!(refusal.code == code && refusal.detail.contains(said), "{line}: {refusal:?}");
        }
        let ttl = read_archive_line(&format!(r#"{{"channel":"a",{time},"ttl":"5s","id":null}}"#)).unwrap();
        assert_eq!(ttl.expires, Some(ttl.time.after(std::time::Duration::from_secs(5))));
    }
}
