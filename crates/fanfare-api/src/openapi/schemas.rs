//! The schemas that the document refers to: what is on the wire as JSON.

use super::{hooks, planning, readers, watching};
use crate::operation::reference;
use fanfare_proto::{Code, limits};
use serde_json::{Map, Value, json};

/// Each by its name.
pub(super) fn all() -> Value {
    let own = [planning::schemas(), watching::schemas(), readers::schemas(), hooks::schemas()];
    let groups = [texts(), messages(), answers(), requests()].into_iter().chain(own);
    let all = groups.filter_map(|group| match group {
        Value::Object(group) => Some(group),
        _ => None,
    });
    Value::Object(all.fold(Map::new(), |mut all, group| {
        all.extend(group);
        all
    }))
}

fn texts() -> Value {
    json!({
        "Anything": {},
        "Text": { "type": "string" },
        "Cursor": {
            "description": "Everything up to here was heard or not wanted. Opaque; given back as it came.",
            "type": "string",
            "pattern": "^[A-Za-z0-9_-]+$",
            "format": "fanfare-cursor",
        },
        "Duration": {
            "description": "Seconds, or whole numbers with units, longest first: `10m`, `1h30m`, `2d`.",
            "type": "string",
            "pattern": "^([0-9]+|([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$",
            "minLength": 1,
        },
        "Filter": {
            "description": "Which messages are wanted, by what they carry: `docs/preferences.md` has the grammar.",
            "type": "string",
            "minLength": 1,
            "maxLength": limits::FILTER_BYTES,
            "example": "temp > 20 and room = \"hall\"",
        },
        "Field": {
            "description": "Text without control characters, at most 256 bytes.",
            "type": "string",
            "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]+$",
            "minLength": 1,
            "maxLength": limits::FIELD_BYTES,
        },
        "MediaType": {
            "type": "string",
            "pattern": "^[-!#$%&'*+.^_`|~0-9A-Za-z]+/[-!#$%&'*+.^_`|~0-9A-Za-z]+( *;.*)?$",
            "maxLength": limits::FIELD_BYTES,
        },
        "Name": {
            "description": "A channel or, where messages are read, a pattern: at most 256 bytes and 32 segments, of \
                            which none is empty, `.` or `..`, in Unicode normal form C, without control characters.",
            "type": "string",
            "minLength": 1,
            "maxLength": limits::NAME_BYTES,
            "format": "fanfare-name",
            "example": "hello",
        },
        "Moment": {
            "description": "A time (RFC 3339), or seconds since 1970.",
            "type": "string",
            "minLength": 1,
            "example": "2026-11-30T09:00:00Z",
        },
        "ScheduleName": { "type": "string", "pattern": "^[0-9a-f]{16}$" },
        "Priority": {
            "description": "1 (least) to 5 (most), or its name.",
            "enum": ["1", "2", "3", "4", "5", "min", "low", "default", "high", "max"],
        },
        "Time": { "type": "string", "format": "date-time" },
    })
}

fn messages() -> Value {
    json!({
        "Message": {
            "description": "A message with all it has.",
            "type": "object",
            "required": ["channel", "position", "time", "id"],
            "properties": {
                "channel": { "type": "string" },
                "position": { "type": "integer", "minimum": 1 },
                "previous": {
                    "description": "The position of the message before it in the same channel.",
                    "type": "integer",
                    "minimum": 1,
                },
                "time": reference("Time"),
                "id": { "type": "string" },
                "key": { "type": "string" },
                "priority": { "type": "integer", "minimum": 1, "maximum": 5 },
                "expires": reference("Time"),
                "tags": reference("Tags"),
                "event": { "type": "string" },
                "content_type": { "type": "string" },
                "notice": { "type": "object" },
                "replaces": { "description": "It is an edit of this message.", "type": "integer", "minimum": 1 },
                "deletes": { "description": "It is a delete of this message.", "type": "integer", "minimum": 1 },
                "edited": { "description": "It is shown as this edit has it.", "type": "integer", "minimum": 1 },
                "deleted": { "description": "It was deleted: there is no body.", "const": true },
                "body": { "description": "A JSON value where the content type is JSON, else text." },
                "body_base64": { "description": "Instead of `body`: bytes.", "type": "string" },
                "cursor": reference("Cursor"),
            },
        },
        "Body": {
            "description": "A message's body alone.",
            "type": "object",
            "properties": {
                "replaces": { "type": "integer", "minimum": 1 },
                "deletes": { "type": "integer", "minimum": 1 },
                "edited": { "type": "integer", "minimum": 1 },
                "deleted": { "const": true },
                "body": {},
                "body_base64": { "type": "string" },
                "cursor": reference("Cursor"),
            },
            "additionalProperties": false,
        },
        "Tags": {
            "type": "object",
            "maxProperties": limits::TAGS,
            "additionalProperties": { "type": ["string", "number", "boolean"] },
        },
    })
}

fn answers() -> Value {
    json!({
        "Receipt": {
            "description": "The answer to a publish.",
            "type": "object",
            "required": ["channel", "position", "cursor", "id", "time"],
            "properties": {
                "channel": { "type": "string" },
                "position": { "type": "integer", "minimum": 1 },
                "cursor": reference("Cursor"),
                "id": { "type": "string" },
                "time": reference("Time"),
            },
        },
        "Results": {
            "description": "What became of each message, in their order.",
            "type": "object",
            "required": ["results"],
            "properties": {
                "results": {
                    "type": "array",
                    "items": { "oneOf": [reference("Receipt"), reference("Scheduled"), reference("Problem")] },
                },
            },
        },
        "Published": { "oneOf": [reference("Receipt"), reference("Results")] },
        "Gap": {
            "description": "Messages after `from` up to `to` may be missing.",
            "type": "object",
            "required": ["from", "to", "reason"],
            "properties": {
                "from": { "type": "integer", "minimum": 0 },
                "to": { "type": "integer", "minimum": 0 },
                "reason": { "enum": ["trimmed", "purged", "epoch", "went-back"] },
            },
        },
        "Page": {
            "type": "object",
            "required": ["messages", "cursor", "gap"],
            "properties": {
                "messages": {
                    "type": "array",
                    "items": { "anyOf": [reference("Message"), reference("Body")] },
                },
                "cursor": reference("Cursor"),
                "gap": { "anyOf": [{ "type": "null" }, reference("Gap")] },
                "gaps": { "description": "If there is more than one.", "type": "array", "items": reference("Gap") },
            },
        },
        "Channel": channel(),
        "Channels": {
            "type": "object",
            "required": ["channels"],
            "properties": { "channels": { "type": "array", "items": reference("Channel") } },
        },
        "Presence": presence(),
        "Problem": refusal(),
        "Reply": {
            "description": "The request's `id` as `reply`, and one member of the request's name.",
            "type": "object",
            "required": ["reply"],
            "properties": { "reply": { "type": ["number", "string", "null"] } },
        },
    })
}

fn channel() -> Value {
    let number = |about: &str| json!({ "description": about, "type": "integer", "minimum": 0 });
    json!({
        "type": "object",
        "required": ["channel", "head", "published", "messages", "bytes", "trimmed_through", "keeping"],
        "properties": {
            "channel": { "type": "string" },
            "head": number("The position of the newest message ever."),
            "published": number("Messages ever; from 0 again once the channel was forgotten."),
            "messages": number("Messages that it holds."),
            "bytes": number("Bytes of their contents."),
            "trimmed_through": number("Everything up to here is gone."),
            "keeping": { "enum": ["kept", "live"] },
        },
    })
}

fn presence() -> Value {
    json!({
        "type": "object",
        "required": ["count", "certain", "members"],
        "properties": {
            "count": { "description": "Members that are present.", "type": "integer", "minimum": 0 },
            "certain": { "description": "False soon after a start: some may not have come back yet.", "type": "boolean" },
            "members": {
                "description": "By name; null where there are too many to name.",
                "type": ["array", "null"],
                "items": {
                    "type": "object",
                    "required": ["member", "since"],
                    "properties": {
                        "member": { "type": "string" },
                        "info": { "type": "object" },
                        "since": reference("Time"),
                    },
                },
            },
        },
    })
}

fn refusal() -> Value {
    let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.number).collect();
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.name).collect();
    json!({
        "description": "Why a request was refused (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "code", "name", "detail", "retry"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "code": { "enum": numbers },
            "name": { "enum": names },
            "detail": { "description": "For people: what was wrong, where, and what is allowed.", "type": "string" },
            "retry": { "description": "When the same may succeed.", "enum": ["now", "later", "never"] },
        },
    })
}

fn requests() -> Value {
    let names = json!({ "anyOf": [reference("Name"), { "type": "array", "items": reference("Name") }] });
    json!({
        "Envelope": envelope(),
        "Envelopes": {
            "anyOf": [
                reference("Envelope"),
                { "type": "array", "items": reference("Envelope"), "maxItems": limits::BATCH_MESSAGES },
            ],
        },
        "Request": {
            "description": "One of `subscribe`, `unsubscribe` and `session`.",
            "type": "object",
            "properties": {
                "id": { "type": ["number", "string", "null"], "maxLength": limits::REQUEST_ID_BYTES - 2 },
                "subscribe": names,
                "after": reference("Cursor"),
                "last": { "type": "integer", "minimum": 0, "maximum": limits::LAST },
                "since": { "type": ["string", "number"] },
                "presence": {
                    "description": "Who is present on these channels: a name, or a name and what others are told.",
                    "type": ["string", "object"],
                    "maxLength": limits::MEMBER_BYTES,
                    "required": ["member"],
                    "properties": { "member": { "type": "string" }, "info": { "type": "object" } },
                    "additionalProperties": false,
                },
                "unsubscribe": names,
                "session": { "const": true },
            },
            "additionalProperties": false,
        },
    })
}

pub(super) fn envelope() -> Value {
    let text = || json!({ "type": ["string", "null"], "minLength": 1, "maxLength": limits::FIELD_BYTES });
    let place = || json!({ "type": ["integer", "null"], "minimum": 1, "maximum": u64::MAX });
    json!({
        "description": "A message to be. A field that is null is not given. It says something: it has `body`, \
                        `body_base64`, `deletes`, `event`, `key`, `notice` or `tags`.",
        "type": "object",
        "required": ["channel"],
        "properties": {
            "channel": reference("Name"),
            "at": planning::at(),
            "delay": { "anyOf": [reference("Duration"), { "type": ["integer", "null"], "minimum": 0 }] },
            "body": { "description": "Text; or any other JSON value, which makes the content type JSON." },
            "body_base64": { "type": ["string", "null"], "contentEncoding": "base64" },
            "content_type": { "anyOf": [reference("MediaType"), { "type": "null" }] },
            "deletes": place(),
            "event": text(),
            "id": text(),
            "key": text(),
            "notice": { "type": ["object", "null"] },
            "priority": {
                "anyOf": [reference("Priority"), { "type": ["integer", "null"], "minimum": 1, "maximum": 5 }],
            },
            "replaces": place(),
            "tags": { "anyOf": [reference("Tags"), { "type": "null" }] },
            "ttl": { "anyOf": [reference("Duration"), { "type": ["integer", "null"], "minimum": 0 }] },
        },
        "additionalProperties": false,
    })
}
