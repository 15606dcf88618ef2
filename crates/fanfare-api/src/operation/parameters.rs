//! Parameters that several routes have.

use super::{Parameter, reference};
use fanfare_proto::limits;
use serde_json::{Value, json};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    about: "A channel's name; where messages are read, a pattern too. Its slashes stand as they are.",
    schema: name,
};
const POSITION: Parameter = Parameter {
    name: "position",
    about: "A message's place in its log.",
    schema: || json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }),
};
const SESSION: Parameter = Parameter {
    name: "id",
    about: "The session's name, which its first event tells.",
    schema: || json!({ "type": "string", "minLength": 1 }),
};
const READER: Parameter = Parameter {
    name: "reader",
    about: "The reader's name.",
    schema: || json!({ "type": "string", "minLength": 1 }),
};
const WEBHOOK: Parameter = Parameter {
    name: "webhook",
    about: "The webhook's id.",
    schema: || json!({ "type": "string", "minLength": 1 }),
};
const NAME: Parameter = Parameter {
    name: "name",
    about: "A channel's name of one segment that is no address of the server's own.",
    schema: name,
};
const SCHEDULE: Parameter = Parameter {
    name: "schedule",
    about: "The schedule's name, as its maker was answered.",
    schema: || reference("ScheduleName"),
};
const CONDITION: Parameter = Parameter {
    name: "condition",
    about: "The condition's name, as its maker was answered.",
    schema: || reference("ConditionName"),
};
const FILE: Parameter = Parameter {
    name: "file",
    about: "The file's name.",
    schema: || json!({ "type": "string", "minLength": 1, "example": "fanfare.js" }),
};

pub(crate) const AFTER: Parameter = Parameter {
    name: "after",
    about: "Go on after what this cursor has heard.",
    schema: || reference("Cursor"),
};
pub(crate) const BEFORE: Parameter = Parameter {
    name: "before",
    about: "The page that ends where this cursor is; not with `after`, `last` and `since`.",
    schema: || reference("Cursor"),
};
pub(crate) const LAST: Parameter = Parameter {
    name: "last",
    about: "Begin with the newest messages, so many; not with `since`.",
    schema: || json!({ "type": "integer", "minimum": 0, "maximum": limits::LAST }),
};
pub(crate) const SINCE: Parameter = Parameter {
    name: "since",
    about: "Begin with what was said since: a time (RFC 3339), seconds since 1970, or a duration such as `10m`.",
    schema: || json!({ "type": "string", "minLength": 1 }),
};
pub(crate) const FILTER: Parameter = Parameter {
    name: "filter",
    about: "Only messages that a filter accepts, such as `temp > 20 and room = \"hall\"`.",
    schema: || reference("Filter"),
};
pub(crate) const RATE: Parameter = Parameter {
    name: "rate",
    about: "At most so many messages of each key, and without a key, a second; of each key the newest.",
    schema: || json!({ "type": "number", "minimum": 0.001, "maximum": 1000 }),
};
pub(crate) const KEY: Parameter = Parameter { name: "key", about: "Which key.", schema: text };
pub(crate) const LATEST: Parameter = Parameter {
    name: "latest",
    about: "Of what was said before, the newest message of each channel and key; alone it begins with the oldest.",
    schema: || json!({ "type": "string", "enum": ["true", "false", "1", "0", ""] }),
};
pub(crate) const VIEW: Parameter = Parameter {
    name: "view",
    about: "`events`: edits and deletes as they happened; `current`: messages as they are now.",
    schema: || json!({ "type": "string", "enum": ["events", "current"], "default": "events" }),
};
pub(crate) const BYTES: Parameter = Parameter {
    name: "bytes",
    about: "At most so many bytes a second, such as `50k`; of each key the newest.",
    schema: || json!({ "type": "string", "pattern": "^[1-9][0-9]{0,5}(k|kB|KiB)?$" }),
};
pub(crate) const LIMIT: Parameter = Parameter {
    name: "limit",
    about: "At most so many.",
    schema: || {
        let usual = limits::PAGE_MESSAGES_DEFAULT;
        json!({ "type": "integer", "minimum": 1, "maximum": limits::PAGE_MESSAGES, "default": usual })
    },
};
pub(crate) const AS: Parameter = Parameter {
    name: "as",
    about: "Whole messages, or bodies alone; on what goes on, also messages whose bodies are told as changes.",
    schema: || json!({ "type": "string", "enum": ["envelope", "body", "delta"] }),
};

pub(crate) const WAIT: Parameter = Parameter {
    name: "wait",
    about: "A long poll, held at most so long: seconds up to 300, or a duration.",
    schema: || reference("Duration"),
};

pub(crate) const PRESENCE: Parameter = Parameter {
    name: "presence",
    about: "As long as this is held open, this member is present on the channels; none is a pattern.",
    schema: || json!({ "type": "string", "pattern": "^[^$\\u0000-\\u001f\\u007f-\\u009f][^\\u0000-\\u001f\\u007f-\\u009f]*$", "maxLength": limits::MEMBER_BYTES }),
};
pub(crate) const PRESENCE_INFO: Parameter = Parameter {
    name: "presence_info",
    about: "What others are told of this member: a JSON object.",
    schema: || json!({ "type": "string", "contentMediaType": "application/json", "maxLength": limits::MEMBER_INFO_BYTES }),
};

pub(crate) const AS_READER: Parameter = Parameter {
    name: "reader",
    about: "Hear as this acked reader: the server keeps its place.",
    schema: || json!({ "type": "string", "pattern": "^[A-Za-z0-9_-][A-Za-z0-9._-]*$", "maxLength": limits::READER_NAME_BYTES }),
};
pub(crate) const HAND: Parameter = Parameter {
    name: "hand",
    about: "With `reader`: messages that are given and not done at the most; while there are as many, no more are given.",
    schema: || json!({ "type": "integer", "minimum": 1, "maximum": limits::READER_WINDOW, "default": limits::READER_WINDOW }),
};
pub(crate) const ACK: Parameter = Parameter {
    name: "ack",
    about: "With `reader`: what one of its answers or sessions brought up to this cursor is done.",
    schema: || reference("Cursor"),
};

const AT: &str = "Publish it then: a time (RFC 3339), or seconds since 1970; at most a year ahead.";
const DELAY: &str = "Publish it after this long; not with `at`.";
const REPLACES: &str = "It is an edit: of the message at this position of the same channel.";
const DELETES: &str =
    "It is a delete, and says nothing else: of the message at this position of the same channel.";

/// The fields of a message as query parameters.
pub(crate) const FIELDS: &[Parameter] = &[
    Parameter { name: "at", about: AT, schema: moment },
    Parameter { name: "content_type", about: "The body's media type.", schema: media_type },
    Parameter { name: "delay", about: DELAY, schema: || reference("Duration") },
    Parameter { name: "deletes", about: DELETES, schema: place },
    Parameter { name: "event", about: "The kind of event; does not begin with `$`.", schema: text },
    Parameter { name: "id", about: "Say it once, however often it is sent.", schema: text },
    Parameter { name: "key", about: "A newer message of the same key replaces the older.", schema: text },
    Parameter { name: "notice", about: "What a person sees: a JSON object.", schema: notice },
    Parameter { name: "priority", about: "How urgent it is.", schema: || reference("Priority") },
    Parameter { name: "replaces", about: REPLACES, schema: place },
    Parameter { name: "tags", about: "Tags: `region=eu,price=1.2`.", schema: || json!({ "type": "string" }) },
    Parameter { name: "ttl", about: "Not delivered later than this.", schema: || reference("Duration") },
];

/// The same fields as headers, where a query parameter does not say otherwise.
pub(crate) const FIELD_HEADERS: &[Parameter] = &[
    Parameter { name: "At", about: AT, schema: moment },
    Parameter { name: "Delay", about: DELAY, schema: || reference("Duration") },
    Parameter { name: "Deletes", about: DELETES, schema: place },
    Parameter { name: "Event", about: "The kind of event; does not begin with `$`.", schema: text },
    Parameter { name: "Idempotency-Key", about: "Say it once, however often it is sent.", schema: text },
    Parameter { name: "Key", about: "A newer message of the same key replaces the older.", schema: text },
    Parameter { name: "Notice", about: "What a person sees: a JSON object.", schema: notice },
    Parameter { name: "Priority", about: "How urgent it is.", schema: || reference("Priority") },
    Parameter { name: "Replaces", about: REPLACES, schema: place },
    Parameter { name: "Tags", about: "Tags: `region=eu,price=1.2`.", schema: || json!({ "type": "string" }) },
    Parameter { name: "TTL", about: "Not delivered later than this.", schema: || reference("Duration") },
    Parameter { name: "Title", about: "The `title` of a notice, if `Notice` is not given.", schema: member },
    Parameter { name: "Click", about: "The `click` of a notice, likewise.", schema: member },
    Parameter { name: "Icon", about: "The `icon` of a notice, likewise.", schema: member },
    Parameter { name: "Attach", about: "The `attach` of a notice, likewise.", schema: member },
    Parameter { name: "Actions", about: "The `actions` of a notice, likewise.", schema: member },
];

pub(crate) const IF_NONE_MATCH: Parameter = Parameter {
    name: "If-None-Match",
    about: "The `ETag` that is here already.",
    schema: || json!({ "type": "string" }),
};
pub(crate) const LAST_EVENT_ID: Parameter = Parameter {
    name: "Last-Event-ID",
    about: "As `after`, and beats it; empty is none.",
    schema: || json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]*$" }),
};

/// The parameters that stand in a path, in its order.
pub(crate) fn in_path(path: &str) -> impl Iterator<Item = &'static Parameter> {
    const ALL: &[Parameter] = &[CHANNEL, POSITION, SESSION, NAME, SCHEDULE, CONDITION, READER, WEBHOOK, FILE];
    path.split('<').skip(1).filter_map(|rest| {
        let name = rest.split('>').next()?;
        ALL.iter().find(|parameter| parameter.name == name)
    })
}

fn name() -> Value {
    reference("Name")
}

fn place() -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": u64::MAX })
}

fn text() -> Value {
    reference("Field")
}

fn media_type() -> Value {
    reference("MediaType")
}

fn moment() -> Value {
    reference("Moment")
}

fn member() -> Value {
    json!({ "type": "string" })
}

fn notice() -> Value {
    json!({ "type": "string", "contentMediaType": "application/json", "format": "fanfare-notice", "maxLength": limits::NOTICE_BYTES })
}
