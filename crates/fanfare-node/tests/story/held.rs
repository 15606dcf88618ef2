//! What a client that hears changes holds: of each key of each channel the body that came last.

use fanfare_proto::apply_delta;
use serde_json::Value;
use std::collections::HashMap;

/// By channel and key: the position and the body.
#[derive(Debug, Default)]
pub struct Held {
    bodies: HashMap<(String, Option<String>), (u64, String)>,
    /// How many bodies came as changes.
    pub changes: usize,
}

impl Held {
    /// A message as one who hears whole bodies is told it. What is no message stays as it is.
    pub fn whole(&mut self, mut line: Value) -> Value {
        let (Some(channel), Some(position)) = (line["channel"].as_str(), line["position"].as_u64()) else {
            return line;
        };
        let key = (channel.to_owned(), line["key"].as_str().map(str::to_owned));
        let delta = line.as_object_mut().unwrap().remove("delta");
        let (name, body) = match &delta {
            Some(delta) => {
                self.changes += 1;
                let (base, held) = self.bodies.get(&key).unwrap_or_else(|| panic!("nothing is held: {line}"));
                assert_eq!(delta["base"].as_u64(), Some(*base), "{line} {delta}");
                let change = delta["text"].as_str().unwrap();
                let body = apply_delta(held.as_bytes(), change.as_bytes(), 1 << 20).unwrap();
                (delta["gives"].as_str().unwrap(), String::from_utf8(body).unwrap())
            }
            None => {
                // What was deleted has none.
                let found = ["body", "body_json"].into_iter().find(|name| line[*name].is_string());
                let found = found.unwrap_or("body");
                (found, line[found].as_str().unwrap_or_default().to_owned())
            }
        };
        let value = match name {
            "body_json" => serde_json::from_str(&body).unwrap(),
            _ => Value::String(body.clone()),
        };
        line.as_object_mut().unwrap().remove("body_json");
        line["body"] = value;
        // What comes beside the session's place is nothing to build on.
        if line["cursor"].is_string() {
            self.bodies.insert(key, (position, body));
        }
        line
    }
}
