//! What is held open, on the addresses of two routes. The transport answers that; what there is comes from the list of
//! protocols.

use super::describe::{parameter, responses};
use crate::operation::{HELD_REFUSALS, parameters, reference};
use fanfare_proto::protocol::{ALL, Shape};
use serde_json::{Map, Value, json};

/// Adds what is held open to what the routes say.
pub(super) fn add(paths: &mut Map<String, Value>) {
    for path in ["/c/{channel}", "/subscribe"] {
        if let Some(operation) = paths.get_mut(path).and_then(|path| path.get_mut("get")) {
            hear(operation);
        }
    }
}

/// Adds the answers of all protocols that are held, and what only who is held asks.
fn hear(operation: &mut Value) {
    if let Some(known) = operation["parameters"].as_array_mut() {
        let held = [
            &parameters::WAIT,
            &parameters::PRESENCE,
            &parameters::PRESENCE_INFO,
            &parameters::AS_READER,
            &parameters::ACK,
            &parameters::HAND,
        ];
        for more in held {
            let more = parameter(more, "query");
            if !known.contains(&more) {
                known.push(more);
            }
        }
    }
    let answers = &mut operation["responses"];
    for (status, refusal) in responses(&[], HELD_REFUSALS).as_object().into_iter().flatten() {
        if answers.get(status).is_none() {
            answers[status] = refusal.clone();
        }
    }
    answers["101"] = json!({ "description": "A WebSocket, where the request asks to switch to it." });
    let cursor = json!({ "Cursor": { "schema": reference("Cursor") } });
    answers["204"] =
        json!({ "description": "The wait of a long poll ended with nothing to say.", "headers": cursor });
    if answers.get("200").is_none() {
        answers["200"] = json!({ "description": "What is said, held open; or the answer of a long poll.", "headers": cursor });
    }
    for protocol in ALL.iter().filter(|protocol| matches!(protocol.shape(), Shape::Stream | Shape::Answer)) {
        let schema = match (protocol.shape(), protocol.media_type()) {
            (Shape::Answer, _) => "Page",
            (_, "application/octet-stream") => "Anything",
            _ => "Text",
        };
        answers["200"]["content"][protocol.media_type()] = json!({ "schema": reference(schema) });
    }
}
