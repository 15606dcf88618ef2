//! Messages as the server writes them in JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// A message with its fields.
#[derive(Debug, Deserialize)]
pub struct Envelope<'a> {
    #[serde(borrow)]
    pub channel: Cow<'a, str>,
    pub position: u64,
    #[serde(borrow)]
    pub time: Cow<'a, str>,
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    #[serde(borrow)]
    pub cursor: Cow<'a, str>,
    #[serde(borrow)]
    pub key: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub event: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub content_type: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub expires: Option<Cow<'a, str>>,
    pub priority: Option<u8>,
    #[serde(default)]
    pub tags: Map<String, Value>,
    #[serde(borrow)]
    pub notice: Option<&'a RawValue>,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    body_base64: Option<Cow<'a, str>>,
}

/// A range in which messages may be missing.
#[derive(Debug, Deserialize)]
pub struct Lost {
    from: u64,
    to: u64,
    reason: String,
}

impl Envelope<'_> {
    /// The body as it was published. JSON that had line ends has spaces in their place.
    pub fn body(&self) -> Result<Vec<u8>, String> {
        if let Some(text) = &self.body_base64 {
            return STANDARD.decode(&**text).map_err(|error| error.to_string());
        }
        let Some(raw) = self.body else { return Ok(Vec::new()) };
        match serde_json::from_str::<String>(raw.get()) {
            Ok(text) if !self.is_json() => Ok(text.into_bytes()),
            _ => Ok(raw.get().as_bytes().to_vec()),
        }
    }

    fn is_json(&self) -> bool {
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        essence == "application/json" || essence.ends_with("+json")
    }
}

impl Lost {
    /// What a person is told.
    pub fn warning(&self) -> String {
        let why = match &*self.reason {
            "trimmed" => "retention let them go before they were heard",
            "purged" => "somebody removed them",
            "epoch" => "the cursor is of another store, or of live messages that a restart forgot",
            "went-back" => "the store is older than the cursor, as after restoring a backup",
            other => other,
        };
        let Lost { from, to, .. } = self;
        if to < from {
            return format!("warning: messages may be missing: {why}");
        }
        format!("warning: messages after position {from} up to {to} may be missing: {why}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(fields: &str) -> Vec<u8> {
        let line = format!(r#"{{"channel":"a","position":1,"time":"t","id":"i","cursor":"c",{fields}}}"#);
        serde_json::from_str::<Envelope<'_>>(&line).unwrap().body().unwrap()
    }

    #[test]
    fn a_body_is_what_was_published() {
        for (fields, expected) in [
            (r#""body":"a \"b\"\n""#, "a \"b\"\n"),
            (r#""content_type":"application/json","body":{"a": [1]}"#, r#"{"a": [1]}"#),
            (r#""content_type":"application/json","body":"text""#, r#""text""#),
            (r#""content_type":"text/plain","body":"x""#, "x"),
            (r#""body_base64":"aGk=""#, "hi"),
            (r#""key":"k""#, ""),
        ] {
            assert_eq!(body(fields), expected.as_bytes(), "{fields}");
        }
    }
}
