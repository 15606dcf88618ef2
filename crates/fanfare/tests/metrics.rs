//! What `/metrics` answers, what stands about it in the documentation, and what people look at it with.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod support;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::TcpStream;
use support::http::{Held, Kept, ask, get, publish};
use support::server::{Server, until};
use support::socket::Socket;

const GUIDE: &str = include_str!("../../../docs/metrics.md");
const DASHBOARD: &str = include_str!("../../../docs/grafana/fanfare.json");
const ALERTS: &str = include_str!("../../../docs/prometheus/alerts.yml");
const FIRING: &str = include_str!("../../../interop/metrics/alerts.test.yml");

const LIVE: &str = "[[namespace]]\npattern = \"live/**\"\nkeeping = \"live\"\n";

/// The numbers of a scrape, by their name with labels, as they are written.
fn scrape(server: &Server) -> BTreeMap<String, f64> {
    let text = String::from_utf8(get(server.address, "/metrics").body).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, n)| (name.to_owned(), n.parse().unwrap()))
        .collect()
}

/// Waits until a number is this.
#[track_caller]
fn becomes(server: &Server, name: &str, wanted: f64) {
    until(&format!("{name} to be {wanted}"), || scrape(server).get(name) == Some(&wanted));
}

/// The names in the table of the guide, each with its type.
fn documented() -> BTreeSet<(String, String)> {
    // Traces have tables of their own.
    let (metrics, _) = GUIDE.split_once("\n## Traces").unwrap_or((GUIDE, ""));
    let rows = metrics.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| {
        let (name, rest) = row.split_once("` | ").unwrap();
        (name.to_owned(), rest.split_once(" |").unwrap().0.to_owned())
    })
    .collect()
}

#[test]
fn every_metric_of_a_scrape_is_documented_and_the_reverse() {
    let server = Server::start();
    let answer = get(server.address, "/metrics");
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(answer.body).unwrap();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let told: BTreeSet<(String, String)> =
        types.map(|line| line.split_once(' ').unwrap()).map(|(a, b)| (a.into(), b.into())).collect();
    assert_eq!(told, documented());
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = &line[..line.find(['{', ' ']).unwrap()];
        let ends = ["", "_bucket", "_sum", "_count"];
        let known = |end: &&str| {
            name.strip_suffix(*end).is_some_and(|name| told.iter().any(|(told, _)| told == name))
        };
        assert!(ends.iter().any(known), "{line}");
    }
    let open = ask(
        server.address,
        "GET /metrics HTTP/1.1\nAccept: application/openmetrics-text; version=1.0.0",
        b"",
    );
    assert_eq!(open.header("content-type"), "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = String::from_utf8(open.body).unwrap();
    assert!(text.ends_with("# EOF\n") && text.contains("# TYPE fanfare_deliveries counter\n"), "{text}");
}

#[test]
fn publishes_and_deliveries_are_counted() {
    let server = Server::with_config(LIVE, &[]);
    let mut held = Held::open(server.address, "GET /c/a?via=sse HTTP/1.1");
    let mut socket = Socket::open(server.address, "/subscribe?channel=a&channel=live/**");
    becomes(&server, "fanfare_sessions{transport=\"http1\",protocol=\"sse\"}", 1.0);
    becomes(&server, "fanfare_sessions{transport=\"websocket\",protocol=\"ws\"}", 1.0);
    let before = scrape(&server);
    for id in ["one", "two", "two"] {
        let head = format!("POST /c/a HTTP/1.1\nIdempotency-Key: {id}");
        assert!(ask(server.address, &head, b"hello").status < 300);
    }
    // Whole and kept open: the worker answers it without the API.
    assert_eq!(Kept::open(server.address).ask("POST /c/live/b HTTP/1.1", b"hello").status, 201);
    let refused = ask(server.address, "POST /c/a HTTP/1.1\nIdempotency-Key: one", b"other");
    assert_eq!(refused.status, 422);
    let large = vec![b'x'; 70_000];
    assert_eq!(ask(server.address, "POST /c/a HTTP/1.1", &large).status, 413);
    assert_eq!(get(server.address, "/c/a?limit=nonsense").status, 400);
    assert!(held.data().is_some() && held.data().is_some());
    for _ in 0..3 {
        while socket.hear()["channel"].is_null() {}
    }
    let after = scrape(&server);
    let more = |name: &str| after.get(name).unwrap_or(&0.0) - before.get(name).unwrap_or(&0.0);
    assert_eq!(more("fanfare_publishes_total{log=\"kept\",outcome=\"accepted\"}"), 2.0);
    assert_eq!(more("fanfare_publishes_total{log=\"kept\",outcome=\"known\"}"), 1.0);
    assert_eq!(more("fanfare_publishes_total{log=\"kept\",outcome=\"refused\"}"), 1.0);
    assert_eq!(more("fanfare_publishes_total{log=\"live\",outcome=\"accepted\"}"), 1.0);
    assert_eq!(more("fanfare_deliveries_total"), 5.0);
    assert!(more("fanfare_delivered_bytes_total") > 5.0 * 5.0);
    assert_eq!(more("fanfare_refusals_total{reason=\"id-reused\"}"), 1.0);
    assert_eq!(more("fanfare_refusals_total{reason=\"too-large\"}"), 1.0);
    assert_eq!(more("fanfare_refusals_total{reason=\"bad-field\"}"), 1.0);
    assert_eq!(more("fanfare_http_answers_total{route=\"GET /c/<channel>\",status=\"400\"}"), 1.0);
    assert_eq!(more("fanfare_http_answers_total{route=\"worker publish\",status=\"201\"}"), 1.0);
    assert_eq!(more("fanfare_http_answers_total{route=\"POST /c/<channel>\",status=\"201\"}"), 2.0);
    assert_eq!(after["fanfare_log_messages{log=\"kept\"}"], 2.0);
    assert_eq!(more("fanfare_commit_seconds_count"), 2.0, "what was known or refused is no commit");
    assert!(after["fanfare_commit_seconds_sum"] > 0.0);
    for status in [101, 200] {
        let held = format!("fanfare_http_answers_total{{route=\"worker hold\",status=\"{status}\"}}");
        assert_eq!(after[&held], 1.0, "{status}");
    }
    assert!(after["process_resident_memory_bytes"] > 1e6 && after["process_open_fds"] > 5.0);
    assert_eq!((after["fanfare_ready"], after["fanfare_log_trouble{log=\"kept\"}"]), (1.0, 0.0));
    drop((held, socket));
    becomes(&server, "fanfare_sessions{transport=\"http1\",protocol=\"sse\"}", 0.0);
}

#[test]
fn gaps_are_counted_by_their_reason() {
    let server = Server::start();
    let cursor = publish(server.address, "a", "1")["cursor"].as_str().unwrap().to_owned();
    publish(server.address, "a", "2");
    assert_eq!(ask(server.address, "POST /c/a/$purge HTTP/1.1", b"").status, 204);
    let name = "fanfare_gaps_total{reason=\"purged\"}";
    assert_eq!(scrape(&server)[name], 0.0);
    assert!(!get(server.address, &format!("/c/a?after={cursor}")).json()["gap"].is_null());
    assert_eq!(scrape(&server)[name], 1.0);
    let mut held = Held::open(server.address, &format!("GET /c/a?via=stream&after={cursor} HTTP/1.1"));
    while !held.line().unwrap().contains("purged") {}
    becomes(&server, name, 2.0);
}

#[test]
fn a_reader_that_takes_nothing_is_behind_in_its_namespace() {
    let server = Server::with_config(LIVE, &[]);
    let mut lazy = TcpStream::connect(server.address).unwrap();
    write!(lazy, "GET /c/live/a?via=raw HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    becomes(&server, "fanfare_sessions{transport=\"http1\",protocol=\"raw\"}", 1.0);
    let (body, behind) = ("x".repeat(60_000), "fanfare_sessions_behind{namespace=\"live/**\"}");
    until("the reader to be behind", || {
        publish(server.address, "live/a", &body);
        scrape(&server)[behind] == 1.0
    });
    let seen = scrape(&server);
    assert!(seen["fanfare_lag_messages{namespace=\"live/**\"}"] >= 1.0, "{seen:?}");
    assert_eq!(seen["fanfare_sessions_behind{namespace=\"**\"}"], 0.0);
    assert!(seen["fanfare_memory_bytes{part=\"windows\"}"] > 0.0);
    drop(lazy);
    becomes(&server, behind, 0.0);
}

/// The names of metrics in an expression.
fn named(expression: &str) -> Vec<&str> {
    let words = expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("fanfare_") || word.starts_with("process_")).collect()
}

#[track_caller]
fn is_documented(expression: &str) {
    let documented = documented();
    let names = named(expression);
    assert!(!names.is_empty() || expression.contains("up{"), "asks for nothing: {expression}");
    for name in names {
        let whole = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let known = |name: &str| documented.iter().any(|(known, _)| known == name);
        assert!(known(name) || whole.is_some_and(known), "`{name}` is no metric: {expression}");
    }
}

#[test]
fn the_dashboard_shows_what_there_is() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    for field in ["title", "uid", "schemaVersion", "panels", "templating", "time"] {
        assert!(!dashboard[field].is_null(), "{field}");
    }
    let (mut ids, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "an id twice: {panel}");
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24 && h > 0 && y < 200, "{panel}");
        assert!(panel["title"].as_str().is_some_and(|title| !title.is_empty()));
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        assert!(panel["description"].as_str().is_some_and(|text| !text.is_empty()), "{panel}");
        for target in panel["targets"].as_array().unwrap() {
            let expression = target["expr"].as_str().unwrap();
            is_documented(expression);
            shown.extend(named(expression).into_iter().map(str::to_owned));
        }
    }
    assert!(shown.len() > 20, "{shown:?}");
    let asked = ALERTS.lines().filter_map(|line| line.trim().strip_prefix("expr: "));
    for name in asked.flat_map(named).filter(|name| name.starts_with("fanfare_")) {
        assert!(shown.contains(name), "an alert asks for `{name}`, which the dashboard does not show");
    }
}

#[test]
fn alerts_ask_for_what_there_is_and_say_what_to_do() {
    let rules: Vec<&str> = ALERTS.split("\n      - alert: ").skip(1).collect();
    assert!(rules.len() >= 8);
    for rule in rules {
        let (_, rest) = rule.split_once("        expr: ").unwrap_or_else(|| panic!("no expression: {rule}"));
        is_documented(rest.lines().next().unwrap());
        for part in ["severity: ", "summary: ", "description: "] {
            assert!(rule.contains(part), "no {part}: {rule}");
        }
    }
}

#[test]
fn every_alert_is_made_to_fire() {
    let alerts = ALERTS.split("- alert: ").skip(1).map(|rule| rule.lines().next().unwrap());
    let fired = FIRING.split("{alertname=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    let (alerts, fired): (BTreeSet<&str>, BTreeSet<&str>) = (alerts.collect(), fired.collect());
    assert_eq!(alerts, fired, "alerts.yml, and interop/metrics/alerts.test.yml, which promtool runs");
}
