//! The schemas of conditions.

use super::schemas::envelope;
use crate::operation::reference;
use serde_json::{Value, json};

/// Each by its name.
pub(super) fn schemas() -> Value {
    json!({
        "ConditionWish": wish(),
        "ConditionName": { "type": "string", "pattern": "^[0-9a-f]{16}$" },
        "ConditionMade": {
            "description": "The answer to whoever makes a condition.",
            "type": "object",
            "required": ["condition", "channel", "watch"],
            "properties": {
                "condition": reference("ConditionName"),
                "channel": { "type": "string" },
                "watch": { "type": "string" },
            },
            "additionalProperties": false,
        },
        "Condition": {
            "description": "A condition with all it has: the fields of its message, its own, and how it stands.",
            "type": "object",
            "required": ["condition", "channel", "watch", "pause", "created", "state", "pending", "firing", "published"],
            "properties": {
                "condition": reference("ConditionName"),
                "channel": { "type": "string" },
                "watch": { "type": "string" },
                "when": { "type": "string" },
                "until": { "type": "string" },
                "for": reference("Duration"),
                "silent": reference("Duration"),
                "repeat": reference("Duration"),
                "pause": reference("Duration"),
                "created": reference("Time"),
                "state": standing(),
                "pending": { "description": "Channels that are pending.", "type": "integer", "minimum": 0 },
                "firing": { "description": "Channels that are firing.", "type": "integer", "minimum": 0 },
                "published": { "description": "Messages that it has published.", "type": "integer", "minimum": 0 },
                "fired": reference("Time"),
                "left_out": { "description": "Messages of channels that were too many.", "type": "integer" },
                "lost": {
                    "description": "What was gone before it could be judged, the last time.",
                    "type": "object",
                    "properties": { "time": reference("Time"), "reason": { "type": "string" } },
                },
                "cursor": reference("Cursor"),
                "channels": { "type": "array", "items": channel() },
                "ttl": reference("Duration"),
            },
        },
        "Conditions": {
            "type": "object",
            "required": ["conditions"],
            "properties": { "conditions": { "type": "array", "items": reference("Condition") } },
        },
    })
}

fn standing() -> Value {
    json!({ "enum": ["quiet", "pending", "firing"] })
}

fn channel() -> Value {
    json!({
        "type": "object",
        "required": ["channel", "state", "since"],
        "properties": {
            "channel": { "type": "string" },
            "state": standing(),
            "since": reference("Time"),
            "fired": reference("Time"),
            "position": { "type": "integer" },
        },
        "additionalProperties": false,
    })
}

/// An envelope, and when.
fn wish() -> Value {
    let mut wish = envelope();
    wish["description"] =
        "A message to be, and of which channels what is to be true: `when`, or `silent`.".into();
    let own = &mut wish["properties"];
    let duration = |about: &str| {
        json!({
            "description": about,
            "anyOf": [reference("Duration"), { "type": ["integer", "null"], "minimum": 0 }],
        })
    };
    for later in ["at", "delay"] {
        if let Value::Object(own) = &mut *own {
            own.remove(later);
        }
    }
    own["watch"] = json!({ "description": "A channel, or a pattern: each channel is judged on its own.", "type": "string" });
    own["when"] = json!({ "description": "A filter: what is to hold, or what counts as heard.", "type": ["string", "null"] });
    own["until"] =
        json!({ "description": "A filter: what holds once it is over.", "type": ["string", "null"] });
    own["for"] = duration("How long it is to hold before it fires.");
    own["silent"] = duration("How long nothing is to be heard before it fires.");
    own["repeat"] = duration("How often it is said again while it fires.");
    own["pause"] = duration("The least time between two firings of a channel.");
    own["clear"] = json!({ "description": "The body of the message that says that it is over." });
    wish["required"] = json!(["channel", "watch"]);
    wish
}
