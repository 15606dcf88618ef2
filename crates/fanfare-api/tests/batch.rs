//! Publishing many messages with one request.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use fanfare_api::{Options, api};
use fanfare_proto::Code;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("Content-Type", "application/json");
const LINES: (&str, &str) = ("Content-Type", "application/x-ndjson");

fn results(answer: &door::Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["results"].as_array().unwrap().clone()
}

#[tokio::test]
async fn one_envelope_is_answered_like_one_publish() {
    let door = Door::open();
    let envelope = r#"{"channel":"a/b","key":"k","tags":{"n":1},"body":{"x":[1,2]},"id":"one"}"#;
    for status in [201, 200] {
        let answer = door.ask("POST /publish", &[JSON], envelope).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.json()["id"], "one");
        let message = door.get(answer.header("location")).await.json();
        assert_eq!((&message["body"], &message["key"]), (&json!({"x": [1, 2]}), &json!("k")));
    }
}

#[tokio::test]
async fn arrays_and_lines_are_answered_with_a_result_for_each() {
    let array = r#"[{"channel":"a","body":"1"},{"channel":"live/b","body":"2"},{"channel":"a","body":"3"}]"#;
    let lines = "{\"channel\":\"a\",\"body\":\"1\"}\n{\"channel\":\"live/b\",\"body\":\"2\"}\r\n\n{\"channel\":\"a\",\"body\":\"3\"}";
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let kinds: [(&[(&str, &str)], &str); 6] =
        [(&[JSON], array), (&[LINES], lines), (&[], array), (&[], lines), (&[form], array), (&[form], lines)];
    for (headers, body) in kinds {
        let door = Door::open();
        let results = results(&door.ask("POST /publish", headers, body).await);
        let channels: Vec<&str> = results.iter().map(|result| result["channel"].as_str().unwrap()).collect();
        assert_eq!(channels, ["a", "live/b", "a"], "{headers:?}");
        assert_eq!(door.get("/c/a").await.bodies(), ["1", "3"]);
        assert_eq!(door.get("/c/live/b").await.bodies(), ["2"]);
    }
}

#[tokio::test]
async fn a_bad_item_is_counted_as_a_refusal() {
    let (mut door, options) = (Door::open(), Options::default());
    let counts = options.counts.clone();
    door.service = api(door.node.clone(), options);
    let batch = r#"[{"channel":"a","body":"1"},{"channel":"a//b","body":"2"},{"channel":"c//d","body":"3"}]"#;
    results(&door.ask("POST /publish", &[JSON], batch).await);
    let refused: Vec<_> = counts.refusals().filter(|(_, count)| *count > 0).collect();
    assert_eq!(refused, [(Code::BAD_NAME, 2)]);
}

#[tokio::test]
async fn a_bad_item_does_not_harm_the_others() {
    let door = Door::open();
    let items = [
        r#"{"channel":"a","body":"1"}"#,
        r#"{"channel":"a//b","body":"2"}"#,
        r#"{"channel":"a","bdy":"3"}"#,
        r#"{"channel":"tiny","body":"12345678901"}"#,
        r#"{"channel":"$system","body":"5"}"#,
        r#"{"body":"6"}"#,
        r#"7"#,
        r#"{"channel":"a","body":"8"}"#,
    ];
    let codes = ["", "bad-name", "unknown-field", "too-large", "forbidden", "bad-field", "bad-json", ""];
    for (header, body) in [(JSON, format!("[{}]", items.join(","))), (LINES, items.join("\n"))] {
        let results = results(&door.ask("POST /publish", &[header], &body).await);
        let told: Vec<&str> = results.iter().map(|result| result["name"].as_str().unwrap_or("")).collect();
        assert_eq!(told, codes, "{header:?} {results:#?}");
        assert!(results[1]["detail"].is_string() && results[1]["status"] == 400, "{results:?}");
    }
    let results = results(
        &door.ask("POST /publish", &[LINES], "{\"channel\":\"a\"\n{\"channel\":\"a\",\"body\":\"\"}").await,
    );
    assert_eq!((&results[0]["name"], &results[1]["channel"]), (&json!("bad-json"), &json!("a")));
    assert_eq!(door.get("/c/a").await.bodies().len(), 5);
}

#[tokio::test]
async fn an_atomic_group_is_stored_whole_or_not_at_all() {
    let door = Door::open();
    let target = "POST /publish?atomic=true";
    let whole = r#"[{"channel":"a","body":"1"},{"channel":"b","body":"2"}]"#;
    let results = results(&door.ask(target, &[JSON], whole).await);
    assert_eq!(results.len(), 2);
    let many = format!("[{}]", vec![r#"{"channel":"c","body":""}"#; 1001].join(","));
    door.refuses(&[
        (
            target,
            &[JSON],
            r#"[{"channel":"c","body":"1"},{"channel":"live/c","body":"2"}]"#,
            400,
            "not-atomic",
        ),
        (target, &[JSON], r#"[{"channel":"c","body":"1"},{"channel":"c//c","body":"2"}]"#, 400, "bad-name"),
        (
            target,
            &[JSON],
            r#"[{"channel":"c","body":""},{"channel":"tiny/c","body":"12345678901"}]"#,
            413,
            "too-large",
        ),
        (target, &[LINES], "{\"channel\":\"c\",\"body\":\"\"}\nnonsense", 400, "bad-json"),
        (target, &[JSON], &many, 400, "too-many"),
        ("POST /publish?atomic=maybe", &[JSON], whole, 400, "bad-field"),
    ])
    .await;
    assert_eq!(door.get("/c/**").await.bodies(), ["1", "2"]);
    let answer = door.ask(target, &[JSON], r#"[{"channel":"c","body":""},{"channel":"c//c"}]"#).await;
    assert!(answer.json()["detail"].as_str().unwrap().contains('2'), "names the item: {answer:?}");
}

#[tokio::test]
async fn bad_batches_are_refused_with_a_reason() {
    let door = Door::open();
    let many = format!("[{}]", vec![r#"{"channel":"c","body":""}"#; 1001].join(","));
    let lines = "{\"channel\":\"c\",\"body\":\"\"}\n".repeat(1001);
    let large = format!(r#"{{"channel":"c","body":"{}"}}"#, "x".repeat(5 << 20));
    door.refuses(&[
        ("POST /publish", &[], "", 400, "bad-json"),
        ("POST /publish", &[JSON], "", 400, "bad-json"),
        ("POST /publish", &[JSON], "[", 400, "bad-json"),
        ("POST /publish", &[JSON], "\"text\"", 400, "bad-json"),
        ("POST /publish", &[JSON], r#"{"channel":"a"}{"channel":"b"}"#, 400, "bad-json"),
        ("POST /publish", &[], "hello", 400, "bad-json"),
        ("POST /publish", &[JSON], &many, 400, "too-many"),
        ("POST /publish", &[LINES], &lines, 400, "too-many"),
        ("POST /publish", &[JSON], &large, 413, "too-large"),
        ("POST /publish", &[JSON], r#"{"channel":"a","channel":"b"}"#, 400, "bad-json"),
        ("POST /publish?atomc=true", &[JSON], "[]", 400, "unknown-field"),
        ("PUT /publish", &[JSON], "[]", 405, "method-not-allowed"),
    ])
    .await;
    assert!(results(&door.ask("POST /publish", &[JSON], "[]").await).is_empty());
    assert!(door.get("/c/**").await.bodies().is_empty());
}
