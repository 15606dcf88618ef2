//! Channels: the list, what is known of one, removing.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use serde_json::{Value, json};

fn names(answer: &door::Answer) -> Vec<String> {
    let list = answer.json();
    let channels = list["channels"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    channels.iter().map(|info| info["channel"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_list_names_channels_with_their_counts() {
    let door = Door::open();
    for channel in ["b", "a/1", "a/2", "a/1", "live/c"] {
        door.say(channel, "12345").await;
    }
    let all = door.get("/channels").await;
    assert_eq!(names(&all), ["a/1", "a/2", "b", "live/c"]);
    let first = &all.json()["channels"][0];
    assert_eq!((&first["messages"], &first["bytes"]), (&json!(2), &json!(10)));
    assert_eq!(names(&door.get("/channels?pattern=a/*").await), ["a/1", "a/2"]);
    assert_eq!(names(&door.get("/channels?pattern=a/**&limit=1").await), ["a/1"]);
    assert_eq!(names(&door.get("/channels?after=a/2").await), ["b", "live/c"]);
    assert_eq!(names(&door.get("/channels?pattern=none").await), [""; 0]);
}

#[tokio::test]
async fn links_lead_through_the_whole_list() {
    let door = Door::open();
    let mut said: Vec<String> = (0..7).map(|number| format!("café & co/{number}")).collect();
    said.sort();
    for channel in &said {
        door.ask(&format!("POST /c/{}", channel.replace('é', "%C3%A9").replace(' ', "%20")), &[], "x").await;
    }
    let (mut target, mut heard) =
        (Some("/channels?limit=2&pattern=caf%C3%A9%20%26%20co/*".to_owned()), vec![]);
    while let Some(next) = target {
        let page = door.get(&next).await;
        heard.extend(names(&page));
        target = page.link("next");
    }
    assert_eq!(heard, said);
}

#[tokio::test]
async fn a_channel_says_what_it_holds() {
    let door = Door::open();
    door.say("a/b", "12345").await;
    let receipt = door.say("a/b", "678").await;
    let info = door.get("/c/a/b/$info").await.json();
    let expected = json!({"channel": "a/b", "head": receipt["position"], "published": 2, "messages": 2,
        "bytes": 8, "trimmed_through": 0, "keeping": "kept"});
    assert_eq!(info, expected);
    door.say("live/b", "x").await;
    assert_eq!(door.get("/c/live/b/$info").await.json()["keeping"], "live");
    door.refuses(&[
        ("GET /c/nothing/$info", &[], "", 404, "not-found"),
        ("GET /c/a/*/$info", &[], "", 400, "bad-name"),
    ])
    .await;
}

#[tokio::test]
async fn purging_takes_the_messages_and_leaves_the_channel() {
    for channel in ["a", "live/a"] {
        let door = Door::open();
        let first = door.say(channel, "1").await;
        let cursor = first["cursor"].as_str().unwrap();
        door.say(channel, "2").await;
        assert_eq!(door.ask(&format!("POST /c/{channel}/$purge"), &[], "").await.status, 204);
        assert!(door.get(&format!("/c/{channel}")).await.bodies().is_empty());
        let behind = door.get(&format!("/c/{channel}?after={cursor}")).await.json();
        assert_eq!(behind["gap"]["from"], first["position"], "{behind}");
        assert_eq!(door.get(&format!("/c/{channel}/$info")).await.json()["messages"], 0);
    }
}

#[tokio::test]
async fn deleting_takes_the_channel_too() {
    for channel in ["a", "live/a"] {
        let door = Door::open();
        door.say(channel, "1").await;
        let target = format!("DELETE /c/{channel}");
        assert_eq!(door.ask(&target, &[], "").await.status, 204);
        door.refuses(&[(&target, &[], "", 404, "not-found")]).await;
        assert_eq!(door.get(&format!("/c/{channel}/$info")).await.status, 404);
        assert!(names(&door.get("/channels").await).is_empty());
    }
}

#[tokio::test]
async fn one_message_can_be_removed() {
    let door = Door::open();
    let receipts: Vec<Value> =
        vec![door.say("a", "1").await, door.say("a", "2").await, door.say("b", "3").await];
    let at = |channel: &str, index: usize| format!("DELETE /c/{channel}/$at/{}", receipts[index]["position"]);
    assert_eq!(door.ask(&at("a", 0), &[], "").await.status, 204);
    assert_eq!(door.get("/c/**").await.bodies(), ["2", "3"]);
    door.refuses(&[
        (&at("a", 0), &[], "", 404, "not-found"),
        (&at("a", 2), &[], "", 404, "not-found"),
        ("DELETE /c/a/$at/x", &[], "", 400, "bad-field"),
        ("DELETE /c/**", &[], "", 400, "bad-name"),
        ("POST /c/**/$purge", &[], "", 400, "bad-name"),
        ("GET /c/a/$purge", &[], "", 405, "method-not-allowed"),
    ])
    .await;
    assert_eq!(door.get("/c/**").await.bodies(), ["2", "3"]);
}

#[tokio::test]
async fn bad_lists_are_refused_with_a_reason() {
    let door = Door::open();
    door.refuses(&[
        ("GET /channels?pattern=a//b", &[], "", 400, "bad-name"),
        ("GET /channels?limit=0", &[], "", 400, "bad-field"),
        ("GET /channels?limit=1001", &[], "", 400, "bad-field"),
        ("GET /channels?patern=a", &[], "", 400, "unknown-field"),
        ("POST /channels", &[], "", 405, "method-not-allowed"),
    ])
    .await;
}
