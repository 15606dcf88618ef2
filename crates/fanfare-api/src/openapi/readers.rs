//! The schemas of acked readers.

use crate::operation::reference;
use fanfare_proto::limits;
use serde_json::{Value, json};

/// Each by its name.
pub(super) fn schemas() -> Value {
    json!({
        "ReaderWish": wish(),
        "Readers": {
            "type": "object",
            "required": ["readers"],
            "properties": { "readers": { "type": "array", "items": reference("Reader") } },
        },
        "Reader": reader(),
        "AckRequest": {
            "description": "Which messages are done (`ack`), or to be given again (`nack`).",
            "type": "object",
            "properties": {
                "id": {},
                "ack": reference("AckPlaces"),
                "nack": reference("AckPlaces"),
                "delay": duration("Before they are given again; with `nack`."),
            },
        },
        "AckPlaces": {
            "description": "Exactly these messages; or, without an array, this one and those before it that were given to \
                            the same session.",
            "anyOf": [
                place(),
                { "type": "array", "items": place(), "maxItems": limits::READER_WINDOW },
            ],
        },
        "AckReply": {
            "type": "object",
            "required": ["reply"],
            "properties": {
                "reply": {},
                "ack": { "type": "integer", "minimum": 0 },
                "nack": { "type": "integer", "minimum": 0 },
            },
        },
    })
}

/// The cursor that came with a message, or its position.
fn place() -> Value {
    json!({ "anyOf": [reference("Cursor"), { "type": "integer", "minimum": 0 }] })
}

fn duration(about: &str) -> Value {
    let forms = [json!({ "type": "integer", "minimum": 0 }), reference("Duration")];
    json!({ "description": about, "anyOf": forms })
}

fn wish() -> Value {
    json!({
        "type": "object",
        "required": ["patterns"],
        "properties": {
            "patterns": {
                "type": "array",
                "items": reference("Name"),
                "minItems": 1,
                "maxItems": limits::READER_PATTERNS,
            },
            "filter": reference("Filter"),
            "ack_wait": duration("Time to acknowledge a message before it is given again: 1 second to 1 hour."),
            "attempts": {
                "description": "How often a message is given before it is a dead letter.",
                "type": "integer",
                "minimum": 1,
                "maximum": limits::READER_ATTEMPTS_MAX,
                "default": limits::READER_ATTEMPTS,
            },
            "window": {
                "description": "Messages that are given and not acknowledged at the most.",
                "type": "integer",
                "minimum": 1,
                "maximum": limits::READER_WINDOW,
                "default": limits::READER_WINDOW,
            },
            "expires": duration("Time after which it is removed if nobody uses it: 1 minute to 366 days."),
            "after": reference("Cursor"),
            "last": { "type": "integer", "minimum": 0, "maximum": limits::LAST },
            "since": { "type": "string", "minLength": 1 },
        },
        "additionalProperties": false,
    })
}

fn reader() -> Value {
    let count = json!({ "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "required": [
            "name", "patterns", "ack_wait", "attempts", "window", "expires", "created", "used", "cursor", "sessions",
            "unacked", "acked", "redelivered", "dead",
        ],
        "properties": {
            "name": { "type": "string" },
            "patterns": { "type": "array", "items": { "type": "string" } },
            "filter": { "type": "string" },
            "ack_wait": { "description": "Seconds.", "type": "number" },
            "attempts": count,
            "window": count,
            "expires": { "description": "Seconds.", "type": "number" },
            "created": reference("Time"),
            "used": reference("Time"),
            "cursor": reference("Cursor"),
            "sessions": count,
            "unacked": { "description": "Messages that were given, or are about to be, and are not done.", "type": "integer" },
            "acked": { "description": "Messages, since the server was started.", "type": "integer" },
            "redelivered": { "description": "Messages, since the server was started.", "type": "integer" },
            "dead": { "description": "Messages in `$dead/<name>`, from whatever start.", "type": "integer" },
            "lag": {
                "description": "What lies before it.",
                "type": "object",
                "required": ["messages", "more", "oldest_ms"],
                "properties": {
                    "messages": count,
                    "more": { "description": "There are more than were counted.", "type": "boolean" },
                    "oldest_ms": count,
                },
            },
        },
    })
}
