//! Random filters, and random messages that they often nearly want.

use crate::naive::{Constant, Place, Said};
use fanfare_proto::{Became, Channel, Content, Message, Position, TagValue, Time};
use proptest::prelude::*;
use proptest::sample::select;

const TEXTS: [&str; 8] = ["", "a", "ab", "abc", "ü", "a\"'\\b", "0", "x\ny"];
const NAMES: [&str; 8] = ["a", "b", "0", "1", "odd name", "", "ü-1", "\"]"];
const TAGS: [&str; 7] = ["a", "b", "temp", "in", "a.b", "ü-1", "deleted"];
const NUMBERS: [f64; 12] =
    [0.0, 1.0, 2.0, -1.0, 1.5, 0.1, 0.30000000000000004, 1e300, 1e-7, 9_007_199_254_740_993.0, 90.0, 3.0];
const CHANNELS: [&str; 4] = ["a", "a/b", "ab", "b/a"];

/// Moments close to each other.
fn time() -> impl Strategy<Value = Time> {
    (0u64..4).prop_map(|step| Time(1_795_428_000_000 + step))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(&TEXTS[..]).prop_map(str::to_owned), 1 => "[a-c]{0,3}".boxed()]
}

/// A name in a body, often the same.
fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![3 => Just("a"), 2 => Just("0"), 2 => select(&NAMES[..])]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![8 => select(&NUMBERS[..]), 1 => prop::num::f64::NORMAL]
}

/// Where, and what is compared there.
fn asked() -> impl Strategy<Value = (Place, BoxedStrategy<Constant>)> {
    let words = || text().prop_map(Constant::Text).boxed();
    let any = || {
        prop_oneof![
            any::<bool>().prop_map(Constant::Bool),
            number().prop_map(Constant::Number),
            (0u32..200_000).prop_map(Constant::Milliseconds),
            text().prop_map(Constant::Text),
        ]
        .boxed()
    };
    let path = prop::collection::vec(name().prop_map(str::to_owned), 0..4);
    prop_oneof![
        1 => Just(Place::Channel).prop_map(move |place| (place, select(&CHANNELS[..]).prop_map(|name| Constant::Text(name.to_owned())).boxed())),
        1 => Just(Place::Event).prop_map(move |place| (place, words())),
        1 => Just(Place::Key).prop_map(move |place| (place, words())),
        1 => Just(Place::Priority).prop_map(move |place| (place, number().prop_map(Constant::Number).boxed())),
        1 => Just(Place::Time).prop_map(|place| (place, time().prop_map(Constant::Moment).boxed())),
        3 => select(&TAGS[..]).prop_map(move |name| (Place::Tag(name.to_owned()), any())),
        8 => path.prop_map(move |names| (Place::Body(names), any())),
    ]
}

fn test() -> impl Strategy<Value = Said> {
    let compare = asked().prop_flat_map(|(place, constant)| {
        let signs = select(&["=", "!=", "<", "<=", ">", ">="][..]);
        (Just(place), signs, constant).prop_map(|(place, sign, constant)| {
            let order = matches!(constant, Constant::Bool(_)) && sign.contains(['<', '>']);
            Said::Compare(place, if order { "=" } else { sign }, constant)
        })
    });
    let list = asked().prop_flat_map(|(place, constant)| {
        (Just(place), prop::collection::vec(constant, 1..4)).prop_map(|(place, list)| Said::In(place, list))
    });
    let starts = (asked(), text()).prop_map(|((place, _), start)| match place {
        Place::Priority | Place::Time => Said::StartsWith(Place::Body(Vec::new()), start),
        place => Said::StartsWith(place, start),
    });
    let exists = asked().prop_map(|(place, _)| match place {
        Place::Channel | Place::Priority | Place::Time => Said::Exists(Place::Key),
        place => Said::Exists(place),
    });
    let became = select(vec![Said::Edited, Said::Deleted]);
    prop_oneof![8 => compare, 2 => list, 2 => starts, 2 => exists, 1 => became]
}

/// A filter.
pub(crate) fn said() -> impl Strategy<Value = Said> {
    test().prop_recursive(4, 12, 3, |inner| {
        let parts = || prop::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            parts().prop_map(Said::Any),
            parts().prop_map(Said::All),
            inner.clone().prop_map(|part| Said::Not(Box::new(part))),
        ]
    })
}

/// What decides how a filter is written.
pub(crate) fn style() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..16)
}

/// JSON as text, with members of one name, and names and text that are escaped.
fn json() -> impl Strategy<Value = String> {
    let escaped = |text: String| match text.len() % 2 {
        0 => serde_json::to_string(&text).unwrap(),
        _ => {
            let units: String = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{units}\"")
        }
    };
    let leaf = prop_oneof![
        select(&["null", "true", "false", "1e2", "-0", "[]", "{}", "18446744073709551617"][..])
            .prop_map(str::to_owned),
        number().prop_map(|number| format!("{number:?}")),
        text().prop_map(escaped),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        let name = name().prop_map(move |name| escaped(name.to_owned()));
        let member = (name, inner.clone()).prop_map(|(name, value)| format!("{name}: {value}"));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|elements| format!("[{}]", elements.join(","))),
            prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(", "))),
        ]
    })
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        10 => json().prop_map(String::into_bytes),
        2 => (json(), any::<prop::sample::Index>()).prop_map(|(text, cut)| {
            let mut bytes = text.into_bytes();
            bytes.truncate(cut.index(bytes.len()));
            bytes
        }),
        1 => text().prop_map(String::into_bytes),
        1 => Just(b"{\"a\": \"\\ud800\", \"b\": 1}".to_vec()),
        1 => Just(b"{\"a\": 1e999, \"b\": 1}".to_vec()),
        1 => Just(b"\"a\xff\"".to_vec()),
    ]
}

fn tag() -> impl Strategy<Value = TagValue> {
    prop_oneof![
        text().prop_map(|text| TagValue::Text(text.into())),
        number().prop_map(TagValue::Number),
        any::<bool>().prop_map(TagValue::Bool),
    ]
}

fn content() -> impl Strategy<Value = Content> {
    let tags = prop::collection::btree_map(select(&TAGS[..]).prop_map(Box::<str>::from), tag(), 0..4);
    let types = select(&[None, None, Some("application/json"), Some("text/plain"), Some("image/png")][..]);
    let texts = (prop::option::of(text()), prop::option::of(text()));
    let became = select(&[None, None, Some(Became::Edited(Position(9))), Some(Became::Deleted)][..]);
    (texts, prop::option::of(1u8..=5), tags, types, body(), became).prop_map(
        |((key, event), priority, tags, content_type, body, became)| Content {
            became,
            key: key.map(Into::into),
            priority,
            tags,
            event: event.map(Into::into),
            content_type: content_type.map(Into::into),
            body: body.into(),
            ..Content::default()
        },
    )
}

/// Messages, one after the other.
pub(crate) fn messages() -> impl Strategy<Value = Vec<Message>> {
    let message = (select(&CHANNELS[..]), time(), content()).prop_map(|(channel, time, content)| Message {
        channel: Channel::parse(channel).unwrap(),
        time,
        ..crate::message(content)
    });
    prop::collection::vec(message, 1..4)
}

/// Parts of filters in any order.
pub(crate) fn soup() -> impl Strategy<Value = String> {
    let parts = [
        "and",
        "or",
        "not",
        "in",
        "exists",
        "starts_with",
        "deleted",
        "edited",
        "true",
        "a",
        "tags",
        "body",
        "key",
        "time",
        "priority",
        "(",
        ")",
        "[",
        "]",
        ".",
        ",",
        "=",
        "!=",
        "<",
        ">=",
        "==",
        "&",
        " ",
        " ",
        " ",
        "\"a\"",
        "'",
        "\\",
        "0",
        "-1.5",
        "1e9",
        "5m",
        "\"2026-11-23T10:00:00Z\"",
        "ü",
        "\u{a0}",
        "not (",
        "a = 1",
        "exists(body)",
        " and ",
        " or ",
    ];
    prop::collection::vec(select(parts.to_vec()), 0..16).prop_map(|parts| parts.concat())
}
