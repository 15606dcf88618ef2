//! Making, seeing and ending webhooks. What they are sent is tested in `fanfare-gateway`.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use fanfare_api::{Options, api};
use fanfare_egress::Addresses;
use fanfare_node::Webhooks;
use fanfare_proto::{Grant, History, Pattern, Start};
use fanfare_store::{MemoryRecords, Records, Revision};
use serde_json::{Value, json};
use std::sync::Arc;

const WISH: &str = r#"{"url": "https://hook.example/in?x=1", "patterns": ["a/**", "b"], "filter": "priority > 3", "batch": 10}"#;

async fn make(door: &Door, wish: &str) -> Value {
    let answer = door.ask("POST /webhooks", &[], wish).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let made = answer.json();
    assert_eq!(answer.header("location"), format!("/webhooks/{}", made["id"].as_str().unwrap()));
    made
}

#[tokio::test]
async fn a_webhook_is_made_and_its_secret_is_told_once() {
    let door = Door::open();
    let made = make(&door, WISH).await;
    let secret = made["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 64);
    assert_eq!(made["patterns"], json!(["a/**", "b"]));
    assert_eq!((&made["filter"], &made["batch"]), (&json!("priority > 3"), &json!(10)));
    let health = json!({ "delivered": 0, "dead": 0, "failures": 0, "lag_ms": 0 });
    assert_eq!((&made["attempts"], &made["health"]), (&json!(0), &health));
    let one = door.get(&format!("/webhooks/{}", made["id"].as_str().unwrap())).await;
    let mut expected = made.clone();
    expected.as_object_mut().unwrap().remove("secret");
    assert_eq!(one.json(), expected);
    let list = door.get("/webhooks").await;
    assert_eq!(list.json(), json!({ "webhooks": [expected] }));
    assert!(!String::from_utf8_lossy(&list.body).contains(secret));
}

#[tokio::test]
async fn it_starts_behind_what_was_said_and_takes_a_secret() {
    let door = Door::open();
    let said = door.say("b", "x").await;
    let secret = "0123456789abcdef0123456789abcdef";
    let wish = json!({ "url": "http://hook.example", "patterns": ["b"], "secret": secret });
    let made = make(&door, &wish.to_string()).await;
    assert_eq!((&made["secret"], &made["url"]), (&json!(secret), &json!("http://hook.example/")));
    let page = door.get(&format!("/c/b?after={}", made["cursor"].as_str().unwrap())).await.json();
    assert_eq!(page["messages"], json!([]), "{said}");
}

#[tokio::test]
async fn it_ends_when_it_is_deleted() {
    let door = Door::open();
    let place = format!("/webhooks/{}", make(&door, WISH).await["id"].as_str().unwrap());
    assert_eq!(door.ask(&format!("DELETE {place}"), &[], "").await.status, 204);
    door.refuses(&[
        (&*format!("DELETE {place}"), &[], "", 404, "not-found"),
        (&*format!("GET {place}"), &[], "", 404, "not-found"),
        ("GET /webhooks/nothing", &[], "", 404, "not-found"),
    ])
    .await;
    assert_eq!(door.get("/webhooks").await.json(), json!({ "webhooks": [] }));
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let door = Door::open();
    let with = |name: &str, value: Value| {
        let mut wish: Value = serde_json::from_str(WISH).unwrap();
        wish[name] = value;
        wish.to_string()
    };
    for (body, code) in [
        ("{".into(), "bad-json"),
        ("[]".into(), "bad-json"),
        (with("colour", json!("red")), "unknown-field"),
        (with("patterns", json!([])), "bad-field"),
        (with("patterns", json!(["a//b"])), "bad-name"),
        (with("filter", json!("= =")), "bad-filter"),
        (with("batch", json!(0)), "bad-field"),
        (with("batch", json!(101)), "bad-field"),
        (with("secret", json!("short")), "bad-field"),
        (with("url", json!("ftp://hook.example/")), "bad-field"),
        (with("url", json!("http://user@hook.example/")), "bad-field"),
        (with("url", json!("http://0x7f.1/")), "bad-field"),
        (with("url", json!("http://2130706433/")), "bad-field"),
    ] {
        door.refuses(&[("POST /webhooks", &[], &*body, 400, code)]).await;
    }
    let large = with("url", json!(format!("http://a/{}", "x".repeat(17 * 1024))));
    door.refuses(&[("POST /webhooks", &[], &*large, 413, "too-large")]).await;
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_refused_at_once() {
    let wish = |url: &str| json!({ "url": url, "patterns": ["a"] }).to_string();
    let door = Door::open();
    for (url, kind) in [
        ("http://127.0.0.1:9000/in", "loopback"),
        ("http://10.1.2.3/", "private"),
        ("https://[::1]/", "loopback"),
        ("http://[::ffff:192.168.0.1]/", "private"),
        ("http://169.254.169.254/latest/", "link-local"),
    ] {
        let refused = door.ask("POST /webhooks", &[], &wish(url)).await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (403, "forbidden"), "{url}");
        let says = format!("which is {kind}; the configuration allows such addresses by `egress_allow`");
        assert!(refused.text().contains(&says), "{url}: {refused:?}");
    }
    make(&door, &wish("http://1.1.1.1/")).await;
    // What a name leads to is known when it is called.
    make(&door, &wish("http://localhost:9000/in")).await;
    let allowing = Addresses::allowing(vec!["10.0.0.0/8".parse().unwrap()]);
    let service = api(door.node.clone(), Options { addresses: allowing, ..Options::default() });
    let door = Door { service, node: door.node.clone() };
    make(&door, &wish("http://10.1.2.3/")).await;
    door.refuses(&[("POST /webhooks", &[], &*wish("http://127.0.0.1/"), 403, "forbidden")]).await;
}

#[tokio::test]
async fn dead_letters_are_counted_that_are_there() {
    let door = Door::open();
    let made = make(&door, WISH).await;
    let id = made["id"].as_str().unwrap();
    let said = door.say("a", "poison").await;
    let message = said["position"].as_u64().unwrap();
    let history = History { patterns: vec![Pattern::parse("a").unwrap()], limit: 1, ..History::default() };
    let history = History { start: Start::Last(1), ..history };
    let page = door.node.history(&Grant::open(), &history).await.unwrap();
    assert_eq!(page.messages[0].0.position.0, message);
    // As a server before this one had done it.
    door.node.bury(id, &page.messages[0].0, "1-1", "the target answered 500").await.unwrap();
    let dead = async || {
        let one = door.get(&format!("/webhooks/{id}")).await.json()["health"]["dead"].clone();
        assert_eq!(door.get("/webhooks").await.json()["webhooks"][0]["health"]["dead"], one);
        one
    };
    assert_eq!(dead().await, 1);
    assert_eq!(door.ask(&format!("POST /c/$dead/{id}/$purge"), &[], "").await.status, 204);
    assert_eq!(dead().await, 0);
}

#[tokio::test]
async fn one_that_is_damaged_stops_no_other_and_can_be_removed() {
    let door = Door::open();
    let records: Arc<dyn Records> = Arc::new(MemoryRecords::default());
    records.put_if("webhook", "broken", Revision::ABSENT, Some("{".into())).unwrap();
    let webhooks = Webhooks::new(records);
    let service = api(door.node.clone(), Options { webhooks: webhooks.clone(), ..Options::default() });
    let door = Door { service, node: door.node.clone() };
    let made = make(&door, WISH).await;
    let listed = door.get("/webhooks").await.json();
    assert_eq!(listed["webhooks"][0]["id"], made["id"]);
    assert_eq!((&listed["damaged"][0]["webhook"], &listed["damaged"][1]), (&json!("broken"), &Value::Null));
    let why = listed["damaged"][0]["why"].as_str().unwrap();
    assert!(why.starts_with("webhook broken: "), "{why}");
    assert_eq!(webhooks.all().await.unwrap().entries.len(), 1, "whoever delivers goes on with the others");
    door.refuses(&[("GET /webhooks/broken", &[], "", 500, "store-damaged")]).await;
    assert_eq!(door.ask("DELETE /webhooks/broken", &[], "").await.status, 204);
    assert_eq!(door.get("/webhooks").await.json()["damaged"], Value::Null);
}

#[tokio::test]
async fn there_are_so_many_and_no_more() {
    let door = Door::open();
    for _ in 0..fanfare_proto::limits::WEBHOOKS {
        make(&door, WISH).await;
    }
    door.refuses(&[("POST /webhooks", &[], WISH, 400, "too-many")]).await;
}
