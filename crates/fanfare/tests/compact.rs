//! Namespaces that keep of each key only the newest: what is left of much, over a restart and from memory, what readers that
//! were away are told, and what the configuration says of it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use support::command::{fanfare, run};
use support::http::{Held, ask, get};
use support::server::{Server, until};

const TABLES: &str = "
[[namespace]]
pattern = 'tables/**'
compact = true

[[namespace]]
pattern = 'live/**'
keeping = 'live'
compact = true
";

/// Says so often something of each of three keys.
fn say(server: &Server, channel: &str, times: usize) {
    let message =
        |number: usize| json!({ "channel": channel, "key": format!("k{}", number % 3), "body": number });
    let messages: Vec<Value> = (0..3 * times).map(message).collect();
    for batch in messages.chunks(1000) {
        let head = "POST /publish HTTP/1.1\nContent-Type: application/json";
        assert_eq!(ask(server.address, head, json!(batch).to_string().as_bytes()).status, 200);
    }
}

fn page(server: &Server, target: &str) -> Value {
    get(server.address, target).json()
}

fn bodies(page: &Value) -> Vec<u64> {
    page["messages"].as_array().unwrap().iter().filter_map(|message| message["body"].as_u64()).collect()
}

fn line(reader: &mut Held) -> Value {
    serde_json::from_str(&reader.line().unwrap()).unwrap()
}

#[test]
fn of_much_little_is_left_and_nobody_is_told_of_a_gap() {
    let mut server = Server::with_config(TABLES, &[]);
    for channel in ["tables/a", "live/a", "other"] {
        let first = get(server.address, &format!("/c/{channel}?last=1")).json()["cursor"].clone();
        let rare = format!("POST /c/{channel} HTTP/1.1\nKey: rare\nContent-Type: application/json");
        assert_eq!(ask(server.address, &rare, b"1000000").status, 201);
        say(&server, channel, 700);
        let all = format!("/c/{channel}?last=1000");
        if channel == "other" {
            assert_eq!(bodies(&page(&server, &all)).len(), 1000);
            continue;
        }
        // Four keys, as many again, and eight, before the next walk.
        until("what is superseded is gone", || bodies(&page(&server, &all)).len() <= 16);
        let left = bodies(&page(&server, &all));
        assert_eq!(left[0], 1_000_000, "{channel}: {left:?}");
        assert!(left.ends_with(&[2097, 2098, 2099]), "{channel}: {left:?}");
        let missed = page(&server, &format!("/c/{channel}?after={}", first.as_str().unwrap()));
        assert_eq!((missed["gap"].clone(), bodies(&missed)), (Value::Null, left), "{channel}");
    }
    server.restart();
    let kept = bodies(&page(&server, "/c/tables/a?last=1000"));
    assert!(kept[0] == 1_000_000 && kept.ends_with(&[2097, 2098, 2099]), "{kept:?}");
    server.terminate();
    assert!(server.wait().success());
    let data = server.data();
    run(fanfare("", &["db", "check", data.to_str().unwrap()])).with(0);
}

#[test]
fn who_was_away_while_the_end_of_a_key_was_kept_hears_it_and_who_was_longer_away_is_given_all_that_stands() {
    let config = "[[namespace]]\npattern = 'short'\ncompact = true\nage = '2s'\n";
    let server = Server::with_config(config, &[]);
    let publish = |key: &str, body: &str| {
        let published = ask(server.address, &format!("POST /c/short HTTP/1.1\nKey: {key}"), body.as_bytes());
        published.json()["cursor"].as_str().unwrap().to_owned()
    };
    let heard = publish("gone", "1");
    let gone = ask(server.address, "DELETE /c/short/$latest?key=gone HTTP/1.1", b"");
    assert_eq!(gone.status, 201);
    let target = |via: &str| format!("/c/short?after={heard}&{via}");
    let missed = page(&server, &target("wait=0"));
    assert_eq!((&missed["gap"], &missed["messages"][0]["event"]), (&Value::Null, &"$deleted".into()));

    until("the end of the key is not kept any more", || {
        publish("here", "2");
        !page(&server, &target("wait=0"))["gap"].is_null()
    });
    let mut reader = Held::open(server.address, &format!("GET {} HTTP/1.1", target("via=stream")));
    let told = until_caught_up(&mut reader);
    let place =
        |what: &dyn Fn(&Value) -> bool| told.iter().position(what).unwrap_or_else(|| panic!("{told:#?}"));
    let gap = place(&|line| line["gap"].is_object());
    let snapshot = place(&|line| line["snapshot"] == true);
    let value = place(&|line| line["key"] == "here");
    assert!(gap < snapshot && snapshot < value, "{told:#?}");
    assert_eq!(told.iter().filter(|line| line["gap"].is_object()).count(), 1, "once: {told:#?}");
    assert_eq!(told.iter().filter(|line| line["snapshot"] == true).count(), 1, "once: {told:#?}");
    // And then everything.
    publish("here", "3");
    assert_eq!(line(&mut reader)["body"], "3");
}

#[test]
fn a_new_life_of_a_log_begins_with_all_that_stands() {
    let mut server = Server::with_config(TABLES, &[]);
    say(&server, "live/a", 1);
    say(&server, "tables/a", 7);
    let target = "/subscribe?channel=live/a&channel=tables/a&via=stream";
    let mut reader = Held::open(server.address, &format!("GET {target}&last=1 HTTP/1.1"));
    let heard = until_caught_up(&mut reader);
    let cursor = heard[heard.len() - 1]["cursor"].as_str().unwrap();
    server.restart();
    say(&server, "live/a", 5);
    let mut reader = Held::open(server.address, &format!("GET {target}&after={cursor} HTTP/1.1"));
    let told = until_caught_up(&mut reader);
    let mut heard: Vec<u64> = told.iter().filter_map(|line| line["body"].as_u64()).collect();
    heard.sort_unstable();
    assert_eq!(heard, [12, 13, 14, 18, 19, 20], "of both logs: {told:#?}");
    let gaps: Vec<_> = told.iter().filter(|line| line["gap"].is_object()).collect();
    assert_eq!((gaps.len(), gaps[0]["gap"]["reason"].as_str()), (1, Some("epoch")), "{told:#?}");
}

/// What a reader of JSON lines is told, up to where it has caught up.
fn until_caught_up(reader: &mut Held) -> Vec<Value> {
    let mut told = vec![line(reader)];
    while told[told.len() - 1]["caught_up"] != true {
        told.push(line(reader));
    }
    told
}

#[test]
fn a_table_that_is_empty_after_a_restart_is_told_to_be() {
    let mut server = Server::with_config(TABLES, &[]);
    say(&server, "live/a", 1);
    let cursor = page(&server, "/c/live/a?last=1")["cursor"].as_str().unwrap().to_owned();
    server.restart();
    let mut reader = Held::open(server.address, &format!("GET /c/live/a?via=stream&after={cursor} HTTP/1.1"));
    let mut told = Vec::new();
    loop {
        let next = line(&mut reader);
        told.extend(next.as_object().unwrap().keys().filter(|name| *name != "cursor").cloned());
        if next["caught_up"] == true {
            break;
        }
    }
    assert_eq!(told, ["gap", "session", "snapshot", "caught_up"]);
}
