//! Webhooks from the command line. What they do is tested beside the gateway.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::{Value, json};
use support::command::{fanfare, run};
use support::http::get;
use support::server::Server;

const TARGET: &str = "https://hook.example/in";

#[test]
fn they_are_made_listed_shown_and_removed() {
    let server = Server::start();
    let url = server.url("");
    let said = |args: &[&str], code: i32| run(fanfare(&url, &[&["webhooks"], args].concat())).with(code);
    let made = said(&["make", TARGET, "orders/**", "b", "--batch", "20", "--filter", "body.total > 5"], 0);
    let lines = made.lines();
    let id = lines[0].strip_suffix(&format!(" {TARGET}")).unwrap();
    assert_eq!(lines[1].strip_prefix("secret ").unwrap().len(), 64, "{made:?}");
    let shown: Value = serde_json::from_str(&said(&["show", id], 0).stdout).unwrap();
    assert_eq!(shown, get(server.address, &format!("/webhooks/{id}")).json());
    assert_eq!((&shown["patterns"], &shown["batch"]), (&json!(["orders/**", "b"]), &json!(20)));
    assert_eq!((&shown["filter"], &shown["secret"]), (&json!("body.total > 5"), &Value::Null));
    let file = server.folder().join("secret");
    let own = "0123456789abcdef0123456789abcdef";
    std::fs::write(&file, format!("{own}\n")).unwrap();
    let args = ["make", TARGET, "a", "--secret-file", file.to_str().unwrap()];
    assert_eq!(said(&args, 0).lines().len(), 1, "who gave a secret is not told it");
    let whole: Value = serde_json::from_str(&said(&[&args[..], &["--json"]].concat(), 0).stdout).unwrap();
    assert_eq!(whole["secret"], own);
    let list = said(&["list"], 0);
    assert!(list.lines()[0].starts_with("WEBHOOK"), "{list:?}");
    assert!(list.stdout.contains(id) && list.stdout.contains("orders/** b"), "{list:?}");
    assert_eq!(said(&["list", "--json"], 0).lines().len(), 3);
    let removed = said(&["remove", id, "0123456789abcdef", whole["id"].as_str().unwrap()], 4);
    assert_eq!(removed.lines().len(), 2, "{removed:?}");
    assert!(removed.stderr.contains("no webhook"), "{removed:?}");
    assert_eq!(said(&["list", "--json"], 0).lines().len(), 1);
}

#[test]
fn what_is_wrong_is_said() {
    let server = Server::start();
    let url = server.url("");
    for (args, exit, said) in [
        (&["make", TARGET][..], 2, "CHANNEL"),
        (&["make", "ftp://hook.example", "a"], 4, "http"),
        (&["make", TARGET, "a//b"], 4, "segment 2"),
        (&["make", TARGET, "a", "--filter", "x >"], 4, "filter"),
        (&["make", TARGET, "a", "--batch", "101"], 2, "1..=100"),
        (&["make", TARGET, "a", "--secret-file", "/nowhere/at/all"], 1, "cannot be read"),
        (&["show", "0123456789abcdef"], 4, "no webhook"),
        (&[], 2, "remove"),
    ] {
        let ended = run(fanfare(&url, &[&["webhooks"], args].concat())).with(exit);
        assert!(ended.stderr.contains(said), "{args:?}: {ended:?}");
    }
}
