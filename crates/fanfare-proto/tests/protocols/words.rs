//! Things to say.

use fanfare_proto::{
    Channel, Code, Content, Cursor, CursorPart, Epoch, Gap, GapReason, Greeting, LogId, Message, Position,
    Refusal, SessionId, TagValue, Time,
};
use proptest::prelude::*;
use std::time::Duration;

pub fn cursor(position: u64) -> Cursor {
    Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(3), position: Position(position) }])
}

pub fn gap(reason: GapReason) -> Gap {
    Gap { from: Position(2), to: Position(7), reason }
}

pub fn refusal() -> Refusal {
    Refusal::new(Code::FORBIDDEN, "a \"quoted\"\nreason")
}

pub fn closing() -> (Refusal, Duration) {
    (Code::DRAINING.into(), Duration::from_millis(1500))
}

/// What a stream that begins here says first.
pub fn greeting(cursor: &Cursor) -> Greeting<'_> {
    const SESSION: SessionId = SessionId { desk: 1, key: 2, secret: [3; 16] };
    Greeting { cursor, retry: Duration::from_millis(2500), session: &SESSION }
}

/// Only these bytes.
pub fn content(body: &'static [u8]) -> Content {
    Content { body: body.into(), ..Content::default() }
}

/// A message at a position, and the cursor of a reader that has heard it.
pub fn message(position: u64, content: &Content) -> (Message, Cursor) {
    let message = Message {
        channel: Channel::parse("caf\u{e9}/\"a\"").unwrap(),
        position: Position(position),
        previous: (position > 1).then(|| Position(position - 1)),
        time: Time(1_700_000_000_000 + position),
        id: position.is_multiple_of(2).then(|| format!("id-{position}").into()),
        publisher: Some("nobody's business".into()),
        expires: position.is_multiple_of(3).then_some(Time(1_800_000_000_000)),
        content: content.clone(),
    };
    (message, cursor(position))
}

/// Contents, with bodies near every rule of the protocols: line ends, colons, data that looks like fields, JSON of
/// all kinds, bytes that are no text.
pub fn said() -> impl Strategy<Value = Vec<Content>> {
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "(\r|\n|\r\n| |:|data: x|id: y|event: z|</script>|<!--|</|'|\\\\|&lt;|\u{0}|\u{feff}|\u{2028}|é|\\{|\\}){0,12}"
            .prop_map(String::into_bytes),
        r#"(\[|\]|\{"a":|\}|,|1|"\\u00e9\\n"|"\\ud800"|1e999|null|\r\n|\n){0,9}"#
            .prop_map(String::into_bytes),
        Just(b"{\"a\":\r\n [1, 2.50,\t\"x\"]\n}".to_vec()),
    ];
    let types =
        prop::sample::select(vec!["application/json", "text/plain", "image/png", "application/geo+json"]);
    let content =
        (body, prop::option::of(types), prop::option::of("[^$\\p{Cc}][^\\p{Cc}]{0,9}"), any::<u8>());
    let content = content.prop_map(|(body, content_type, event, dice)| Content {
        key: (dice & 1 == 0).then(|| "k\"1".into()),
        priority: (dice & 2 == 0).then_some(dice % 5 + 1),
        tags: if dice & 4 == 0 { tags() } else { Default::default() },
        event: event.map(Into::into),
        content_type: content_type.map(Into::into),
        notice: (dice & 8 == 0).then(|| "{\r\n\"title\": \"t\"}".into()),
        body: body.into(),
        ..Content::default()
    });
    prop::collection::vec(content, 0..5)
}

fn tags() -> fanfare_proto::Tags {
    let text = TagValue::Text("x\"y".into());
    [("n".into(), TagValue::Number(1.5)), ("t".into(), text), ("b\"".into(), TagValue::Bool(true))].into()
}
