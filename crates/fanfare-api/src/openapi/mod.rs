//! The interface as an OpenAPI 3.1 document, made from the list of routes: each says in its row what it takes and answers.
//!
//! What the transport holds open on the same addresses is in `held`. The document is served at `/openapi.json` and lies
//! in `docs/openapi.json`.

mod describe;
mod held;
mod hooks;
mod planning;
mod readers;
mod schemas;
mod watching;

use crate::operation::{Operation, parameters};
use crate::routes::{ALL, Route};
use describe::{content, parameter, responses};
use serde_json::{Map, Value, json};

/// The document.
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for route in ALL {
        for (index, method) in route.methods.iter().enumerate() {
            set(&mut paths, route.path, method, operation(route, method, index));
        }
    }
    held::add(&mut paths);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fanfare",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A push server: publish once, and every subscriber hears it, live or later.",
            "description": "A channel's name may have several segments: its slashes stand in the path as they are, \
                            which OpenAPI cannot say. `HEAD` comes with `GET`. Other query parameters than those \
                            named here are refused.",
            "license": { "name": "MIT or Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": { "schemas": schemas::all() },
    })
}

fn set(paths: &mut Map<String, Value>, path: &str, method: &str, operation: Value) {
    let template = path.replace('<', "{").replace('>', "}");
    let item = paths.entry(template).or_insert_with(|| json!({}));
    item[method.to_ascii_lowercase()] = operation;
}

fn operation(route: &Route, method: &str, index: usize) -> Value {
    let Operation { id, headers, takes, gives, refusals } = &route.operation;
    // Two methods of one route are one thing, but names are given once.
    let id = if index == 0 { (*id).to_owned() } else { format!("{id}_{}", method.to_ascii_lowercase()) };
    let mut parameters: Vec<Value> =
        parameters::in_path(route.path).map(|found| parameter(found, "path")).collect();
    parameters.extend(route.query.iter().map(|found| parameter(found, "query")));
    parameters.extend(headers.iter().map(|found| parameter(found, "header")));
    let mut operation = json!({
        "operationId": id,
        "summary": route.about,
        "parameters": parameters,
        "responses": responses(gives, refusals),
    });
    if !takes.is_empty() {
        operation["requestBody"] = json!({ "required": false, "content": content(takes) });
    }
    operation
}
