//! What whoever traces is told of requests, and what not.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;
use fanfare_api::{Options, api};
use fanfare_node::{CommitTrace, RequestTrace, Traces};
use std::sync::{Arc, Mutex};

/// Keeps what it is told, as text.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Traces for Told {
    fn answered(&self, request: &RequestTrace<'_>) {
        let RequestTrace { name, method, route, path, status, refusal, parent, state, .. } = request;
        let (method, route, path) = (method.unwrap_or("-"), route.unwrap_or("-"), path.unwrap_or("-"));
        let (refusal, parent) = (refusal.unwrap_or("-"), parent.unwrap_or("-"));
        let text = [name, method, route, path, &status.to_string(), refusal, parent, state.unwrap_or("-")];
        self.0.lock().unwrap().push(text.join(" "));
    }

    fn committed(&self, _: &CommitTrace) {
        unreachable!("the node is not told of this one");
    }
}

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn traced() -> (Door, Arc<Told>) {
    let (mut door, told) = (Door::open(), Arc::<Told>::default());
    let options = Options { traces: Some(told.clone()), ..Options::default() };
    door.service = api(door.node.clone(), options);
    (door, told)
}

#[tokio::test]
async fn a_request_is_told_once_with_its_route_and_its_path() {
    let (door, told) = traced();
    let table = [
        ("POST /c/market/eurusd", "POST /c/<channel> /c/market/eurusd 201 -"),
        ("GET /c/market/eurusd?last=1", "GET /c/<channel> /c/market/eurusd 200 -"),
        ("HEAD /channels", "HEAD /channels /channels 200 -"),
        ("GET /channels?limit=x", "GET /channels /channels 400 bad-field"),
        ("DELETE /channels", "DELETE - - 405 method-not-allowed"),
        ("GET /nowhere/at/all", "GET - - 404 not-found"),
        ("BREW /channels", "- - - 405 method-not-allowed"),
    ];
    for (request, expected) in table {
        door.ask(request, &[("x-request-id", "n")], "body").await;
        assert_eq!(told.take(), [format!("n {expected} - -")], "{request}");
    }
}

#[tokio::test]
async fn what_a_caller_traces_with_is_passed_on_if_it_is_one_and_short() {
    let (door, told) = traced();
    let (parent, state) = ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "a=1,b=2");
    let long = "x".repeat(513);
    let table: [(&[(&str, &str)], String); 5] = [
        (&[("traceparent", parent), ("tracestate", state)], format!("{parent} {state}")),
        (&[("traceparent", parent)], format!("{parent} -")),
        (&[("traceparent", parent), ("traceparent", parent)], "- -".to_owned()),
        (&[("traceparent", parent), ("tracestate", &long)], format!("{parent} -")),
        (&[("traceparent", "\u{e9}")], "- -".to_owned()),
    ];
    for (headers, expected) in table {
        door.ask("GET /healthz", headers, "").await;
        let told = told.take();
        assert!(told.len() == 1 && told[0].ends_with(&format!(" 200 - {expected}")), "{headers:?}: {told:?}");
    }
}

#[tokio::test]
async fn no_query_no_body_and_no_name_of_a_session_is_told() {
    let (door, told) = traced();
    let requests = [
        "POST /c/a?title=canary",
        "GET /c/a?token=canary",
        "GET /channels?canary=1",
        "POST /session/canary",
        "POST /session/canary/canary",
        "GET /session/canary?x",
        "GET /reset/canary",
        "CANARY /channels",
    ];
    for request in requests {
        let headers = [("authorization", "Bearer canary"), ("cookie", "canary"), ("tags", "canary")];
        door.ask(request, &headers, "canary").await;
    }
    let told = told.take();
    assert_eq!(told.len(), requests.len());
    assert!(told.iter().all(|line| !line.to_lowercase().contains("canary")), "{told:#?}");
    assert!(told[3].contains(" /session/<id> /session/REDACTED "), "{told:#?}");
}

#[tokio::test]
async fn a_long_path_is_cut() {
    let (door, told) = traced();
    let long = format!("/c/{}", "x".repeat(2000));
    door.get(&long).await;
    let told = told.take();
    assert_eq!(told[0].split(' ').nth(3).unwrap(), &long[..512]);
}
