//! Parts of the document, made from what rows say.

use crate::operation::{Answer, COMMON, Media, Parameter, reference};
use fanfare_proto::{Code, problem};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(super) fn parameter(parameter: &Parameter, place: &str) -> Value {
    json!({
        "name": parameter.name,
        "in": place,
        "required": place == "path",
        "description": parameter.about,
        "schema": (parameter.schema)(),
    })
}

pub(super) fn responses(gives: &[Answer], refusals: &[&'static Code]) -> Value {
    let mut responses = Map::new();
    for answer in gives {
        let mut response = json!({ "description": answer.about });
        if !answer.headers.is_empty() {
            response["headers"] =
                answer.headers.iter().map(|name| ((*name).to_owned(), header(name))).collect();
        }
        if !answer.content.is_empty() {
            response["content"] = content(answer.content);
        }
        responses.insert(answer.status.to_string(), response);
    }
    let mut codes: BTreeMap<u16, Vec<&Code>> = BTreeMap::new();
    for code in COMMON.iter().chain(refusals) {
        codes.entry(code.status).or_default().push(code);
    }
    for (status, codes) in codes {
        responses.insert(status.to_string(), refusal(&codes));
    }
    Value::Object(responses)
}

/// The refusals that have one status.
fn refusal(codes: &[&Code]) -> Value {
    let meanings: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.name, code.meaning)).collect();
    let mut response = json!({
        "description": meanings.join(" "),
        "content": { problem::MEDIA_TYPE: { "schema": reference("Problem") } },
    });
    if codes.iter().any(|code| code.retry_after().is_some()) {
        response["headers"] = json!({ "Retry-After": header("Retry-After") });
    }
    response
}

pub(super) fn content(media: &[Media]) -> Value {
    media
        .iter()
        .map(|Media(name, schema)| ((*name).to_owned(), json!({ "schema": reference(schema) })))
        .collect()
}

/// A header of an answer.
fn header(name: &str) -> Value {
    let (about, schema) = match name {
        "Cursor" => ("Where a reader is that has heard this answer.", reference("Cursor")),
        "Location" => ("Where what was made is.", json!({ "type": "string", "format": "uri-reference" })),
        "Link" => ("The pages around this one, as `prev` and `next`.", json!({ "type": "string" })),
        "Retry-After" => {
            ("Seconds after which the same may succeed.", json!({ "type": "integer", "minimum": 0 }))
        }
        "ETag" => ("For `If-None-Match`.", json!({ "type": "string" })),
        _ => ("", json!({ "type": "string" })),
    };
    json!({ "description": about, "schema": schema })
}
