//! What a route takes and answers beside what decides where a request goes: said in its row, for `/openapi.json`.

mod parameter;
pub(crate) mod parameters;

pub use parameter::Parameter;

use fanfare_proto::Code;
use serde_json::{Value, json};

/// What callers of a route must know beside its methods, its path and its query.
pub(crate) struct Operation {
    /// Its name in programs that are made from the document.
    pub(crate) id: &'static str,
    /// Headers that are understood.
    pub(crate) headers: &'static [Parameter],
    /// The bodies that it takes.
    pub(crate) takes: &'static [Media],
    /// What it answers when it does what was asked.
    pub(crate) gives: &'static [Answer],
    /// What it refuses for, beside [`COMMON`].
    pub(crate) refusals: &'static [&'static Code],
}

/// A media type, and the schema of what has it.
pub(crate) struct Media(pub(crate) &'static str, pub(crate) &'static str);

/// One way to answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// One line for people.
    pub(crate) about: &'static str,
    /// Headers that may be there; what they mean is the same everywhere.
    pub(crate) headers: &'static [&'static str],
    pub(crate) content: &'static [Media],
}

/// What any request may be refused for.
pub(crate) const COMMON: &[&Code] = &[
    Code::BAD_REQUEST,
    Code::UNKNOWN_FIELD,
    Code::TIMEOUT,
    Code::TARGET_TOO_LONG,
    Code::HEAD_TOO_LARGE,
    Code::NOT_YET,
    Code::BUSY,
    Code::DRAINING,
    Code::VERSION,
];

/// A schema of the document by its name; one of `openapi/schemas.rs`.
pub(crate) fn reference(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// Refusals of what is held open, beside those of any request.
pub(crate) const HELD_REFUSALS: &[&Code] = &[
    Code::BAD_NAME,
    Code::BAD_CURSOR,
    Code::BAD_FIELD,
    Code::BAD_FILTER,
    Code::TOO_MANY,
    Code::FORBIDDEN,
    Code::NOT_ACCEPTABLE,
    Code::UPGRADE,
    Code::TOO_MANY_SESSIONS,
    Code::FILTERS_FULL,
    Code::NOT_FOUND,
    Code::READER_DIFFERS,
    Code::STORE_FAILED,
];

/// Refusals of what looks at one channel, beside those of any request.
pub(crate) const CHANNEL_REFUSALS: &[&Code] =
    &[Code::BAD_NAME, Code::FORBIDDEN, Code::NOT_FOUND, Code::STORE_FAILED, Code::STORE_DAMAGED];

/// Refusals of what is about one message of a channel, beside those of any request.
pub(crate) const MESSAGE_REFUSALS: &[&Code] = &[
    Code::BAD_NAME,
    Code::BAD_FIELD,
    Code::FORBIDDEN,
    Code::NOT_FOUND,
    Code::STORE_FAILED,
    Code::STORE_DAMAGED,
];
