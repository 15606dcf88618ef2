//! The schemas of what is published later.

use super::schemas::envelope;
use crate::operation::reference;
use fanfare_proto::limits;
use serde_json::{Value, json};

/// Each by its name.
pub(super) fn schemas() -> Value {
    json!({
        "Schedule": schedule(),
        "Scheduled": {
            "description": "The answer to what is for later.",
            "type": "object",
            "required": ["schedule", "channel", "at"],
            "properties": {
                "schedule": reference("ScheduleName"),
                "channel": { "type": "string" },
                "at": reference("Time"),
            },
            "additionalProperties": false,
        },
        "Planned": {
            "description": "A schedule with all it has: the fields of its message, and its own.",
            "type": "object",
            "required": ["schedule", "channel", "at", "missed", "created"],
            "properties": {
                "schedule": reference("ScheduleName"),
                "channel": { "type": "string" },
                "at": { "description": "When it is due next.", "type": "string", "format": "date-time" },
                "cron": { "type": "string" },
                "zone": { "type": "string" },
                "missed": { "enum": ["once", "skip"] },
                "created": reference("Time"),
                "ttl": reference("Duration"),
            },
        },
        "Schedules": {
            "type": "object",
            "required": ["schedules"],
            "properties": {
                "schedules": { "type": "array", "items": reference("Planned") },
                "damaged": {
                    "description": "Those that cannot be read, if there are any and all are asked for.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["schedule", "why"],
                        "properties": { "schedule": { "type": "string" }, "why": { "type": "string" } },
                    },
                },
            },
        },
    })
}

/// When a message is to be published.
pub(super) fn at() -> Value {
    json!({ "anyOf": [reference("Moment"), { "type": ["number", "null"], "minimum": 0 }] })
}

/// An envelope, and when.
fn schedule() -> Value {
    let mut schedule = envelope();
    schedule["description"] = "A message to be, and when: one of `at`, `delay` and `cron`.".into();
    schedule["properties"]["cron"] = json!({
        "description": "Minute, hour, day of the month, month and day of the week.",
        "type": ["string", "null"],
        "maxLength": limits::CRON_BYTES,
        "example": "0 9 * * 1-5",
    });
    schedule["properties"]["zone"] = json!({
        "description": "In which `cron` is read: a name of the IANA database, `UTC` unless said.",
        "type": ["string", "null"],
        "example": "Europe/Berlin",
    });
    schedule["properties"]["missed"] = json!({
        "description": "What becomes of a time that passes while the server is down.",
        "enum": ["once", "skip", null],
    });
    schedule
}
