//! One object of JSON lines (`docs/wire.md`, "JSON lines", "WebSocket").

use crate::error::Problem;
use crate::message::Gap;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// What an object says beside being a message, which it is if it has a channel.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Item {
    /// Where the session is.
    pub cursor: Option<String>,
    /// The session's name: the greeting.
    pub session: Option<IgnoredAny>,
    /// The number of the request that this answers.
    pub reply: Option<u64>,
    /// Messages may be missing.
    pub gap: Option<Gap>,
    /// Everything up to now was heard.
    #[serde(default)]
    pub caught_up: bool,
    /// What follows, until everything is heard, is the newest of each key.
    #[serde(default)]
    pub snapshot: bool,
    /// Something was refused.
    pub error: Option<Problem>,
    /// The session ends.
    pub closing: Option<Problem>,
    channel: Option<IgnoredAny>,
}

impl Item {
    /// Reads an object.
    pub fn parse(text: &str) -> Result<Item, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    /// A place alone.
    pub fn place(cursor: &str) -> Item {
        Item { cursor: Some(cursor.to_owned()), ..Item::default() }
    }

    /// Everything up to now was heard.
    pub fn caught_up() -> Item {
        Item { caught_up: true, ..Item::default() }
    }

    pub fn is_message(&self) -> bool {
        self.channel.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_told_apart() {
        let item = |text| Item::parse(text).unwrap();
        assert!(item(r#"{"channel":"a","position":3,"body":null,"cursor":"C"}"#).is_message());
        assert!(item(r#"{"channel":"a","position":3,"body_base64":"","cursor":"C"}"#).is_message());
        assert_eq!(item(r#"{"cursor":"C"}"#).cursor.as_deref(), Some("C"));
        assert!(item(r#"{"session":"S","cursor":"C"}"#).session.is_some());
        assert!(item(r#"{"gap":{"from":1,"to":3,"reason":"trimmed"},"cursor":"C"}"#).gap.is_some());
        assert!(item(r#"{"caught_up":true,"reply":1,"cursor":"C"}"#).caught_up);
        let closing =
            r#"{"closing":{"code":1001,"name":"draining","detail":"d","retry":"now","retry_ms":1500}}"#;
        assert!(item(closing).closing.is_some());
        assert!(Item::parse("not json").is_err());
    }
}
