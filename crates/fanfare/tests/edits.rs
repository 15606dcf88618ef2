//! Edits and deletes over HTTP, WebSocket and the command, live, caught up and after a restart; and what expires at once.
//! docs/preferences.md has what can be typed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;
mod told;

use serde_json::{Value, json};
use support::command::{fanfare, run};
use support::http::{Held, ask, get, publish};
use support::server::{Server, until};
use support::socket::Socket;
use told::{amended, heard, messages, position, shown};

#[test]
fn an_edit_and_a_delete_reach_every_reader_and_last() {
    let config = "[[namespace]]\npattern = 'live/**'\nkeeping = 'live'\n";
    let mut server = Server::with_config(config, &[]);
    for channel in ["a", "live/a"] {
        let mut stream = Held::open(server.address, &format!("GET /c/{channel}?via=stream HTTP/1.1"));
        let mut socket = Socket::open(server.address, "/subscribe");
        socket.say(&json!({ "id": 1, "subscribe": channel, "view": "current" }).to_string());
        while socket.hear()["reply"] != 1 {}
        let mut events = Held::open(server.address, &format!("GET /c/{channel}?via=sse HTTP/1.1"));
        let [one, two] = ["one", "two"].map(|body| position(&publish(server.address, channel, body)));
        let edit = amended(&server, channel, "Replaces", one, "first");
        let delete = amended(&server, channel, "Deletes", two, "");
        let last = position(&publish(server.address, channel, "last"));
        let told = [
            json!({ "position": one, "body": "one" }),
            json!({ "position": two, "body": "two" }),
            json!({ "position": edit, "body": "first", "replaces": one }),
            json!({ "position": delete, "deletes": two }),
            json!({ "position": last, "body": "last" }),
        ];
        for expected in &told {
            assert_eq!(&heard(&mut stream), expected);
            let mut item = socket.hear();
            while item["position"].is_null() {
                item = socket.hear();
            }
            assert_eq!(&shown(&item), expected, "live, what is current changes as it happens");
        }
        // Bodies alone: a delete has none.
        let bodies: Vec<String> = (0..4).map(|_| events.data().unwrap()).collect();
        assert_eq!(bodies, ["data: one", "data: two", "data: first", "data: last"]);

        let happened = [
            json!({ "position": one, "body": "one" }),
            json!({ "position": two, "deleted": true }),
            told[2].clone(),
            told[3].clone(),
            told[4].clone(),
        ];
        let current = [
            json!({ "position": one, "body": "first", "edited": edit }),
            json!({ "position": last, "body": "last" }),
        ];
        for round in 0..2 {
            let page = |query: &str| messages(&get(server.address, &format!("/c/{channel}?{query}")));
            for query in ["last=10", "last=10&view=events", "since=1h&wait=0"] {
                assert_eq!(page(query), happened, "{query}");
            }
            for query in ["last=2&view=current", "last=9&view=current", "since=1h&wait=0&view=current"] {
                assert_eq!(page(query), current, "{query}");
            }
            let mut stream = Held::open(
                server.address,
                &format!("GET /c/{channel}?last=9&view=current&via=stream HTTP/1.1"),
            );
            current.iter().for_each(|expected| assert_eq!(&heard(&mut stream), expected));
            let newest = get(server.address, &format!("/c/{channel}/$at/{one}"));
            assert_eq!(shown(&newest.json()), current[0]);
            assert_eq!(get(server.address, &format!("/c/{channel}/$at/{two}")).status, 404);
            if round == 0 && channel == "a" {
                server.restart();
            }
        }
    }
    let checked = run(fanfare("", &["db", "check", "--data", server.data().to_str().unwrap()])).with(0);
    assert!(checked.stdout.contains("no damage") || checked.stderr.is_empty(), "{checked:?}");
}

#[test]
fn the_latest_is_what_it_is_now() {
    let server = Server::start();
    let say = |key: &str, body: &str| {
        let head = format!("POST /c/a HTTP/1.1\nKey: {key}");
        position(&ask(server.address, &head, body.as_bytes()).json())
    };
    let old = say("k", "old");
    let newest = say("k", "newest");
    let other = say("l", "other");
    amended(&server, "a", "Replaces", old, "older");
    let tag = get(server.address, "/c/a/$latest?key=k").header("etag").to_owned();
    amended(&server, "a", "Replaces", newest, "newest of all");
    let latest = get(server.address, "/c/a/$latest?key=k");
    assert_eq!(latest.text(), "newest of all");
    assert_ne!(latest.header("etag"), tag);
    let bodies = || get(server.address, "/c/a?latest=true").bodies();
    assert_eq!(bodies(), ["newest of all", "other"]);
    amended(&server, "a", "Deletes", newest, "");
    assert_eq!(bodies(), ["older", "other"], "what was deleted supersedes nothing");
    amended(&server, "a", "Deletes", other, "");
    assert_eq!(get(server.address, "/c/a/$latest").text(), "older");
    assert_eq!(get(server.address, "/c/a/$latest?key=l").status, 404);
}

#[test]
fn a_page_that_was_read_is_another_once_it_was_amended() {
    let server = Server::start();
    let one = position(&publish(server.address, "a", "one"));
    publish(server.address, "a", "two");
    let target = "GET /c/a?since=1h&limit=1&view=current HTTP/1.1";
    let page = ask(server.address, target, b"");
    let tag = page.header("etag").to_owned();
    assert!(page.header("link").contains("view=current"), "{page:?}");
    let again = || ask(server.address, &format!("{target}\nIf-None-Match: {tag}"), b"").status;
    assert_eq!(again(), 304);
    amended(&server, "a", "Replaces", one, "edited");
    assert_eq!(again(), 200);
}

#[test]
fn whoever_polls_is_told_what_became_of_what_it_heard() {
    let server = Server::start();
    let one = publish(server.address, "a", "one");
    let after = |cursor: &Value| {
        let cursor = cursor.as_str().unwrap();
        get(server.address, &format!("/c/a?view=current&wait=0&after={cursor}"))
    };
    let edit = amended(&server, "a", "Replaces", position(&one), "two");
    let page = after(&one["cursor"]);
    assert_eq!(messages(&page), [json!({ "position": edit, "body": "two", "replaces": position(&one) })]);
    let delete = amended(&server, "a", "Deletes", position(&one), "");
    let page = after(&page.json()["cursor"]);
    assert_eq!(messages(&page), [json!({ "position": delete, "deletes": position(&one) })]);
}

#[test]
fn all_doors_take_edits_and_deletes_and_say_what_is_wrong() {
    let server = Server::start();
    let one = position(&publish(server.address, "a", "one"));
    let batch = |body: &str| {
        let head = "POST /publish HTTP/1.1\nContent-Type: application/json";
        ask(server.address, head, body.as_bytes())
    };
    assert_eq!(batch(&format!(r#"{{"channel":"a","replaces":{one},"body":"two"}}"#)).status, 201);
    let query = ask(server.address, &format!("POST /c/a?replaces={one} HTTP/1.1"), b"three");
    assert_eq!(query.status, 201);
    let mut socket = Socket::open(server.address, "/subscribe");
    socket
        .say(&json!({ "id": 1, "publish": { "channel": "a", "replaces": one, "body": "four" } }).to_string());
    let mut reply = socket.hear();
    while reply["reply"] != 1 {
        reply = socket.hear();
    }
    let edit = position(&reply["publish"]);
    let current = || messages(&get(server.address, "/c/a?last=5&view=current"));
    assert_eq!(current(), [json!({ "position": one, "body": "four", "edited": edit })]);
    socket.say(r#"{"id":2,"history":"a","last":5,"view":"current"}"#);
    while reply["reply"] != 2 {
        reply = socket.hear();
    }
    assert_eq!(shown(&reply["history"]["messages"][0]), current()[0]);
    let target = one.to_string();
    let url = server.url("");
    run(fanfare(&url, &["publish", "a", "five", "--replaces", &target])).with(0);
    let told = run(fanfare(&url, &["history", "a", "--view", "current"])).with(0).stdout;
    assert_eq!(told, "five\n");
    run(fanfare(&url, &["publish", "a", "--deletes", &target])).with(0);
    assert_eq!(current(), [Value::Null; 0]);
    let told = run(fanfare(&url, &["history", "a"])).with(0).stdout;
    assert_eq!(told, "", "nothing of it is left, and a delete has no body");

    let other = position(&publish(server.address, "a", "other"));
    for (head, body, status, says) in [
        (format!("Replaces: {one}"), "x", 410, "was deleted; publish a new one"),
        (format!("Replaces: {edit}"), "x", 409, "name that one"),
        ("Replaces: 999999".to_owned(), "x", 410, "is not in `a`"),
        ("Replaces: soon".to_owned(), "x", 400, "`soon` is not the position of a message"),
        (format!("Replaces: {other}\nDeletes: {other}"), "", 400, "not both"),
        (format!("Deletes: {other}"), "x", 400, "leave the body"),
        (format!("Deletes: {other}\nKey: k"), "", 400, "leave the body"),
        (format!("Replaces: {other}\nDelay: 5m"), "x", 400, "done at once"),
        (format!("Replaces: {other}\nTTL: 0"), "x", 400, "ttl=0"),
        (format!("Replaces: {other}\nKey: k"), "x", 400, "leave `key` out"),
    ] {
        let refused = ask(server.address, &format!("POST /c/a HTTP/1.1\n{head}"), body.as_bytes());
        assert_eq!(refused.status, status, "{head}: {}", refused.text());
        assert!(refused.text().contains(says), "{head}: {}", refused.text());
        assert_eq!(refused.json()["retry"], "never");
    }
    let refused = get(server.address, "/c/a?view=newest");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("`newest` is not `events` or `current`"), "{}", refused.text());
    let schedule = format!(r#"{{"channel":"a","deletes":{other},"cron":"0 9 * * *"}}"#);
    let refused = ask(server.address, "POST /schedules HTTP/1.1", schedule.as_bytes());
    assert_eq!((refused.status, refused.text().contains("done at once")), (400, true), "{}", refused.text());
}

#[test]
fn what_was_deleted_is_in_no_file_of_the_store() {
    let server = Server::start();
    let secret = "a word that nobody says otherwise";
    let one = position(&publish(server.address, "a", secret));
    amended(&server, "a", "Replaces", one, &format!("{secret}, edited"));
    let found = || {
        let files = std::fs::read_dir(server.data()).unwrap();
        let files = files.filter_map(|file| std::fs::read(file.unwrap().path()).ok());
        files.filter(|file| file.windows(secret.len()).any(|window| window == secret.as_bytes())).count()
    };
    assert!(found() > 0);
    amended(&server, "a", "Deletes", one, "");
    until("the secret is nowhere", || found() == 0);
}

#[test]
fn what_expires_at_once_is_heard_by_who_is_there_and_by_nobody_later() {
    let mut server = Server::start();
    let mut stream = Held::open(server.address, "GET /c/a?via=stream HTTP/1.1");
    let say = |server: &Server, ttl: &str, body: &str| {
        ask(
            server.address,
            &format!("POST /c/a HTTP/1.1\nTTL: {ttl}\nIdempotency-Key: {body}"),
            body.as_bytes(),
        )
    };
    publish(server.address, "a", "first");
    assert_eq!(heard(&mut stream)["body"], "first");
    let moment = say(&server, "0", "moment");
    assert_eq!(moment.status, 201, "{}", moment.text());
    assert_eq!(heard(&mut stream)["body"], "moment");
    for query in ["last=9", "latest=true", "since=1h&wait=0"] {
        let bodies = get(server.address, &format!("/c/a?{query}")).bodies();
        assert_eq!(bodies, ["first"], "{query}");
    }
    let again = say(&server, "0", "moment");
    assert_eq!((again.status, position(&again.json())), (200, position(&moment.json())), "its id is known");
    let info = get(server.address, "/c/a/$info").json();
    assert_eq!((&info["messages"], &info["published"], &info["bytes"]), (&json!(1), &json!(1), &json!(5)));
    server.restart();
    assert_eq!(get(server.address, "/c/a?last=9").bodies(), ["first"]);
    let again = say(&server, "0", "moment");
    assert_eq!(again.status, 201, "nothing of it is kept, and so its id is not");
    assert!(position(&again.json()) > position(&moment.json()), "its position is used");
}

#[test]
fn an_export_has_messages_as_they_are() {
    let server = Server::start();
    let [one, two, _] = ["one", "two", "three"].map(|body| position(&publish(server.address, "a", body)));
    let edit = amended(&server, "a", "Replaces", one, "first");
    amended(&server, "a", "Deletes", two, "");
    let moment = ask(server.address, "POST /c/a HTTP/1.1\nTTL: 0", b"moment");
    assert_eq!(moment.status, 201);
    let (file, new) = (server.folder().join("file"), server.folder().join("new"));
    let [file, new, data] = [&file, &new, &server.data()].map(|path| path.to_str().unwrap().to_owned());
    let bodies = |file: &str, data: &str| {
        run(fanfare("", &["db", "export", file, "--data", data, "--force"])).with(0);
        let lines = std::fs::read_to_string(file).unwrap();
        let line = |line: &str| serde_json::from_str::<Value>(line).unwrap()["body"].clone();
        lines.lines().map(line).collect::<Vec<_>>()
    };
    assert_eq!(bodies(&file, &data), ["first", "three"]);
    run(fanfare("", &["db", "import", &file, "--data", &new])).with(0);
    assert_eq!(bodies(&file, &new), ["first", "three"]);
    run(fanfare("", &["db", "check", "--data", &new])).with(0);
    // And a backup has the edit as what it is.
    let backup = server.folder().join("backup.db");
    run(fanfare("", &["db", "backup", backup.to_str().unwrap(), "--data", &data])).with(0);
    let bytes = std::fs::read(&backup).unwrap();
    assert!(bytes.windows(5).any(|window| window == b"first"), "{edit}");
}

#[test]
fn an_acked_reader_is_not_given_again_what_was_deleted() {
    let server = Server::start();
    let one = position(&publish(server.address, "a", "secret"));
    let two = position(&publish(server.address, "a", "other"));
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":"a","reader":"r","since":"1h"}"#);
    while socket.hear()["body"] != "secret" {}
    let delete = amended(&server, "a", "Deletes", one, "");
    while socket.hear()["deletes"] != one {}
    drop(socket);
    let mut heard = Vec::new();
    while heard.len() < 2 {
        heard.extend(messages(&get(server.address, "/c/a?reader=r&wait=5")));
    }
    assert_eq!(
        heard,
        [json!({ "position": two, "body": "other" }), json!({ "position": delete, "deletes": one })]
    );
}

#[test]
fn whoever_hears_the_latest_first_hears_what_is_current() {
    let server = Server::start();
    let key = |body: &str| {
        let said = ask(server.address, "POST /c/a HTTP/1.1\nKey: k", body.as_bytes());
        position(&said.json())
    };
    let ten = key("ten");
    publish(server.address, "b", "hello");
    let secret = position(&publish(server.address, "b", "secret"));
    let edit = amended(&server, "a", "Replaces", ten, "eleven");
    amended(&server, "b", "Deletes", secret, "");
    let eleven = json!({ "position": ten, "key": "k", "body": "eleven", "edited": edit });
    let mut stream =
        Held::open(server.address, "GET /subscribe?channel=a&channel=b&via=stream&latest=true HTTP/1.1");
    let first = [heard(&mut stream), heard(&mut stream)];
    assert_eq!((&first[0], &first[1]["body"]), (&eleven, &json!("hello")));
    let mut socket = Socket::open(server.address, "/c/other?via=ws");
    socket.say(r#"{"id":1,"subscribe":["a"],"latest":true}"#);
    let mut later = socket.hear();
    while later["channel"].is_null() {
        later = socket.hear();
    }
    assert_eq!(shown(&later), eleven);
}

#[test]
fn what_an_edit_still_shows_can_be_deleted_although_the_first_text_has_expired() {
    let server = Server::start();
    let said = ask(server.address, "POST /c/a HTTP/1.1\nTTL: 1", b"short");
    let first = position(&said.json());
    let long = ask(server.address, &format!("POST /c/a HTTP/1.1\nReplaces: {first}\nTTL: 3600"), b"long");
    assert_eq!(long.status, 201);
    until("the first text has expired", || messages(&get(server.address, "/c/a?view=events")).len() == 1);
    assert_eq!(messages(&get(server.address, "/c/a?view=current")).len(), 1);
    amended(&server, "a", "Deletes", first, "");
    assert_eq!(messages(&get(server.address, "/c/a?view=current")), [] as [Value; 0]);
}

#[test]
fn a_page_of_what_is_current_is_full_whatever_was_edited() {
    let server = Server::start();
    let old: Vec<u64> =
        (0..50).map(|number| position(&publish(server.address, "a", &number.to_string()))).collect();
    let mut newest = 0;
    for target in old {
        newest = position(&publish(server.address, "a", "new"));
        amended(&server, "a", "Replaces", target, "edited");
    }
    let page = get(server.address, "/c/a?view=current&last=50");
    let found = messages(&page);
    assert_eq!(found.len(), 50);
    assert_eq!(found[49]["position"], newest);
    assert!(found.iter().all(|message| message["body"] == "new"), "{found:?}");
}

#[test]
fn what_a_session_adds_later_is_seen_as_it_sees_everything() {
    let server = Server::start();
    let first = position(&publish(server.address, "b", "one"));
    let edit = amended(&server, "b", "Replaces", first, "two");
    let mut socket = Socket::open(server.address, "/subscribe");
    socket.say(r#"{"id":1,"subscribe":["a"],"view":"current"}"#);
    socket.say(r#"{"id":2,"subscribe":["b"],"last":10}"#);
    let mut heard = Vec::new();
    loop {
        let said = socket.hear();
        if !said["channel"].is_null() {
            heard.push(shown(&said));
        }
        if said["caught_up"] == true {
            break;
        }
    }
    assert_eq!(heard, [json!({ "position": first, "body": "two", "edited": edit })]);
}

#[test]
fn a_long_history_shows_each_message_once() {
    let server = Server::start();
    let before = publish(server.address, "a", "before");
    // More than a page.
    let body = "x".repeat(50_000);
    let all: Vec<u64> = (0..50).map(|_| position(&publish(server.address, "a", &body))).collect();
    for target in [position(&before), all[0], all[40]] {
        amended(&server, "a", "Replaces", target, "edited");
    }
    let url = format!("http://{}", server.address);
    let shown = |from: &[&str]| {
        let command = [&["history", "a", "--view", "current", "--json"], from].concat();
        let told = run(fanfare(&url, &command)).with(0);
        let lines = told.lines().into_iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.map(|line| line["position"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&["--since", "1h"]), [&[position(&before)], &all[..]].concat());
    let cursor = before["cursor"].as_str().unwrap().to_owned();
    let edit = all[49] + 1;
    assert_eq!(
        shown(&["--after", &cursor]),
        [&all[..], &[edit]].concat(),
        "what became of what was heard comes, too"
    );
}
