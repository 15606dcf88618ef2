//! Messages as envelopes: one JSON object, an array of them, or one on each line.

use super::bare::is_form;
use super::item;
use crate::{Code, Publish, Refusal, limits};
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// What a request with envelopes publishes. What is wrong with one message does not concern the others.
#[derive(Debug, Clone, PartialEq)]
pub enum Batch {
    /// One object: the answer is one, too.
    One(Result<Publish, Refusal>),
    /// An array or lines: the answer has a result for each, in this order. At most [`limits::BATCH_MESSAGES`].
    Many(Vec<Result<Publish, Refusal>>),
}

/// Reads envelopes. `content_type` decides between lines (`application/x-ndjson`) and JSON; without one, and with
/// what `curl -d` says, the body is lines if it is more than one JSON value.
///
/// Refused as a whole: a body that is no JSON at all, or has too many messages.
pub fn read_batch(content_type: Option<&str>, body: &[u8]) -> Result<Batch, Refusal> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(bad("the body is not UTF-8"));
    };
    let essence =
        content_type.map(|said| said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match essence.as_deref() {
        Some("application/x-ndjson" | "application/ndjson" | "application/jsonl") => lines(text),
        Some("application/json") => whole(text),
        Some(other) if !is_form(other) => {
            Err(bad("Content-Type is neither application/json nor application/x-ndjson"))
        }
        _ if has_more(text) => lines(text),
        _ => whole(text),
    }
}

/// Whether something follows the first JSON value.
fn has_more(text: &str) -> bool {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    matches!(values.next(), Some(Ok(_))) && !text[values.byte_offset()..].trim().is_empty()
}

fn lines(text: &str) -> Result<Batch, Refusal> {
    let said = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut items = Vec::new();
    for line in said {
        if items.len() == limits::BATCH_MESSAGES {
            return Err(too_many());
        }
        let value = serde_json::from_str::<&RawValue>(line).map_err(|error| bad(&what(&error)));
        items.push(value.and_then(item::read));
    }
    if items.is_empty() { Err(bad("the body is empty")) } else { Ok(Batch::Many(items)) }
}

fn whole(text: &str) -> Result<Batch, Refusal> {
    match text.trim_start().as_bytes().first() {
        Some(b'[') => {
            let mut json = serde_json::Deserializer::from_str(text);
            let array = json.deserialize_seq(Array).and_then(|array| json.end().map(|()| array));
            let values = array.map_err(|error| bad(&what(&error)))?.ok_or_else(too_many)?;
            Ok(Batch::Many(values.into_iter().map(item::read).collect()))
        }
        Some(b'{') => {
            let value = serde_json::from_str::<&RawValue>(text).map_err(|error| bad(&what(&error)))?;
            Ok(Batch::One(item::read(value)))
        }
        Some(_) => Err(bad("the body is not a JSON object, an array of them, or one a line")),
        None => Err(bad("the body is empty")),
    }
}

/// Reads an array and stops at the limit, before the memory is taken.
struct Array;

impl<'de> Visitor<'de> for Array {
    type Value = Option<Vec<&'de RawValue>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array of messages")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = array.next_element::<&RawValue>()? {
            if values.len() < limits::BATCH_MESSAGES + 1 {
                values.push(value);
            }
        }
        Ok((values.len() <= limits::BATCH_MESSAGES).then_some(values))
    }
}

fn what(error: &serde_json::Error) -> String {
    format!("this is not JSON: {error}")
}

fn bad(detail: &str) -> Refusal {
    Refusal::new(Code::BAD_JSON, detail)
}

fn too_many() -> Refusal {
    let detail = format!("there are more than {} messages", limits::BATCH_MESSAGES);
    Refusal::new(Code::TOO_MANY, detail)
}
