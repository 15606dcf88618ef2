//! The schemas of webhooks.

use crate::operation::reference;
use fanfare_proto::limits;
use serde_json::{Value, json};

/// Each by its name.
pub(super) fn schemas() -> Value {
    json!({
        "WebhookWish": {
            "type": "object",
            "required": ["url", "patterns"],
            "properties": {
                "url": {
                    "description": "Where messages are posted to; http or https, in ASCII, without user and fragment.",
                    "type": "string",
                    "format": "uri",
                    "maxLength": limits::EGRESS_URL_BYTES,
                    "example": "https://hook.example/in",
                },
                "patterns": {
                    "type": "array",
                    "items": reference("Name"),
                    "minItems": 1,
                    "maxItems": limits::WEBHOOK_PATTERNS,
                },
                "filter": reference("Filter"),
                "secret": {
                    "description": "What signs requests; made if it is not given.",
                    "type": "string",
                    "pattern": "^[!-~]+$",
                    "minLength": limits::WEBHOOK_SECRET_MIN_BYTES,
                    "maxLength": limits::WEBHOOK_SECRET_BYTES,
                },
                "batch": {
                    "description": "Messages of one request at the most, as a page; without it each is a request.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": limits::WEBHOOK_BATCH,
                },
            },
            "additionalProperties": false,
        },
        "Webhooks": {
            "type": "object",
            "required": ["webhooks"],
            "properties": {
                "webhooks": { "type": "array", "items": reference("Webhook") },
                "damaged": {
                    "description": "Those that cannot be read, if there are any.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["webhook", "why"],
                        "properties": { "webhook": { "type": "string" }, "why": { "type": "string" } },
                    },
                },
            },
        },
        "Webhook": webhook(),
    })
}

fn webhook() -> Value {
    json!({
        "type": "object",
        "required": ["id", "url", "patterns", "created", "cursor", "attempts", "health"],
        "properties": {
            "id": { "type": "string" },
            "url": { "type": "string" },
            "patterns": { "type": "array", "items": { "type": "string" } },
            "filter": { "type": "string" },
            "batch": { "type": "integer" },
            "created": reference("Time"),
            "secret": { "description": "Told once: to whoever made it.", "type": "string" },
            "cursor": reference("Cursor"),
            "attempts": { "description": "In vain, of what comes next.", "type": "integer", "minimum": 0 },
            "due": reference("Time"),
            "disabled": { "description": "Why nothing is sent any more.", "type": "string" },
            "health": {
                "description": "Since the server was started.",
                "type": "object",
                "required": ["delivered", "dead", "failures", "lag_ms"],
                "properties": {
                    "delivered": { "type": "integer", "minimum": 0 },
                    "dead": { "description": "Messages in `$dead/<id>`, from whatever start.", "type": "integer", "minimum": 0 },
                    "failures": { "description": "In a row.", "type": "integer", "minimum": 0 },
                    "last_success": reference("Time"),
                    "last_failure": {
                        "type": "object",
                        "required": ["time", "why"],
                        "properties": { "time": reference("Time"), "why": { "type": "string" } },
                    },
                    "lag_ms": {
                        "description": "How old the message is that waits to be taken; 0 if none waits.",
                        "type": "integer",
                        "minimum": 0,
                    },
                },
            },
        },
    })
}
