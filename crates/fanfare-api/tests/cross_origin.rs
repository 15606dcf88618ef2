//! What pages of other origins may do.

#![allow(clippy::unwrap_used)]

mod door;

use door::Door;

const PREFLIGHT: (&str, &str) = ("Access-Control-Request-Method", "POST");

#[tokio::test]
async fn a_configured_origin_may_read_and_publish() {
    let door = Door::with_origins(&["https://a.example", "https://b.example"]);
    let origin = ("Origin", "https://b.example");
    for request in ["GET /c/x", "POST /c/x", "GET /nothing/here", "POST /c/a//b", "GET /channels"] {
        let answer = door.ask(request, &[origin], "x").await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://b.example", "{request}");
        let exposed = answer.header("access-control-expose-headers");
        assert_eq!(exposed, "Cursor, Link, Location, ETag, Retry-After, X-Request-Id", "{request}");
        assert!(answer.headers.get_all("vary").iter().any(|name| name == "Origin"), "{request}");
    }
    let answer = door.ask("OPTIONS /c/x", &[origin, PREFLIGHT], "").await;
    assert_eq!(answer.status, 204);
    let methods: Vec<&str> =
        answer.header("access-control-allow-methods").split(',').map(str::trim).collect();
    for method in ["GET", "POST", "PUT", "DELETE"] {
        assert!(methods.contains(&method), "{answer:?}");
    }
    let sent = answer.header("access-control-allow-headers").to_ascii_lowercase();
    for name in
        ["authorization", "content-type", "idempotency-key", "key", "ttl", "priority", "event", "tags"]
    {
        assert!(sent.split(", ").any(|allowed| allowed == name), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn any_other_origin_gets_no_permission() {
    let table: &[(&[&str], &str)] = &[
        (&[], "https://a.example"),
        (&["https://a.example"], "https://evil.example"),
        (&["https://a.example"], "https://a.example.evil.example"),
        (&["https://a.example"], "http://a.example"),
        (&["https://a.example"], "null"),
        (&["*"], "null"),
    ];
    for (origins, origin) in table {
        let door = Door::with_origins(origins);
        for (request, extra) in [("GET /c/x", ("X", "y")), ("OPTIONS /c/x", PREFLIGHT)] {
            let answer = door.ask(request, &[("Origin", origin), extra], "").await;
            let granted: Vec<_> =
                answer.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
            assert!(granted.is_empty(), "{origins:?} {origin} {request}: {granted:?}");
        }
    }
}

#[tokio::test]
async fn every_origin_and_null_are_allowed_where_listed() {
    let door = Door::with_origins(&["*"]);
    let answer = door.ask("GET /c/x", &[("Origin", "https://a.example")], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let door = Door::with_origins(&["null"]);
    let answer = door.ask("GET /c/x", &[("Origin", "null")], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), "null");
}
