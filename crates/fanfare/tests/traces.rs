//! What a server tells a collector of traces, and what it does when there is none.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use std::collections::BTreeMap;
use std::net::TcpListener;
use support::collector::{Collector, Mood};
use support::http::{Held, Kept, ask, get, publish};
use support::server::{Server, until};
use support::socket::Socket;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// How often batches are exported, in milliseconds. Without it, everything comes at the end.
const DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";

/// A server that traces to this collector, and to where other variables say.
fn traced(collector: &Collector, more: &[(&str, &str)]) -> Server {
    let url = collector.url();
    let environment: Vec<(&str, &str)> =
        [(ENDPOINT, &*url)].into_iter().chain(more.iter().copied()).collect();
    Server::with_environment(&environment, &[])
}

/// Ends a server as it should be, and answers what it logged until then.
fn end(server: &mut Server) -> String {
    server.terminate();
    assert!(server.wait().success());
    await_log(server, " ended");
    server.stderr()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Waits until a server has logged a line with this text.
#[track_caller]
fn await_log(server: &Server, text: &str) {
    until(text, || server.stderr().contains(text));
}

#[test]
fn a_request_is_a_span_with_its_route_and_never_its_query() {
    let collector = Collector::start(Mood::Takes);
    let mut server = traced(&collector, &[]);
    ask(server.address, "GET /c/ops/deploys?last=3 HTTP/1.1\nX-Request-Id: page-1", b"");
    ask(server.address, "GET /channels?limit=x HTTP/1.1\nX-Request-Id: wrong-1", b"");
    ask(server.address, "BREW /nowhere HTTP/1.1\nX-Request-Id: brew-1", b"");
    end(&mut server);
    let page = collector.span("GET /c/<channel>");
    assert_eq!((page.span.kind, page.span.parent_span_id.len()), (2, 0), "a server's, and nobody's child");
    let expected = [
        ("fanfare.request", "page-1"),
        ("http.request.method", "GET"),
        ("http.response.status_code", "200"),
        ("http.route", "/c/<channel>"),
        ("url.path", "/c/ops/deploys"),
        ("url.scheme", "http"),
    ];
    assert_eq!(page.attributes(), map(&expected));
    let wrong = collector.span("GET /channels").attributes();
    assert_eq!((&*wrong["http.response.status_code"], &*wrong["fanfare.refusal"]), ("400", "bad-field"));
    let brew = collector.span("HTTP").attributes();
    assert_eq!((&*brew["http.request.method"], &*brew["fanfare.request"]), ("_OTHER", "brew-1"));
    assert!(!brew.contains_key("http.route") && !brew.contains_key("url.path"), "{brew:?}");
    let resource = &page.resource;
    assert_eq!(resource["service.name"], "fanfare");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resource["telemetry.sdk.language"], "rust");
}

#[test]
fn a_span_belongs_to_the_callers_trace() {
    let (trace, caller) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
    let collector = Collector::start(Mood::Takes);
    let mut server = traced(&collector, &[]);
    let from = |parent: &str, path: &str| {
        ask(server.address, &format!("GET {path} HTTP/1.1\ntraceparent: {parent}\ntracestate: a=1"), b"")
    };
    from(&format!("00-{trace}-{caller}-01"), "/healthz");
    from(&format!("00-{trace}-{caller}-00"), "/readyz");
    from("00-nonsense", "/channels");
    end(&mut server);
    let child = collector.span("GET /healthz").span;
    assert_eq!((&*hex(&child.trace_id), &*hex(&child.parent_span_id)), (trace, caller));
    assert_eq!(child.trace_state, "a=1");
    let names: Vec<String> = collector.spans().into_iter().map(|given| given.span.name).collect();
    assert!(!names.contains(&"GET /readyz".to_owned()), "its caller said that it is not sampled");
    let root = collector.span("GET /channels").span;
    assert!(root.parent_span_id.is_empty() && hex(&root.trace_id) != trace);
}

#[test]
fn a_commit_is_a_span_and_what_a_worker_answers_has_none() {
    let collector = Collector::start(Mood::Takes);
    let mut server = traced(&collector, &[]);
    // One that stays: with a request that ends its connection a worker has nothing to do.
    assert_eq!(Kept::open(server.address).ask("POST /c/a HTTP/1.1", b"hello").status, 201);
    Held::open(server.address, "GET /c/a?via=sse&last=1 HTTP/1.1").data().unwrap();
    end(&mut server);
    let commit = collector.span("commit");
    let (accepted, bytes) = ("fanfare.commit.accepted", "fanfare.commit.bytes");
    assert_eq!(commit.attributes(), map(&[(accepted, "1"), (bytes, "5"), ("fanfare.commit.messages", "1")]));
    assert_eq!((commit.span.kind, commit.span.parent_span_id.len()), (1, 0), "internal, and nobody's child");
    assert_eq!(collector.spans().len(), 1);
}

#[test]
fn nothing_that_was_sent_is_exported() {
    let collector = Collector::start(Mood::Takes);
    let mut server = traced(&collector, &[]);
    let secret = "Authorization: Bearer canary\nCookie: token=canary";
    let batch = br#"[{"channel":"a","body":"canary"},{"channel":"//","body":"canary"}]"#;
    ask(server.address, "POST /publish HTTP/1.1\nContent-Type: application/json", batch);
    ask(server.address, &format!("POST /c/a?title=canary HTTP/1.1\n{secret}\nTags: canary=\x01"), b"canary");
    let mut chunked = Kept::open(server.address);
    let head =
        format!("POST /c/a HTTP/1.1\r\nHost: {}\r\nTransfer-Encoding: chunked\r\n\r\n", server.address);
    chunked.write(format!("{head}6\r\ncanary\r\n0\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(chunked.answer().status, 201);
    ask(server.address, &format!("GET /c/a?last=5&token=canary HTTP/1.1\n{secret}"), b"");
    ask(server.address, "POST /session/canary HTTP/1.1", br#"{"canary":1}"#);
    get(server.address, "/reset/canary?canary=1");
    assert!(get(server.address, "/c/a?last=5").bodies().contains(&"canary".to_owned()));
    Socket::open(server.address, "/c/a").say(r#"{"publish":{"channel":"a","body":"canary"}}"#);
    end(&mut server);
    assert!(collector.spans().len() >= 7);
    let session = collector.span("POST /session/<id>").attributes();
    assert_eq!(session["url.path"], "/session/REDACTED");
    let bytes = collector.bytes().to_ascii_lowercase();
    assert!(!bytes.windows(6).any(|window| window == b"canary"), "{}", String::from_utf8_lossy(&bytes));
}

#[test]
fn the_variables_of_opentelemetry_hold() {
    let collector = Collector::at("/elsewhere", Mood::Takes);
    let url = format!("{}/elsewhere", collector.url());
    let more = [
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*url),
        ("OTEL_SERVICE_NAME", "push"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=not-this"),
    ];
    let mut server = traced(&collector, &more);
    get(server.address, "/healthz");
    end(&mut server);
    let resource = collector.span("GET /healthz").resource;
    assert_eq!((&*resource["service.name"], &*resource["deployment.environment.name"]), ("push", "test"));
    for never in [("OTEL_TRACES_SAMPLER", "always_off"), ("OTEL_SDK_DISABLED", "true")] {
        let collector = Collector::start(Mood::Takes);
        let mut server = traced(&collector, &[never]);
        get(server.address, "/healthz");
        end(&mut server);
        assert_eq!(collector.requests(), 0, "{never:?}");
    }
    let collector = Collector::start(Mood::Takes);
    let ratio = [("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let mut server = traced(&collector, &ratio);
    (0..100).for_each(|_| _ = get(server.address, "/healthz"));
    end(&mut server);
    assert!((1..100).contains(&collector.spans().len()), "{} of 100", collector.spans().len());
}

/// The threads of a process, by the first letters of their names.
fn threads(server: &Server) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    let names = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap());
    names.map(|name| name.trim().to_owned()).collect()
}

#[test]
fn without_an_endpoint_nothing_is_started() {
    let exports = |server: &Server| threads(server).iter().any(|name| name.starts_with("OpenTelemetry"));
    let collector = Collector::start(Mood::Takes);
    assert!(exports(&traced(&collector, &[])));
    for environment in [&[("OTEL_SERVICE_NAME", "push")][..], &[(ENDPOINT, "")]] {
        let mut server = Server::with_environment(environment, &[]);
        assert!(!exports(&server), "{environment:?}");
        assert!(!end(&mut server).contains("trace"));
    }
}

#[test]
fn a_collector_that_takes_nothing_is_told_once_and_the_server_goes_on() {
    let collector = Collector::start(Mood::Refuses);
    let mut server = traced(&collector, &[(DELAY, "20")]);
    let told = "takes no spans";
    for batch in 1..=3 {
        assert_eq!(get(server.address, "/healthz").status, 200);
        // Each is tried again three times.
        collector.await_requests(4 * batch);
    }
    await_log(&server, told);
    collector.become_of(Mood::Takes);
    get(server.address, "/readyz");
    await_log(&server, "takes spans again");
    collector.span("GET /readyz");
    let log = end(&mut server);
    assert_eq!((log.matches(told).count(), log.matches("WARN").count()), (1, 1), "{log}");
}

#[test]
fn a_collector_that_is_not_there_is_told_once_and_the_server_goes_on() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://user:canary@{nobody}/canary");
    let mut server = Server::with_environment(&[(ENDPOINT, &url), (DELAY, "20")], &[]);
    get(server.address, "/healthz");
    await_log(&server, "takes no spans");
    publish(server.address, "a", "kept all the same");
    assert_eq!(get(server.address, "/c/a?last=1").bodies(), ["kept all the same"]);
    let log = end(&mut server);
    assert_eq!(log.matches("takes no spans").count(), 1, "{log}");
    assert!(log.contains(&nobody.to_string()) && !log.contains("canary"), "{log}");
}

#[test]
fn a_collector_that_never_answers_does_not_hold_the_end() {
    let collector = Collector::start(Mood::Silent);
    let mut server = traced(&collector, &[(DELAY, "20")]);
    get(server.address, "/healthz");
    collector.await_requests(1);
    // More than the line of spans holds, while nobody takes any.
    let mut kept = Kept::open(server.address);
    (0..3000).for_each(|_| assert_eq!(kept.ask("GET /healthz HTTP/1.1", b"").status, 200));
    end(&mut server);
    await_log(&server, "not exported in time");
}

#[test]
fn what_is_no_endpoint_is_said_and_the_server_goes_on() {
    for wrong in ["collector:4318", "grpc://127.0.0.1:4317", "http://", "http://a b/"] {
        let mut server = Server::with_environment(&[(ENDPOINT, wrong)], &[]);
        assert_eq!(get(server.address, "/healthz").status, 200);
        let log = end(&mut server);
        assert!(
            log.contains("ERROR") && log.contains("nothing is traced") && log.contains(ENDPOINT),
            "{log}"
        );
    }
    let collector = Collector::start(Mood::Takes);
    let mut server = traced(&collector, &[("OTEL_TRACES_SAMPLER", "sometimes")]);
    get(server.address, "/healthz");
    assert!(end(&mut server).contains("sometimes"));
    collector.span("GET /healthz");
}
