//! Where a request wants to start hearing: `after`, `Last-Event-ID`, `last`, `since`.

use crate::{Code, Cursor, Query, Refusal, Time, limits, parse_duration, quote};
use std::time::Duration;

/// Where hearing starts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Start {
    /// With the next message.
    #[default]
    Now,
    /// After what this cursor says was heard.
    After(Cursor),
    /// With the oldest message that is kept; nothing before it is missed.
    Oldest,
    /// With the newest messages, at most so many.
    Last(u32),
    /// With the newest message that has a body, for who is shown nothing else. Nobody asks for it by a parameter.
    Newest,
    /// With the first message accepted at or after this moment.
    Since(Time),
    /// With the first message accepted within the last so long.
    Ago(Duration),
}

impl Start {
    /// The parameters that [`Start::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["after", "last", "since"];

    /// What a request asks, if it does. `Last-Event-ID` beats `after`: a browser that reconnects repeats the address
    /// of its first request, and the header is newer. Both beat `last` and `since`.
    pub fn asked(query: &Query<'_>, last_event_id: Option<&[u8]>) -> Result<Option<Start>, Refusal> {
        let header = last_event_id.filter(|value| !value.is_empty());
        let header =
            header.map(|value| cursor("Last-Event-ID", &String::from_utf8_lossy(value))).transpose()?;
        let after = query.one("after")?.map(|text| cursor("after", text)).transpose()?;
        let last = query.one("last")?.map(last).transpose()?;
        let since = query.one("since")?.map(since).transpose()?;
        if let Some(cursor) = header.or(after) {
            return Ok(Some(Start::After(cursor)));
        }
        if last.is_some() && since.is_some() {
            return Err(Refusal::new(Code::BAD_FIELD, "give `last` or `since`, not both"));
        }
        Ok(last.or(since))
    }
}

/// Reads a cursor that a request gives in `place`.
pub(crate) fn cursor(place: &str, text: &str) -> Result<Cursor, Refusal> {
    Cursor::parse(text).map_err(|error| Refusal::new(Code::BAD_CURSOR, format!("{place}: {error}")))
}

fn last(text: &str) -> Result<Start, Refusal> {
    let count = text.parse::<u32>().ok().filter(|count| *count <= limits::LAST);
    count.map(Start::Last).ok_or_else(|| {
        let detail = format!("last: `{}` is not a number from 0 to {}", quote::shown(text), limits::LAST);
        Refusal::new(Code::BAD_FIELD, detail)
    })
}

fn since(text: &str) -> Result<Start, Refusal> {
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let timed = number || text.contains(['-', ':']);
    let start =
        if timed { Time::parse(text).map(Start::Since) } else { parse_duration(text).map(Start::Ago) };
    start.map_err(|why| {
        let other = if timed {
            "a duration such as 10m is fine too"
        } else {
            "a time such as 2026-11-23T10:00:00Z is fine too"
        };
        Refusal::new(Code::BAD_FIELD, format!("since: {why}; {other}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CursorPart, Epoch, LogId, Position};
    use std::time::Duration;

    fn place(position: u64) -> Cursor {
        Cursor::new([CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(position) }])
    }

    fn asked(query: &str, header: Option<&str>) -> Result<Option<Start>, Refusal> {
        Start::asked(&Query::parse(query).unwrap(), header.map(str::as_bytes))
    }

    #[test]
    fn what_beats_what() {
        let (one, two) = (place(1), place(2));
        let (first, second) = (one.to_string(), two.to_string());
        for (query, header, start) in [
            ("", None, None),
            ("", Some(""), None),
            ("last=3", None, Some(Start::Last(3))),
            ("since=10m", None, Some(Start::Ago(Duration::from_secs(600)))),
            ("since=1700000000", None, Some(Start::Since(Time(1_700_000_000_000)))),
            ("since=2023-11-14T22:13:20Z", None, Some(Start::Since(Time(1_700_000_000_000)))),
            (&format!("last=3&since=1h&after={first}"), None, Some(Start::After(one.clone()))),
            (&format!("after={first}&last=3"), Some(&*second), Some(Start::After(two.clone()))),
            ("since=1h", Some(&*second), Some(Start::After(two.clone()))),
        ] {
            assert_eq!(asked(query, header), Ok(start), "{query} {header:?}");
        }
    }

    #[test]
    fn nonsense_is_named() {
        for (query, header, code, place) in [
            ("after=", None, Code::BAD_CURSOR, "after"),
            ("after=nonsense", None, Code::BAD_CURSOR, "after"),
            ("", Some("nonsense"), Code::BAD_CURSOR, "Last-Event-ID"),
            ("last=-1", None, Code::BAD_FIELD, "last"),
            ("last=10001", None, Code::BAD_FIELD, "10000"),
            ("last=", None, Code::BAD_FIELD, "last"),
            ("since=yesterday", None, Code::BAD_FIELD, "since"),
            ("since=2026-99-99", None, Code::BAD_FIELD, "since"),
            ("since=", None, Code::BAD_FIELD, "since"),
            ("last=1&last=2", None, Code::BAD_FIELD, "twice"),
            ("last=1&since=1h", None, Code::BAD_FIELD, "not both"),
        ] {
            let refusal = asked(query, header).expect_err(query);
            assert_eq!(refusal.code, code, "{query}");
            assert!(refusal.detail.contains(place), "{query}: {refusal}");
        }
    }
}
