//! Messages that are said now and published later, bare and as envelopes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use bytes::Bytes;
use fanfare_proto::{Batch, Channel, Publish, Query, Time, When, read_bare, read_batch};
use std::time::Duration;

fn bare(query: &str, headers: &[(&str, &str)]) -> Publish {
    let header = |name: &'static str| {
        headers.iter().filter(move |(other, _)| *other == name).map(|(_, value)| value.as_bytes())
    };
    let channel = Channel::parse("a/b").unwrap();
    read_bare(channel, &Query::parse(query).unwrap(), header, Bytes::new()).unwrap()
}

fn one(body: &str) -> Publish {
    match read_batch(Some("application/json"), body.as_bytes()) {
        Ok(Batch::One(result)) => result.unwrap(),
        other => panic!("{body}: {other:?}"),
    }
}

#[test]
fn a_message_may_be_for_later() {
    let at = Some(When::At(Time(1_795_428_000_000)));
    let delay = Some(When::In(Duration::from_secs(1800)));
    for (query, headers, when) in [
        ("at=2026-11-23T10:00:00Z", &[][..], at),
        ("delay=30m", &[], delay),
        ("", &[("at", "1795428000")][..], at),
        ("", &[("x-at", "1795428000")][..], at),
        ("", &[("delay", "1800")][..], delay),
        ("", &[("x-delay", "30m")][..], delay),
        ("", &[], None),
    ] {
        assert_eq!(bare(query, headers).when, when, "{query} {headers:?}");
    }
    for (field, when) in [
        (r#","at":1795428000"#, at),
        (r#","at":"2026-11-23T10:00:00Z""#, at),
        (r#","delay":1800"#, delay),
        (r#","delay":"30m""#, delay),
        (r#","at":null"#, None),
    ] {
        assert_eq!(one(&format!(r#"{{"channel":"a","body":"x"{field}}}"#)).when, when, "{field}");
    }
}
