//! What one connection has brought of each key, for bodies that come as changes (`docs/wire.md`, "Changes").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fanfare_proto::{apply_delta, limits};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Bytes that are held. When there are more, everything is forgotten, and whole bodies are asked for.
const BYTES: usize = 64 * 1024 * 1024;

/// Of each channel and key the body of the message that came last, with its position, if changes are made of bodies as long.
#[derive(Default)]
pub(crate) struct Held {
    bodies: HashMap<(String, Option<String>), (u64, Vec<u8>)>,
    bytes: usize,
}

/// What an envelope says of its body, as text of JSON.
#[derive(Deserialize)]
struct Said<'a> {
    channel: String,
    position: u64,
    key: Option<String>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    body_json: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    body_base64: Option<String>,
    cursor: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    base: u64,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    base64: Option<String>,
    gives: String,
}

impl Held {
    /// The envelope with its whole body, which is held from now on.
    pub fn whole(&mut self, envelope: &str) -> Result<String, String> {
        let said: Said<'_> = serde_json::from_str(envelope).map_err(|error| error.to_string())?;
        let key = (said.channel, said.key);
        let (body, whole) = match (said.delta, said.body_json) {
            (Some(raw), _) => {
                let delta: Delta<'_> = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
                let body = self.change(&key, &delta)?;
                let field = field(&delta.gives, &body)?;
                (body, replaced(envelope, "\"delta\":", raw, &field)?)
            }
            (None, Some(raw)) => {
                let body = text(raw)?.into_bytes();
                let field = field("body_json", &body)?;
                (body, replaced(envelope, "\"body_json\":", raw, &field)?)
            }
            (None, None) => {
                let decoded =
                    said.body_base64.map(|text| STANDARD.decode(text).map_err(|error| error.to_string()));
                let body = decoded.or_else(|| Some(text(said.body?).map(String::into_bytes)));
                (body.transpose()?.unwrap_or_default(), envelope.to_owned())
            }
        };
        // What a later subscription brings from the past, beside the session's place, is nothing to build on.
        if said.cursor.is_some() {
            self.hold(key, said.position, body);
        }
        Ok(whole)
    }

    fn change(&self, key: &(String, Option<String>), delta: &Delta<'_>) -> Result<Vec<u8>, String> {
        let change = match (&delta.text, &delta.base64) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|error| error.to_string())?,
            (None, None) => return Err("a change that says nothing".into()),
        };
        match self.bodies.get(key) {
            Some((position, body)) if *position == delta.base => {
                apply_delta(body, &change, limits::BODY_BYTES_MAX).map_err(|error| error.to_string())
            }
            _ => Err(format!("a change of the message at {}, which is not here", delta.base)),
        }
    }

    fn hold(&mut self, key: (String, Option<String>), position: u64, body: Vec<u8>) {
        let names = key.0.len() + key.1.as_ref().map_or(0, String::len);
        let size = |body: &Vec<u8>| names + body.len() + size_of::<(String, Option<String>, u64, Vec<u8>)>();
        let is_base = (limits::DELTA_MIN_BYTES..=limits::DELTA_MAX_BYTES).contains(&body.len());
        let old = match is_base {
            true => {
                self.bytes += size(&body);
                self.bodies.insert(key, (position, body))
            }
            // No change is made of it.
            false => self.bodies.remove(&key),
        };
        if let Some((_, old)) = old {
            self.bytes -= size(&old);
        }
        if self.bytes > BYTES {
            *self = Held::default();
        }
    }
}

fn text(raw: &RawValue) -> Result<String, String> {
    serde_json::from_str(raw.get()).map_err(|error| error.to_string())
}

/// A body as the field that it would have come in.
fn field(gives: &str, body: &[u8]) -> Result<String, String> {
    let text = || std::str::from_utf8(body).map_err(|error| error.to_string());
    match gives {
        // Line ends in JSON are white space.
        "body_json" => Ok(format!("\"body\":{}", text()?.replace(['\r', '\n'], " "))),
        "body" => Ok(format!("\"body\":{}", serde_json::Value::from(text()?))),
        "body_base64" => Ok(format!("\"body_base64\":\"{}\"", STANDARD.encode(body))),
        other => Err(format!("a body in a field `{other}`, which is unknown")),
    }
}

/// The envelope with a field in place of another, whose value is part of it.
fn replaced(envelope: &str, name: &str, value: &RawValue, field: &str) -> Result<String, String> {
    let from = value.get().as_ptr().addr().checked_sub(envelope.as_ptr().addr());
    let from = from.and_then(|from| from.checked_sub(name.len()));
    let parts = from.and_then(|from| {
        let rest = envelope.get(from..)?.strip_prefix(name)?.get(value.get().len()..)?;
        Some((envelope.get(..from)?, rest))
    });
    let (before, after) = parts.ok_or_else(|| format!("white space behind {name}"))?;
    Ok(format!("{before}{field}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::make_delta;
    use serde_json::{Value, json};

    fn envelope(position: u64, key: Option<&str>, body: Value) -> String {
        let mut envelope = json!({"channel": "a", "position": position, "key": key, "cursor": "C"});
        envelope.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        envelope.to_string()
    }

    fn delta(base: u64, from: &str, to: &str, gives: &str) -> Value {
        let mut change = Vec::new();
        make_delta(from.as_bytes(), to.as_bytes(), &mut change);
        json!({"delta": {"base": base, "text": String::from_utf8(change).unwrap(), "gives": gives}})
    }

    #[test]
    fn changes_give_the_envelopes_that_others_hear() {
        let one = r#"{"a": [1, 2, "ä"], "b": "as long as what changes are made of"}"#;
        let two = &one.replace("2", "3");
        let (text, texts) = (&*"text ".repeat(10), &*format!("{}s", "text ".repeat(10)));
        let mut held = Held::default();
        let mut whole = |text: String| serde_json::from_str::<Value>(&held.whole(&text).unwrap()).unwrap();
        let json = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let first = whole(envelope(1, None, json!({"body_json": one})));
        assert_eq!(
            first,
            json!({"channel": "a", "position": 1, "key": null, "cursor": "C", "body": json(one)})
        );
        assert_eq!(whole(envelope(2, Some("k"), json!({"body": text})))["body"], text);
        assert_eq!(whole(envelope(3, None, delta(1, one, two, "body_json")))["body"], json(two));
        assert_eq!(whole(envelope(4, Some("k"), delta(2, text, texts, "body")))["body"], texts);
        assert_eq!(
            whole(envelope(5, None, delta(3, two, one, "body_base64")))["body_base64"],
            STANDARD.encode(one)
        );
        // What a later subscription brings of the past does not replace what came with the session's place.
        whole(json!({"channel": "a", "position": 9, "body_json": one}).to_string());
        assert_eq!(whole(envelope(6, None, delta(5, one, two, "body_json")))["body"], json(two));
    }

    #[test]
    fn a_change_of_what_is_not_there_is_an_error() {
        let mut held = Held::default();
        let one = &*"one ".repeat(12);
        held.whole(&envelope(1, None, json!({"body": one}))).unwrap();
        for (key, base) in [(None, 2), (Some("k"), 1)] {
            let error = held.whole(&envelope(3, key, delta(base, one, "two", "body"))).unwrap_err();
            assert!(error.contains("not here"), "{error}");
        }
        let other = held.whole(&envelope(3, None, delta(1, "onx", "onx", "body_text"))).unwrap_err();
        assert!(other.contains("unknown"), "{other}");
    }

    #[test]
    fn what_no_change_is_made_of_is_not_held() {
        let mut held = Held::default();
        let bodies = [47, limits::DELTA_MAX_BYTES + 1].map(|length| "x".repeat(length));
        for (position, body) in (1..).zip(&bodies) {
            held.whole(&envelope(position, None, json!({"body": body}))).unwrap();
            assert_eq!((held.bodies.len(), held.bytes), (0, 0));
            // Nor is what came before it with the same key.
            held.whole(&envelope(position + 2, None, json!({"body": "x".repeat(48)}))).unwrap();
            assert_eq!(held.bodies.len(), 1);
        }
        held.whole(&envelope(9, None, json!({"body": "x"}))).unwrap();
        assert_eq!((held.bodies.len(), held.bytes), (0, 0));
    }

    #[test]
    fn there_is_a_limit() {
        let mut held = Held::default();
        for position in 0..300 {
            let body = "x".repeat(limits::DELTA_MAX_BYTES);
            held.whole(&envelope(position, Some(&position.to_string()), json!({"body": body}))).unwrap();
            assert!(held.bytes <= BYTES);
        }
        assert!(held.bodies.len() < 300);
    }
}
