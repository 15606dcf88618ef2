//! What is published later: by every door, looked at, changed and ended.

#![allow(clippy::unwrap_used)]

mod door;

use door::{Answer, Door};
use fanfare_proto::limits;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A schedule's name in an answer.
fn name(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{answer:?}");
    let document = answer.json();
    let name = document["schedule"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/schedules/{name}"));
    assert!(document["at"].as_str().unwrap().ends_with('Z') && document["channel"].is_string(), "{answer:?}");
    name
}

async fn list(door: &Door, query: &str) -> Vec<Value> {
    let answer = door.get(&format!("/schedules{query}")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["schedules"].as_array().unwrap().clone()
}

/// Waits until a channel holds these bodies.
async fn until_said(door: &Door, channel: &str, bodies: &[&str]) {
    let began = Instant::now();
    while door.get(&format!("/c/{channel}")).await.bodies() != bodies {
        assert!(began.elapsed() < Duration::from_secs(60), "{channel} does not say {bodies:?}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_door_takes_messages_for_later() {
    let door = Door::open();
    let envelope = r#"{"channel":"a","body":"x","delay":"1h"}"#;
    let recurring = r#"{"channel":"a","body":"x","cron":"0 9 * * 1-5","zone":"Europe/Berlin"}"#;
    let mut names = Vec::new();
    for (request, headers, body) in [
        ("POST /c/a?delay=1h", &[][..], "x"),
        ("PUT /c/a", &[], ""),
        ("POST /c/a", &[("Delay", "1h")][..], "x"),
        ("POST /a", &[("X-Delay", "3600")][..], "x"),
        ("POST /publish", &[], envelope),
        ("POST /schedules", &[][..], envelope),
        ("POST /schedules", &[], recurring),
    ] {
        let answer = door.ask(request, headers, body).await;
        match request {
            "PUT /c/a" => assert_eq!(answer.status, 201, "what is not for later comes at once"),
            _ => names.push(name(&answer)),
        }
    }
    let listed = list(&door, "").await;
    let found: Vec<&str> = listed.iter().map(|planned| planned["schedule"].as_str().unwrap()).collect();
    assert_eq!(found, names);
    assert!(listed.iter().all(|planned| planned["channel"] == "a" && planned["body"] == "x"));
    assert_eq!((&listed[5]["cron"], &listed[5]["zone"]), (&json!("0 9 * * 1-5"), &json!("Europe/Berlin")));
    assert_eq!(door.get("/c/a").await.bodies(), [""]);
}

#[tokio::test]
async fn of_several_messages_each_comes_in_its_time() {
    let door = Door::open();
    let lines = [
        r#"{"channel":"a","body":"1"}"#,
        r#"{"channel":"a","body":"2","at":1}"#,
        r#"{"channel":"a","body":"3","delay":"1h"}"#,
        r#"{"channel":"a","body":"4","delay":"400d"}"#,
        r#"{"channel":"a","body":"5","delay":"soon"}"#,
    ];
    let answer = door.ask("POST /publish", &[], &lines.join("\n")).await;
    let results = answer.json()["results"].as_array().unwrap().clone();
    assert!(results[0]["position"].is_u64() && results[1]["schedule"].is_string(), "{answer:?}");
    assert!(results[2]["schedule"].is_string() && results[2]["position"].is_null(), "{answer:?}");
    assert_eq!((&results[3]["name"], &results[4]["name"]), (&json!("bad-field"), &json!("bad-field")));
    until_said(&door, "a", &["1", "2"]).await;
    let atomic = door.ask("POST /publish?atomic=true", &[], &lines[..2].join("\n")).await;
    assert_eq!((atomic.status.as_u16(), atomic.problem().as_str()), (400, "not-atomic"));
    // A group of one is a group, however it comes.
    for alone in [lines[2], &format!("[{}]", lines[1])] {
        let atomic = door.ask("POST /publish?atomic=true", &[], alone).await;
        assert_eq!((atomic.status.as_u16(), atomic.problem().as_str()), (400, "not-atomic"), "{alone}");
        assert!(atomic.text().contains("`at` and `delay` are not for an atomic group"), "{atomic:?}");
    }
    assert_eq!(door.ask("POST /publish?atomic=true", &[], lines[0]).await.status, 201);
}

#[tokio::test]
async fn a_schedule_is_looked_at_changed_and_ended() {
    let door = Door::open();
    let made = door.ask("POST /c/a?delay=1h&key=k&tags=n=1&ttl=60", &[], "x").await;
    let target = format!("/schedules/{}", name(&made));
    let planned = door.get(&target).await.json();
    assert_eq!(planned["at"], made.json()["at"]);
    assert_eq!(
        (&planned["key"], &planned["tags"]["n"], &planned["body"]),
        (&json!("k"), &json!(1), &json!("x"))
    );
    assert_eq!((&planned["missed"], &planned["ttl"]), (&json!("once"), &json!("60000ms")));
    let other = r#"{"channel":"b","cron":"*/5 * * * *","missed":"skip","body":{"n":1}}"#;
    let changed = door.ask(&format!("PUT {target}"), &[], other).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(door.get(&target).await.json(), changed.json());
    let changed = changed.json();
    assert_eq!((&changed["schedule"], &changed["created"]), (&planned["schedule"], &planned["created"]));
    assert_eq!(
        (&changed["channel"], &changed["missed"], &changed["zone"]),
        (&json!("b"), &json!("skip"), &json!("UTC"))
    );
    assert_eq!(door.ask(&format!("DELETE {target}"), &[], "").await.status, 204);
    for method in ["GET", "DELETE"] {
        let gone = door.ask(&format!("{method} {target}"), &[], "").await;
        assert_eq!((gone.status.as_u16(), gone.problem().as_str()), (404, "not-found"));
    }
    assert_eq!(door.ask(&format!("PUT {target}"), &[], other).await.problem(), "not-found");
}

#[tokio::test]
async fn the_list_has_pages_and_channels() {
    let door = Door::open();
    for channel in ["a/1", "b/1", "a/2", "b/2", "a/3"] {
        door.ask(&format!("POST /c/{channel}?delay=1h"), &[], channel).await;
    }
    assert_eq!(list(&door, "?channel=a/2").await.len(), 1);
    assert_eq!(list(&door, "?channel=c").await.len(), 0);
    let (mut target, mut found) = (Some("/schedules?channel=a/*&limit=2".to_owned()), Vec::new());
    while let Some(page) = target {
        let answer = door.get(&page).await;
        let schedules = answer.json()["schedules"].as_array().unwrap().clone();
        found.extend(schedules.iter().map(|planned| planned["body"].as_str().unwrap().to_owned()));
        target = answer.link("next");
    }
    assert_eq!(found, ["a/1", "a/2", "a/3"]);
}

#[tokio::test]
async fn a_request_that_is_sent_again_makes_one_schedule() {
    let door = Door::open();
    let id = [("Idempotency-Key", "one")];
    let first = name(&door.ask("POST /c/a?delay=1h", &id, "x").await);
    assert_eq!(name(&door.ask("POST /c/a?delay=1h", &id, "x").await), first);
    let other = door.ask("POST /c/a?delay=1h", &id, "y").await;
    assert_eq!((other.status.as_u16(), other.problem().as_str()), (422, "id-reused"));
    assert_eq!(list(&door, "").await.len(), 1);
}

#[tokio::test]
async fn bad_input_is_refused_and_nothing_is_kept() {
    let door = Door::open();
    let long = format!(r#"{{"channel":"a","body":"","cron":"{}"}}"#, "*".repeat(limits::CRON_BYTES + 1));
    door.refuses(&[
        ("POST /c/a?at=soon", &[], "x", 400, "bad-field"),
        ("POST /c/a?at=5&delay=5", &[], "x", 400, "bad-field"),
        ("POST /c/a?delay=400d", &[], "x", 400, "bad-field"),
        ("POST /c/a?at=2999-01-01T00:00:00Z", &[], "x", 400, "bad-field"),
        ("POST /c/a", &[("Delay", "tomorrow")], "x", 400, "bad-field"),
        ("POST /c/tiny/a?delay=1h", &[], "more than ten bytes", 413, "too-large"),
        ("POST /c/$sys/a?delay=1h", &[], "x", 403, "forbidden"),
        ("POST /schedules", &[], "", 400, "bad-json"),
        ("POST /schedules", &[], "[]", 400, "bad-json"),
        ("POST /schedules", &[], r#"{"channel":"a","body":""}"#, 400, "bad-field"),
        ("POST /schedules", &[], r#"{"channel":"a//b","body":"","delay":1}"#, 400, "bad-name"),
        ("POST /schedules", &[], r#"{"channel":"a","body":"","cron":"0 9 * *"}"#, 400, "bad-field"),
        ("POST /schedules", &[], r#"{"channel":"a","body":"","cron":"0 0 30 2 *"}"#, 400, "bad-field"),
        (
            "POST /schedules",
            &[],
            r#"{"channel":"a","body":"","cron":"* * * * *","zone":"Mars"}"#,
            400,
            "bad-field",
        ),
        ("POST /schedules", &[], r#"{"channel":"a","body":"","corn":"* * * * *"}"#, 400, "unknown-field"),
        (
            "POST /schedules",
            &[],
            r#"{"channel":"tiny/a","body":"more than ten bytes","delay":1}"#,
            413,
            "too-large",
        ),
        ("POST /schedules", &[], &long, 400, "bad-field"),
        ("GET /schedules?after=x", &[], "", 404, "not-found"),
        ("GET /schedules?channel=a//b", &[], "", 400, "bad-name"),
        ("GET /schedules?limit=0", &[], "", 400, "bad-field"),
        ("GET /schedules/x", &[], "", 404, "not-found"),
        ("DELETE /schedules/0123456789ABCDEF", &[], "", 404, "not-found"),
        ("PUT /schedules/0123456789abcdef", &[], "{}", 400, "bad-field"),
    ])
    .await;
    assert_eq!(list(&door, "").await.len(), 0);
}
