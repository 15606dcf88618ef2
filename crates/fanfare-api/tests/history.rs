//! Reading what was said: pages, links, polling, one message, the newest.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use serde_json::Value;

async fn filled(channel: &str, count: usize) -> (Door, Vec<Value>) {
    let door = Door::open();
    let mut receipts = Vec::new();
    for number in 1..=count {
        receipts.push(door.say(channel, &number.to_string()).await);
    }
    (door, receipts)
}

fn numbers(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

fn cursor(receipt: &Value) -> &str {
    receipt["cursor"].as_str().unwrap()
}

#[tokio::test]
async fn a_page_has_messages_cursor_and_gap() {
    let (door, receipts) = filled("a/b", 3).await;
    let answer = door.get("/c/a/b").await;
    let page = answer.json();
    assert_eq!(answer.bodies(), numbers(1..=3));
    assert_eq!(page["gap"], Value::Null);
    assert_eq!(page["cursor"], answer.header("cursor"));
    assert_eq!(page["messages"][2]["cursor"], receipts[2]["cursor"]);
    assert_eq!(page["messages"][2]["position"], receipts[2]["position"]);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-cache");
    assert_eq!(answer.header("vary"), "Accept");
}

#[tokio::test]
async fn a_page_starts_where_it_is_asked_to() {
    let (door, receipts) = filled("a", 9).await;
    let after = cursor(&receipts[3]);
    let table = [
        ("/c/a".to_owned(), numbers(1..=9)),
        (format!("/c/a?after={after}"), numbers(5..=9)),
        (format!("/c/a?after={after}&limit=2"), numbers(5..=6)),
        (format!("/c/a?before={after}"), numbers(1..=4)),
        (format!("/c/a?before={after}&limit=2"), numbers(3..=4)),
        ("/c/a?last=3".to_owned(), numbers(7..=9)),
        ("/c/a?last=0".to_owned(), vec![]),
        ("/c/a?since=10m".to_owned(), numbers(1..=9)),
        ("/c/a?since=2000-01-01T00:00:00Z".to_owned(), numbers(1..=9)),
        ("/c/a?since=2999-01-01T00:00:00Z".to_owned(), vec![]),
        (format!("/c/a?last=1&after={after}"), numbers(5..=9)),
        ("/c/nobody/said/anything".to_owned(), vec![]),
    ];
    for (target, expected) in table {
        let answer = door.get(&target).await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert_eq!(answer.bodies(), expected, "{target}");
    }
}

#[tokio::test]
async fn patterns_are_read_in_the_order_they_were_published() {
    let door = Door::open();
    for (channel, body) in [("s/1/temp", "1"), ("s/2/temp", "2"), ("s/1/wind", "3"), ("live/s", "4")] {
        door.say(channel, body).await;
    }
    assert_eq!(door.get("/c/s/*/temp").await.bodies(), numbers(1..=2));
    assert_eq!(door.get("/c/s/**").await.bodies(), numbers(1..=3));
    assert_eq!(door.get("/c/**").await.bodies(), numbers(1..=4));
    assert_eq!(door.get("/c/s/%2A/temp").await.bodies(), numbers(1..=2));
}

#[tokio::test]
async fn links_lead_through_all_pages_both_ways() {
    let (door, receipts) = filled("a/b", 10).await;
    let mut target = Some("/c/a/b?since=1h&limit=3".to_owned());
    let mut heard = Vec::new();
    while let Some(next) = target {
        let page = door.get(&next).await;
        assert!(page.bodies().len() <= 3, "{page:?}");
        heard.extend(page.bodies());
        target = page.link("next");
    }
    assert_eq!(heard, numbers(1..=10));

    let mut target = Some(format!("/c/a/b?before={}&limit=4", cursor(&receipts[9])));
    let mut heard = Vec::new();
    while let Some(previous) = target {
        let page = door.get(&previous).await;
        heard.splice(0..0, page.bodies());
        target = page.link("prev");
    }
    assert_eq!(heard, numbers(1..=10));
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let door = Door::open();
    door.say("a", "1").await;
    let first = door.get("/c/a").await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{first:?}");

    door.say("somewhere/else", "x").await;
    for asked in [tag.clone(), format!("\"x\", {tag}"), "*".into()] {
        let again = door.ask("GET /c/a", &[("If-None-Match", &asked)], "").await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{asked}: {again:?}");
        assert_eq!(again.header("etag"), tag);
        assert!(!again.header("cursor").is_empty());
    }
    assert_eq!(door.ask("GET /c/a?limit=7", &[("If-None-Match", &tag)], "").await.status, 200);
    let receipt = door.say("a", "2").await;
    let changed = door.ask("GET /c/a", &[("If-None-Match", &tag)], "").await;
    assert_eq!(changed.bodies(), numbers(1..=2));

    let tag = changed.header("etag").to_owned();
    door.ask(&format!("DELETE /c/a/$at/{}", receipt["position"]), &[], "").await;
    let changed = door.ask("GET /c/a", &[("If-None-Match", &tag)], "").await;
    assert_eq!(changed.bodies(), numbers(1..=1));
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let (door, _) = filled("a", 2).await;
    for target in ["/c/a", "/c/a/$latest", "/c/a/$info", "/channels", "/healthz", "/readyz", "/"] {
        let (get, head) = (door.get(target).await, door.ask(&format!("HEAD {target}"), &[], "").await);
        assert_eq!(head.status, get.status, "{target}");
        assert!(head.body.is_empty(), "{target}");
        assert_eq!(head.header("etag"), get.header("etag"), "{target}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{target}");
    }
}

#[tokio::test]
async fn the_representation_is_negotiated() {
    let (door, _) = filled("a", 1).await;
    for accept in ["*/*", "application/json", "application/*", "text/html;q=0.1, */*;q=0.5"] {
        let answer = door.ask("GET /c/a", &[("Accept", accept)], "").await;
        assert_eq!((answer.status.as_u16(), answer.bodies()), (200, numbers(1..=1)), "{accept}");
        assert_eq!(answer.header("vary"), "Accept");
    }
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    for (target, accept) in [
        ("/c/a", browser),
        ("/c/a/**", "text/html"),
        ("/c/a?via=html", "*/*"),
        // The page says what is wrong with it, where it was written.
        ("/c/a?filter=alarm", browser),
    ] {
        let answer = door.ask(&format!("GET {target}"), &[("Accept", accept)], "").await;
        assert_eq!((answer.status.as_u16(), answer.header("vary")), (200, "Accept"), "{target}");
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{target}");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"), "{target}");
        assert!(answer.text().starts_with("<!doctype html>"), "{target}");
    }
    door.refuses(&[
        ("GET /c/a", &[("Accept", "image/png")], "", 406, "not-acceptable"),
        ("GET /c/a//b", &[("Accept", "text/html")], "", 400, "bad-name"),
        ("GET /c/a?via=sse", &[], "", 400, "bad-field"),
        ("GET /c/a", &[("Accept", "application/json;q=0")], "", 406, "not-acceptable"),
    ])
    .await;
}

#[tokio::test]
async fn what_pages_are_made_of_is_served_and_kept() {
    let door = Door::open();
    for (name, media_type) in [
        ("channel.css", "text/css; charset=utf-8"),
        ("channel.js", "text/javascript; charset=utf-8"),
        ("fanfare.js", "text/javascript; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
    ] {
        let path = format!("/web/{name}");
        let file = door.get(&path).await;
        assert_eq!((file.status.as_u16(), file.header("content-type")), (200, media_type), "{name}");
        let again = door.ask(&format!("GET {path}"), &[("If-None-Match", file.header("etag"))], "").await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0), "{name}");
    }
    door.refuses(&[
        ("GET /web/nothing.js", &[], "", 404, "not-found"),
        ("GET /web/..%2Fchannel.js", &[], "", 404, "not-found"),
        ("POST /web/channel.js", &[], "", 405, "method-not-allowed"),
    ])
    .await;
}

#[tokio::test]
async fn the_newest_body_comes_as_it_was_published() {
    let door = Door::open();
    door.refuses(&[("GET /c/cam/$latest", &[], "", 404, "not-found")]).await;
    door.ask("POST /c/cam", &[("Content-Type", "image/png")], "old").await;
    let receipt = door.ask("POST /c/cam", &[("Content-Type", "image/svg+xml")], "<svg/>").await;
    let latest = door.get("/c/cam/$latest").await;
    assert_eq!((latest.text(), latest.header("content-type")), ("<svg/>", "image/svg+xml"));
    assert_eq!(latest.header("cursor"), receipt.header("cursor"));
    assert_eq!(latest.header("cache-control"), "no-cache");
    assert!(latest.header("content-security-policy").starts_with("sandbox"), "{latest:?}");
    let tag = latest.header("etag").to_owned();
    assert_eq!(door.ask("GET /c/cam/$latest", &[("If-None-Match", &tag)], "").await.status, 304);
    door.say("cam", "text").await;
    let latest = door.ask("GET /c/cam/$latest", &[("If-None-Match", &tag)], "").await;
    assert_eq!((latest.text(), latest.header("content-type")), ("text", "text/plain; charset=utf-8"));
}

#[tokio::test]
async fn the_newest_body_is_of_what_stands() {
    let door = Door::open();
    let says = async |asked: &str, body: &str| door.ask(asked, &[], body).await;
    for channel in ["rates", "live/rates"] {
        let latest = format!("/c/{channel}/$latest");
        let end = async |key: &str| {
            let ended = says(&format!("DELETE {latest}?key={key}"), "").await;
            assert!(ended.status.is_success(), "{ended:?}");
        };
        let first = says(&format!("POST /c/{channel}?key=oil"), "70").await;
        says(&format!("POST /c/{channel}?key=gold"), "1900").await;
        says(&format!("POST /c/{channel}?key=gold"), "1901").await;
        end("gold").await;
        let found = door.get(&latest).await;
        assert_eq!((found.text(), found.header("cursor")), ("70", first.header("cursor")), "{channel}");
        assert_eq!(door.get(&format!("{latest}?key=gold")).await.status, 404);

        // More than one page of it.
        for number in 0..600 {
            says(&format!("POST /c/{channel}?key=gold"), &number.to_string()).await;
        }
        end("gold").await;
        assert_eq!(door.get(&latest).await.text(), "70", "{channel}");

        // What was deleted ends no key: what was said before stands again.
        let wrong = says(&format!("POST /c/{channel}?key=oil"), "7").await.json();
        says(&format!("POST /c/{channel}?deletes={}", wrong["position"]), "").await;
        assert_eq!(door.get(&latest).await.text(), "70", "{channel}");
        end("oil").await;
        door.refuses(&[(&format!("GET {latest}"), &[], "", 404, "not-found")]).await;
        says(&format!("POST /c/{channel}?key=gold"), "1902").await;
        assert_eq!(door.get(&latest).await.text(), "1902", "{channel}");
    }
}

#[tokio::test]
async fn one_message_is_found_by_its_position() {
    let (door, receipts) = filled("a", 3).await;
    let at = |receipt: &Value| format!("/c/a/$at/{}", receipt["position"]);
    let message = door.get(&at(&receipts[1])).await.json();
    assert_eq!(message["body"], "2");
    assert_eq!(message["cursor"], receipts[1]["cursor"]);
    assert_eq!(message["previous"], receipts[0]["position"]);
    let elsewhere = format!("GET /c/b/$at/{}", receipts[1]["position"]);
    door.refuses(&[
        (&elsewhere, &[], "", 404, "not-found"),
        ("GET /c/a/$at/0", &[], "", 404, "not-found"),
        ("GET /c/a/$at/999999999", &[], "", 404, "not-found"),
        ("GET /c/a/$at/x", &[], "", 400, "bad-field"),
        ("GET /c/a/$at/-1", &[], "", 400, "bad-field"),
        ("GET /c/a/$at/99999999999999999999", &[], "", 400, "bad-field"),
        ("GET /c/a/$at", &[], "", 404, "not-found"),
        ("GET /c/a/$at/1/2", &[], "", 404, "not-found"),
    ])
    .await;
}

#[tokio::test]
async fn bad_questions_are_refused_with_a_reason() {
    let (door, _) = filled("a", 1).await;
    door.refuses(&[
        ("GET /c/a?after=nonsense", &[], "", 400, "bad-cursor"),
        ("GET /c/a?after=", &[], "", 400, "bad-cursor"),
        ("GET /c/a?before=AQEA", &[], "", 400, "bad-cursor"),
        ("GET /c/a?last=many", &[], "", 400, "bad-field"),
        ("GET /c/a?last=-1", &[], "", 400, "bad-field"),
        ("GET /c/a?last=10001", &[], "", 400, "bad-field"),
        ("GET /c/a?since=yesterday", &[], "", 400, "bad-field"),
        ("GET /c/a?limit=0", &[], "", 400, "bad-field"),
        ("GET /c/a?limit=1001", &[], "", 400, "bad-field"),
        ("GET /c/a?lmit=1", &[], "", 400, "unknown-field"),
        ("GET /c/a/***", &[], "", 400, "bad-name"),
        ("GET /c/a/**/b", &[], "", 400, "bad-name"),
        ("GET /c/a?via=pigeon", &[], "", 400, "bad-field"),
        ("GET /c/a/$nothing", &[], "", 404, "not-found"),
    ])
    .await;
    let answer = door.get("/c/a?lmit=1").await;
    assert!(answer.text().contains("limit"), "names the nearest: {answer:?}");
}
