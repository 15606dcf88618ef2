//! Bodies, and what filters see of them.

use crate::{accepts, message};
use fanfare_proto::{Content, Fields, Filter, Paths, limits};

/// A filter, and whether it accepts a body of this type.
fn sees(filter: &str, content_type: Option<&str>, body: impl AsRef<[u8]>) -> bool {
    let content = Content {
        content_type: content_type.map(Into::into),
        body: body.as_ref().to_vec().into(),
        ..Content::default()
    };
    accepts(filter, &message(content))
}

#[test]
fn of_members_of_one_name_the_last_counts() {
    for (filter, accepted) in [
        ("body.a = 2", true),
        ("body.a = 1", false),
        ("body.o.x = 1", false),
        ("body.o.y = 2", true),
        ("exists(body.o.x)", false),
        ("exists(body.gone.x)", false),
        ("exists(body.gone)", false),
        ("body.list.0 = 3", true),
        ("exists(body.list.1)", false),
        ("body.back.x.y = 1", true),
    ] {
        let body = r#"{"a":1,"o":{"x":1,"y":1},"gone":{"x":1},"list":[1,2],"back":{"x":{"z":1}},
                       "a":2,"o":{"y":2},"gone":null,"list":[3],"back":0,"back":{"x":{"y":1}}}"#;
        assert_eq!(sees(filter, None, body), accepted, "{filter}");
    }
}

#[test]
fn a_body_is_what_its_type_and_its_bytes_say() {
    let json = Some("application/json");
    for (filter, content_type, body, accepted) in [
        ("body.a = 1", json, "{\"a\":1}", true),
        ("body.a = 1", None, "{\"a\":1}", true),
        ("body.a = 1", Some("application/geo+json"), "{\"a\":1}", true),
        ("body.a = 1", Some("text/plain"), "{\"a\":1}", false),
        ("starts_with(body, \"{\")", Some("text/plain"), "{\"a\":1}", true),
        ("starts_with(body, \"{\")", json, "{\"a\":1}", false),
        ("exists(body)", json, "{\"a\":1}", true),
        ("body = 21.5", None, "21.5", true),
        ("body = \"21.5\"", None, "21.5", false),
        ("body = \"21.5\"", Some("text/plain"), "21.5", true),
        ("body = \"on\"", None, "on", true),
        ("body = \"on\"", None, "\"on\"", true),
        ("body = \"{\"", json, "{", true),
        ("exists(body)", Some("image/png"), "x", false),
        ("exists(body)", None, "", false),
        ("exists(body)", json, "null", false),
        // What comes after is wrong, or more: there is no field at all.
        ("exists(body.a)", json, "{\"a\":1} 2", false),
        ("exists(body.a)", json, "{\"a\":1,", false),
        ("exists(body.a)", json, "{\"a\":1,\"b\":\"\\ud800\"}", false),
        ("exists(body.a)", json, "{\"a\":1,\"b\":1e999}", false),
    ] {
        assert_eq!(sees(filter, content_type, body), accepted, "{filter} of {content_type:?} {body}");
    }
    assert!(!sees("exists(body)", None, b"\xff"));
}

#[test]
fn elements_are_counted_as_they_are_written() {
    for (filter, accepted) in [
        ("body.0.a = 1", true),
        ("body[0].a = 1", true),
        ("body[\"0\"].a = 1", true),
        ("body.11 = 12", true),
        ("exists(body.12)", false),
        ("exists(body.00)", false),
        ("exists(body.a)", false),
    ] {
        assert_eq!(sees(filter, None, r#"[{"a":1},2,3,4,5,6,7,8,9,10,11,12]"#), accepted, "{filter}");
    }
    assert!(sees("body.o.00 = 1 and body.o.0 = 2", None, r#"{"o":{"00":1,"0":2}}"#));
}

#[test]
fn numbers_are_compared_exactly() {
    for number in [
        "0.30000000000000004",
        "9007199254740993",
        "1.7976931348623157e308",
        "5e-324",
        "123456789012345678901",
    ] {
        assert!(sees(&format!("body.a = {number}"), None, format!("{{\"a\":{number}}}")), "{number}");
    }
    assert!(!sees("body = 0.3", None, "0.30000000000000004"));
    assert!(sees("body = 9007199254740992", None, "9007199254740993"), "as 64-bit floating point");
}

#[test]
fn long_text_compares_as_if_it_were_whole() {
    let most = limits::FILTER_BYTES - "body = \"\"".len();
    let (text, more) = ("x".repeat(most), "x".repeat(most + 1));
    for (body, equal) in [(text.clone(), true), (more, false), ("x".repeat(100_000), false)] {
        assert_eq!(sees(&format!("body=\"{}\"", text), None, &body), equal);
        assert_eq!(sees(&format!("body>\"{}\"", text), None, &body), !equal);
        assert_eq!(
            sees(&format!("body.a=\"{}\"", &text[2..]), None, format!("{{\"a\":\"{}\"}}", &body[2..])),
            equal
        );
    }
    assert!(sees("starts_with(body, \"x\")", None, "x".repeat(100_000)));
}

#[test]
fn a_body_that_is_too_large_or_too_deep_has_no_fields() {
    let wide = |length: usize| format!("{{\"a\":1}}{}", " ".repeat(length - 7));
    assert!(sees("body.a = 1", None, wide(limits::FIELDS_BODY_BYTES)));
    assert!(!sees("exists(body)", None, wide(limits::FIELDS_BODY_BYTES + 1)));
    let deep = |name: &str, levels: usize| {
        format!("{{\"a\":1,\"{name}\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1))
    };
    for name in ["other", "deep"] {
        let filter = "body.a = 1 and exists(body.deep.0.0.0) or body.a = 1";
        assert!(sees(filter, None, deep(name, limits::JSON_DEPTH)), "{name}");
        assert!(!sees(filter, None, deep(name, limits::JSON_DEPTH + 1)), "{name}");
        assert!(!sees(filter, None, deep(name, 100_000)), "{name}");
    }
}

#[test]
fn the_fields_of_one_message_are_not_those_of_the_next() {
    let (mut paths, mut fields) = (Paths::default(), Fields::default());
    let filter = paths.bind(&Filter::parse("exists(body.a.b) or exists(body)").unwrap());
    let exists = paths.bind(&Filter::parse("exists(body.a.b)").unwrap());
    for (body, accepted, there) in
        [("{\"a\":{\"b\":1}}", true, true), ("{\"a\":1}", true, false), ("", false, false)]
    {
        let message = message(Content { body: body.into(), ..Content::default() });
        fields.read(&paths, &message.content);
        assert_eq!(
            (filter.accepts(&message, &fields), exists.accepts(&message, &fields)),
            (accepted, there),
            "{body}"
        );
    }
}
