//! What holds for every route of the list.

#![allow(clippy::unwrap_used)]

mod door;

use axum::response::Response;
use door::Door;
use fanfare_api::ALL;
use http::Request;
use hyper::body::Incoming;
use std::collections::BTreeSet;
use std::convert::Infallible;
use tower::Service;

/// A target that a path of the list means.
fn target(path: &str) -> String {
    path.replace("<channel>", "some/where")
        .replace("<position>", "1")
        .replace("<id>", "some")
        .replace("<schedule>", "0123456789abcdef")
        .replace("<condition>", "0123456789abcdef")
        .replace("<reader>", "some")
        .replace("<webhook>", "some")
        .replace("<name>", "somewhere")
        .replace("<file>", "fanfare.js")
}

fn methods_at(path: &str) -> BTreeSet<&'static str> {
    let same = ALL.iter().filter(|route| route.path == path);
    let mut methods: BTreeSet<&str> = same.flat_map(|route| route.methods).copied().collect();
    if methods.contains("GET") {
        methods.insert("HEAD");
    }
    methods
}

fn split(list: &str) -> BTreeSet<&str> {
    list.split(',').map(str::trim).collect()
}

#[tokio::test]
async fn every_answer_is_marked_against_guessing_and_caching() {
    let door = Door::open();
    for route in ALL {
        for method in route.methods.iter().chain(&["OPTIONS", "BREW"]) {
            let answer = door.ask(&format!("{method} {}", target(route.path)), &[], "").await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {}", route.path);
            let caching = answer.header("cache-control");
            assert!(["no-store", "no-cache"].contains(&caching), "{method} {}: {caching}", route.path);
        }
    }
}

#[tokio::test]
async fn every_route_names_its_methods() {
    let door = Door::open();
    for route in ALL {
        let expected = methods_at(route.path);
        let refused = door.ask(&format!("BREW {}", target(route.path)), &[], "").await;
        assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (405, "method-not-allowed"));
        assert_eq!(split(refused.header("allow")), expected, "{}", route.path);
        let options = door.ask(&format!("OPTIONS {}", target(route.path)), &[], "").await;
        assert_eq!((options.status.as_u16(), options.body.len()), (204, 0), "{}", route.path);
        assert_eq!(split(options.header("allow")), expected, "{}", route.path);
    }
}

#[tokio::test]
async fn every_route_refuses_parameters_it_does_not_know() {
    let door = Door::open();
    for route in ALL {
        for method in route.methods {
            let answer = door.ask(&format!("{method} {}?qqqqq=1", target(route.path)), &[], "").await;
            assert_eq!(answer.status, 400, "{method} {}: {answer:?}", route.path);
            assert_eq!(answer.problem(), "unknown-field", "{method} {}", route.path);
        }
    }
}

#[tokio::test]
async fn every_route_with_a_channel_refuses_a_bad_name() {
    let door = Door::open();
    for route in ALL.iter().filter(|route| route.path.contains("<channel>")) {
        for method in route.methods {
            let path = target(route.path).replace("some/where", "some//where");
            let answer = door.ask(&format!("{method} {path}"), &[], "").await;
            assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (400, "bad-name"), "{path}");
        }
    }
}

/// What a transport asks of a service that it injects.
fn injectable<S>(_service: &S)
where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
}

#[tokio::test]
async fn a_transport_can_call_it() {
    injectable(&Door::open().service);
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_document() {
    let door = Door::open();
    door.refuses(&[
        ("GET /nothing/here", &[], "", 404, "not-found"),
        ("GET /c", &[], "", 405, "method-not-allowed"),
        ("GET /favicon.ico", &[], "", 405, "method-not-allowed"),
        ("POST /a/b", &[], "x", 404, "not-found"),
        ("GET /healthz/", &[], "", 404, "not-found"),
        ("POST /", &[], "x", 405, "method-not-allowed"),
    ])
    .await;
}

#[tokio::test]
async fn who_asks_at_the_wrong_address_is_told_the_right_one() {
    let door = Door::open();
    for (path, meant) in [
        ("/health", "did you mean /healthz? The channel of this name is read at /c/health"),
        ("/Status", "did you mean /healthz? The channel of this name is read at /c/Status"),
        ("/ready", "did you mean /readyz?"),
        ("/metric", "did you mean /metrics?"),
        ("/stats", "did you mean /metrics?"),
        ("/chanels", "did you mean /channels?"),
        ("/healthz/", "nothing is at /healthz/; did you mean /healthz?"),
        ("/alerts", "what is; the channel of this name is read at /c/alerts"),
        ("/api", "the Allow header names what is"),
        ("/schedule", "did you mean /schedules?"),
        ("/c/a/$lastest", "nothing is at /c/a/$lastest; did you mean $latest?"),
        ("/c/a/b/%24pressence", "did you mean $presence?"),
        ("/c/a/$colours", "; what belongs to a channel is $at, $info, $latest, $presence, $purge"),
        ("/c/a/$at", "nothing is at /c/a/$at"),
    ] {
        let answer = door.get(path).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(meant), "{path}: {detail}");
        assert_eq!(detail.matches("did you mean").count(), meant.matches("did you mean").count(), "{detail}");
    }
}

#[tokio::test]
async fn what_was_meant_for_an_address_is_not_published() {
    let door = Door::open();
    for (name, meant) in [
        ("schedule", "/schedules"),
        ("webhook", "/webhooks"),
        ("reader", "/readers"),
        ("condition", "/conditions"),
    ] {
        for method in ["POST", "PUT"] {
            let refused = door.ask(&format!("{method} /{name}"), &[], "{}").await;
            assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (400, "bad-name"), "{name}");
            let says = format!("did you mean {meant}?; the channel is at /c/{name}");
            assert!(refused.text().contains(&says), "{refused:?}");
        }
        door.say(name, "said on purpose").await;
    }
}

#[tokio::test]
async fn health_and_readiness_differ() {
    let door = Door::open();
    assert_eq!(door.get("/healthz").await.status, 200);
    assert_eq!(door.get("/readyz").await.status, 200);
    door.node.drain();
    assert_eq!(door.get("/healthz").await.status, 200);
    let unready = door.get("/readyz").await;
    assert_eq!((unready.status.as_u16(), unready.problem().as_str()), (503, "draining"));
}

#[tokio::test]
async fn the_front_door_says_what_this_is_and_what_to_try() {
    let door = Door::open();
    let hello = door.ask("GET /", &[("Host", "push.example:8080")], "").await;
    assert!(hello.text().contains(env!("CARGO_PKG_VERSION")), "{hello:?}");
    assert!(hello.text().contains("curl -d 'hello' http://push.example:8080/c/hello"), "{hello:?}");
    assert!(hello.text().contains("docs/api.md"), "{hello:?}");
    assert_eq!(hello.header("content-type"), "text/plain; charset=utf-8");
}

#[test]
fn the_table_in_the_documentation_is_the_list() {
    let documentation = include_str!("../../../docs/api.md");
    let mut listed = documentation.lines().filter(|line| line.starts_with("| `/"));
    for route in ALL {
        let methods: Vec<String> = route.methods.iter().map(|method| format!("`{method}`")).collect();
        let query: Vec<String> = route.query.iter().map(|known| format!("`{}`", known.name)).collect();
        let row =
            format!("| `{}` | {} | {} | {} |", route.path, methods.join(" "), route.about, query.join(" "));
        assert_eq!(listed.next(), Some(row.as_str()));
    }
    assert_eq!(listed.next(), None);
}
