//! What is said of earlier messages, and what is told of it, in few words.

use crate::support::http::{Answer, Held, ask};
use crate::support::server::Server;
use serde_json::{Value, json};

/// The position that a publish was answered.
pub fn position(answer: &Value) -> u64 {
    answer["position"].as_u64().unwrap()
}

/// Says something of an earlier message.
pub fn amend(server: &Server, channel: &str, field: &str, target: u64, body: &str) -> Answer {
    let head = format!("POST /c/{channel} HTTP/1.1\n{field}: {target}");
    ask(server.address, &head, body.as_bytes())
}

#[track_caller]
pub fn amended(server: &Server, channel: &str, field: &str, target: u64, body: &str) -> u64 {
    let answer = amend(server, channel, field, target, body);
    assert_eq!(answer.status, 201, "{}", answer.text());
    position(&answer.json())
}

/// What a message says, in few words.
pub fn shown(message: &Value) -> Value {
    let mut shown = json!({});
    for field in ["position", "body", "replaces", "deletes", "edited", "deleted", "key"] {
        if !message[field].is_null() {
            shown[field] = message[field].clone();
        }
    }
    shown
}

pub fn messages(page: &Answer) -> Vec<Value> {
    page.json()["messages"].as_array().unwrap().iter().map(shown).collect()
}

/// The next line that is a message.
pub fn heard(reader: &mut Held) -> Value {
    loop {
        let line: Value = serde_json::from_str(&reader.line().unwrap()).unwrap();
        if !line["position"].is_null() {
            return shown(&line);
        }
    }
}
