//! Filters: what is read is printed and read as the same, and `not` of it accepts what it refuses, whatever the body.
#![no_main]

use fanfare_proto::{Channel, Content, Fields, Filter, Message, Paths, Position, Time};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|said: (&str, &[u8])| {
    let (text, body) = said;
    let filter = match Filter::parse(text) {
        Ok(filter) => filter,
        Err(error) => return assert!((1..=text.chars().count() + 1).contains(&error.column), "{error}"),
    };
    assert_eq!(Filter::parse(filter.as_str()).as_ref(), Ok(&filter));
    let content = Content { body: body.to_vec().into(), ..Content::default() };
    let message = Message {
        channel: Channel::parse("a/b").unwrap(),
        position: Position(2),
        previous: None,
        time: Time(0),
        id: None,
        publisher: None,
        expires: None,
        content,
    };
    let (mut paths, mut fields) = (Paths::default(), Fields::default());
    let bound = paths.bind(&filter);
    fields.read(&paths, &message.content);
    let accepted = bound.accepts(&message, &fields);
    // As long and as deep as is allowed, it cannot be longer or deeper.
    if let Ok(opposite) = Filter::parse(&format!("not ({filter})")) {
        let opposite = paths.bind(&opposite);
        fields.read(&paths, &message.content);
        assert_ne!(opposite.accepts(&message, &fields), accepted);
        paths.release(opposite);
    }
    fields.read(&paths, &message.content);
    assert_eq!(bound.accepts(&message, &fields), accepted);
    paths.release(bound);
    assert!(paths.is_empty());
});
