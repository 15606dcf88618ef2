//! Tags: what filters see. In headers and queries `region=eu,price=1.2,open=true`; in envelopes a JSON object.

use super::fields::bad;
use crate::{Refusal, TagValue, Tags, limits, quote};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The largest whole number that a JSON reader keeps exactly (RFC 8259 section 6).
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads `name=value, name="text, with commas", name`. A value that is a JSON number or a boolean is one, unless it
/// stands in quotes; a name alone is true.
pub(super) fn parse(text: &str) -> Result<Tags, Refusal> {
    let mut tags = Tags::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest.find(['=', ',']).unwrap_or(rest.len());
        let name = rest[..end].trim();
        let value;
        (value, rest) = match rest[end..].strip_prefix('=') {
            Some(after) => read_value(name, after.trim_start())?,
            None => (TagValue::Bool(true), &rest[end..]),
        };
        add(&mut tags, name, value)?;
        rest = match rest.trim_start() {
            "" => "",
            more => {
                more.strip_prefix(',').ok_or_else(|| bad_tag(name, "a comma must follow its value"))?.trim()
            }
        };
    }
    Ok(tags)
}

/// Reads an object of text, numbers and booleans.
pub(super) fn parse_json(json: &RawValue) -> Result<Tags, Refusal> {
    let read = serde_json::from_str::<BTreeMap<String, serde_json::Value>>(json.get());
    let object = read.map_err(|error| match error.to_string().starts_with("number out of range") {
        true => bad("tags", "a number is too large: numbers go from -1.7e308 to 1.7e308; give it as text"),
        false => bad("tags", r#"it is not a JSON object such as {"region":"eu","price":1.2}"#),
    })?;
    let mut tags = Tags::new();
    for (name, value) in object {
        let value = match value {
            serde_json::Value::String(text) => TagValue::Text(checked_text(&name, text)?),
            serde_json::Value::Bool(value) => TagValue::Bool(value),
            serde_json::Value::Number(number) => TagValue::Number(number.as_f64().unwrap_or_default()),
            _ => return Err(bad_tag(&name, "its value is not text, a number or a boolean")),
        };
        add(&mut tags, &name, value)?;
    }
    Ok(tags)
}

fn read_value<'a>(name: &str, text: &'a str) -> Result<(TagValue, &'a str), Refusal> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = read_quoted(quoted).ok_or_else(|| bad_tag(name, "its quotes do not end"))?;
        return Ok((TagValue::Text(checked_text(name, value)?), rest));
    }
    let (value, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
    let value = match value.trim() {
        "true" => TagValue::Bool(true),
        "false" => TagValue::Bool(false),
        value => match number(value) {
            Some(number) => TagValue::Number(number),
            None => TagValue::Text(checked_text(name, value.to_owned())?),
        },
    };
    Ok((value, rest))
}

/// Text up to the closing quote, and what follows; `\` takes the next character as it is.
fn read_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    loop {
        match chars.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(chars.next()?.1),
            (_, c) => value.push(c),
        }
    }
}

/// A JSON number that loses nothing: `007` and numbers too large to be exact are text.
fn number(text: &str) -> Option<f64> {
    let number: f64 = serde_json::from_str(text).ok()?;
    (number.is_finite() && (number.fract() != 0.0 || number.abs() <= EXACT)).then_some(number)
}

fn checked_text(name: &str, text: String) -> Result<Box<str>, Refusal> {
    if text.len() > limits::FIELD_BYTES {
        let why = format!("its value has {} bytes; at most {} are allowed", text.len(), limits::FIELD_BYTES);
        return Err(bad_tag(name, why));
    }
    if text.contains(char::is_control) {
        return Err(bad_tag(name, "its value has a control character"));
    }
    Ok(text.into())
}

fn add(tags: &mut Tags, name: &str, value: TagValue) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(bad("tags", "a tag has no name; write name=value, with commas between"));
    }
    if name.len() > limits::TAG_BYTES || name.contains(|c: char| c.is_control() || "=,\"".contains(c)) {
        let why = format!("a name has at most {} bytes, no quote, no comma and no `=`", limits::TAG_BYTES);
        return Err(bad_tag(name, why));
    }
    if tags.insert(name.into(), value).is_some() {
        return Err(bad_tag(name, "it is given twice"));
    }
    if tags.len() > limits::TAGS {
        return Err(bad("tags", format!("more than {} are not allowed", limits::TAGS)));
    }
    Ok(())
}

fn bad_tag(name: &str, why: impl std::fmt::Display) -> Refusal {
    bad("tags", format!("`{}`: {why}", quote::shown(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(value: &str) -> TagValue {
        TagValue::Text(value.into())
    }

    #[test]
    fn forms_of_tags() {
        let expected = [
            ("region", text("eu")),
            ("price", TagValue::Number(1.2)),
            ("open", TagValue::Bool(true)),
            ("alarm", TagValue::Bool(true)),
            ("zip", text("007")),
            ("account", text("12345678901234567890")),
            ("quoted", text("1.2")),
            ("list", text("a, \"b\"")),
            ("empty", text("")),
            ("equal", text("a=b")),
        ];
        let tags = parse(
            "region=eu, price=1.2,open=true ,alarm,zip=007,account=12345678901234567890,\
             quoted=\"1.2\",list=\"a, \\\"b\\\"\" , empty=,equal=a=b",
        );
        assert_eq!(tags.unwrap(), expected.into_iter().map(|(name, value)| (name.into(), value)).collect());
        assert_eq!(parse(" "), Ok(Tags::new()));
    }

    #[test]
    fn nonsense_is_named() {
        let many: String = (0..=limits::TAGS).map(|number| format!("t{number}=1,")).collect();
        let long = format!("a={}", "x".repeat(limits::FIELD_BYTES + 1));
        for (given, why) in [
            ("=", "no name"),
            (",", "no name"),
            ("a=1,,b=2", "no name"),
            ("a=1,a=2", "`a`: it is given twice"),
            ("a=\"x", "quotes do not end"),
            ("a=\"x\\", "quotes do not end"),
            ("a=\"x\"y", "a comma must follow"),
            ("a=\u{7}", "control character"),
            ("a\"b=1", "no quote"),
            (&many, "more than 32"),
            (&long, "257 bytes"),
        ] {
            let refusal = parse(given).expect_err(given);
            assert!(refusal.detail.contains(why), "{given}: {refusal}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[a=,\"\\\\ é1.]{0,30}") {
            let _ = parse(&text);
        }
    }
}
