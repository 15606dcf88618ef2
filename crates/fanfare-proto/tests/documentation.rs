//! docs/wire.md says what is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fanfare_proto::protocol::{ALL, Shape};
use fanfare_proto::{
    Amends, BARE_PARAMETERS, Became, Channel, Code, Content, Cursor, Form, Message, Position, TagValue, Time,
    envelope,
};

const DOCUMENT: &str = include_str!("../../../docs/wire.md");

/// The rows of the table below a heading row.
fn table(heading: &str) -> Vec<&'static str> {
    let mut lines = DOCUMENT.lines().skip_while(|line| !line.starts_with(heading));
    assert!(lines.next().is_some(), "{heading}");
    lines.skip(1).take_while(|line| line.starts_with('|')).collect()
}

/// The first cell of a row, without its quotes.
fn names(heading: &str) -> Vec<&'static str> {
    let first = |row: &'static str| row.split(" | ").next().unwrap().trim_start_matches("| ");
    table(heading)
        .into_iter()
        .flat_map(|row| first(row).split(", "))
        .map(|name| name.trim_matches('`'))
        .collect()
}

#[test]
fn the_table_of_protocols_is_the_list() {
    let rows = ALL.iter().map(|protocol| {
        let vias: Vec<String> =
            [protocol.name()].iter().chain(protocol.also()).map(|name| format!("`{name}`")).collect();
        let shape = match protocol.shape() {
            Shape::Stream => "stream",
            Shape::Answer => "answer",
            Shape::Page => "page",
            Shape::Feed => "feed",
            Shape::Document => "document",
            Shape::Socket => "socket",
        };
        let form = match protocol.forms()[0] {
            Form::Envelope => "envelope",
            Form::Body => "body",
            Form::Delta => "delta",
        };
        let (name, via, media_type, about) =
            (protocol.name(), vias.join(" "), protocol.media_type(), protocol.about());
        format!("| `{name}` | {via} | `{media_type}` | {shape} | {form} | {about} |")
    });
    assert_eq!(table("| protocol |"), rows.collect::<Vec<_>>());
}

#[test]
fn the_table_of_codes_is_the_list() {
    let rows = Code::ALL.iter().map(|code| {
        let Code { number, name, status, meaning } = code;
        format!("| {number} | `{name}` | {status} | {} | {meaning} |", code.retry().name())
    });
    assert_eq!(table("| code |"), rows.collect::<Vec<_>>());
}

#[test]
fn the_tables_of_fields_are_the_fields() {
    assert_eq!(names("| field | header |"), BARE_PARAMETERS);
    let content = Content {
        key: Some("k".into()),
        priority: Some(1),
        tags: [("t".into(), TagValue::Bool(true))].into(),
        event: Some("e".into()),
        content_type: Some("image/png".into()),
        notice: Some("{}".into()),
        amends: Some(Amends::Replaces(Position(1))),
        became: Some(Became::Edited(Position(3))),
        body: Default::default(),
    };
    let message = Message {
        channel: Channel::parse("a").unwrap(),
        position: Position(2),
        previous: Some(Position(1)),
        time: Time(0),
        id: None,
        publisher: None,
        expires: Some(Time(1)),
        content,
    };
    let mut out = Vec::new();
    envelope(&message, Some(&Cursor::default()), Form::Envelope, &mut out);
    let shown: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&out).unwrap();
    // Those that go with no other of their kind.
    let others = ["body", "deleted", "deletes"];
    let mut fields: Vec<&str> = shown.keys().map(String::as_str).chain(others).collect();
    let at = DOCUMENT.find("### The envelope").unwrap();
    let rows = DOCUMENT[at..]
        .lines()
        .skip_while(|line| !line.starts_with("| `"))
        .take_while(|line| line.starts_with('|'));
    let mut named: Vec<&str> = rows
        .flat_map(|row| row.split(" | ").next().unwrap().split(", "))
        .map(|name| name.trim_matches(['|', ' ', '`']))
        .collect();
    fields.sort_unstable();
    named.sort_unstable();
    assert_eq!(named, fields);
}

#[test]
fn examples_are_real() {
    let blocks: Vec<&str> =
        DOCUMENT.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 5);
    let cursors = DOCUMENT
        .split(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c))
        .filter(|word| word.starts_with("AQEA"));
    for cursor in cursors {
        assert!(Cursor::parse(cursor).is_ok(), "{cursor}");
    }
    for line in blocks.iter().flat_map(|block| block.lines()) {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}
