//! Conditions over HTTP: made, seen, replaced, ended, and what is refused.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use serde_json::{Value, json};

const WISH: &str = r#"{"channel":"alerts","body":"hot","watch":"sensors/*","when":"body.temp > 90","for":"1m","clear":"cool"}"#;

async fn make(door: &Door) -> String {
    let answer = door.ask("POST /conditions", &[], WISH).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let name = answer.json()["condition"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/conditions/{name}"));
    assert_eq!(answer.json(), json!({ "condition": name, "channel": "alerts", "watch": "sensors/*" }));
    name
}

async fn list(door: &Door, query: &str) -> Vec<Value> {
    door.get(&format!("/conditions{query}")).await.json()["conditions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_condition_is_made_seen_replaced_and_ended() {
    let door = Door::open();
    let name = make(&door).await;
    let place = format!("/conditions/{name}");
    let seen = door.get(&place).await.json();
    assert_eq!((&seen["for"], &seen["pause"], &seen["state"]), (&json!("1m"), &json!("1s"), &json!("quiet")));
    assert_eq!((&seen["body"], &seen["clear"]), (&json!("hot"), &json!("cool")));
    assert_eq!(list(&door, "?channel=alerts").await, std::slice::from_ref(&seen));
    assert_eq!(list(&door, "?channel=other/**").await.len(), 0);
    let other = WISH.replace("1m", "2m");
    let replaced = door.ask(&format!("PUT {place}"), &[], &other).await.json();
    assert_eq!((&replaced["for"], &replaced["created"]), (&json!("2m"), &seen["created"]));
    assert_eq!(door.ask(&format!("DELETE {place}"), &[], "").await.status, 204);
    assert_eq!(door.ask(&format!("DELETE {place}"), &[], "").await.status, 404);
    assert_eq!(list(&door, "").await.len(), 0);
}

#[tokio::test]
async fn bad_input_is_refused_and_nothing_is_kept() {
    let door = Door::open();
    door.refuses(&[
        ("POST /conditions", &[], "", 400, "bad-json"),
        ("POST /conditions", &[], r#"{"channel":"a","body":"","watch":"b"}"#, 400, "bad-field"),
        ("POST /conditions", &[], r#"{"channel":"a","body":"","watch":"a","silent":5}"#, 400, "bad-field"),
        ("POST /conditions", &[], r#"{"channel":"a","body":"","watch":"b//","silent":5}"#, 400, "bad-name"),
        ("POST /conditions", &[], r#"{"channel":"a","body":"","watch":"b","when":"x >"}"#, 400, "bad-filter"),
        ("POST /conditions", &[], r#"{"channel":"a","body":"","watch":"b","wen":"x"}"#, 400, "unknown-field"),
        ("GET /conditions/x", &[], "", 404, "not-found"),
        ("GET /conditions?channel=a//b", &[], "", 400, "bad-name"),
        ("DELETE /conditions/0123456789abcdef", &[], "", 404, "not-found"),
        ("PUT /conditions/0123456789abcdef", &[], "{}", 400, "bad-field"),
        ("PUT /conditions/0123456789abcdef", &[], WISH, 404, "not-found"),
    ])
    .await;
    assert_eq!(list(&door, "").await.len(), 0);
}
