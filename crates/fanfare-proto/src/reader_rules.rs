//! An acked reader as it is asked for, and as it is kept.

use crate::door::{Own, bad, outside, patterns};
use crate::{
    Code, Cursor, Filter, LogId, Pattern, Position, Query, Refusal, Selection, Start, Time, limits,
    parse_duration, shown_duration,
};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What an acked reader hears, and how patient it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderRules {
    /// Of which channels.
    pub patterns: Vec<Pattern>,
    /// Which of their messages.
    pub filter: Option<Filter>,
    /// Time to acknowledge a message before it is given again.
    pub ack_wait: Duration,
    /// How often a message is given before it is a dead letter.
    pub attempts: u32,
    /// Messages above the floor at the most.
    pub window: usize,
    /// Time after which it is removed if nobody uses it.
    pub expires: Duration,
}

/// What is kept of an acked reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderKept {
    /// What it hears.
    pub rules: ReaderRules,
    /// Who made it, if that has a name.
    pub owner: Option<Box<str>>,
    /// When it was made.
    pub created: Time,
    /// When somebody used it last.
    pub used: Time,
    /// Everything up to here is done, or was not wanted.
    pub floor: Cursor,
    /// Messages above the floor that are done.
    pub acked: Vec<(LogId, Position)>,
    /// Messages above the floor that were given and are not done, in their order.
    pub attempts: Vec<ReaderAttempts>,
}

/// A message that was given to sessions of an acked reader, and is not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderAttempts {
    /// Its log.
    pub log: LogId,
    /// Its place there.
    pub position: Position,
    /// How often it was given.
    pub times: u32,
    /// To which sessions, as the server numbers them, the last one last: at most [`limits::READER_GIVEN`].
    pub given: Vec<u64>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReaderWish {
    /// What it is to hear.
    pub rules: ReaderRules,
    /// Where it is to begin; where it is, or with the next message, if that is not said.
    pub start: Option<Start>,
}

/// What can be said of one.
const FIELDS: &[&str] =
    &["ack_wait", "after", "attempts", "expires", "filter", "last", "patterns", "since", "window"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    patterns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    ack_wait: String,
    attempts: usize,
    window: usize,
    expires: String,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    reader: Written,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    owner: Option<Box<str>>,
    created: u64,
    used: u64,
    floor: String,
    #[serde(default)]
    acked: Vec<(u8, u64)>,
    #[serde(default)]
    attempts: Vec<(u8, u64, u32, Vec<u64>)>,
}

impl ReaderRules {
    /// The rules of a reader that is made by its first use.
    pub fn new(patterns: Vec<Pattern>, filter: Option<Filter>) -> ReaderRules {
        ReaderRules {
            patterns,
            filter,
            ack_wait: limits::READER_WAIT,
            attempts: limits::READER_ATTEMPTS,
            window: limits::READER_WINDOW,
            expires: limits::READER_EXPIRES,
        }
    }

    /// What it hears, as one value.
    pub fn selection(&self) -> Selection {
        Selection::filtered(self.patterns.clone(), self.filter.as_ref())
    }
}

impl ReaderWish {
    /// Reads the JSON of a request.
    pub fn read(json: &[u8]) -> Result<ReaderWish, Refusal> {
        let own = Own::all("a reader", json, FIELDS)?;
        let patterns = own.patterns("patterns", limits::READER_PATTERNS)?;
        let mut rules = ReaderRules::new(patterns, own.filter("filter")?);
        if let Some(time) = own.duration("ack_wait")? {
            rules.ack_wait = within("ack_wait", time, limits::READER_WAITS)?;
        }
        if let Some(time) = own.duration("expires")? {
            rules.expires = within("expires", time, limits::READER_EXPIRES_RANGE)?;
        }
        if let Some(attempts) = own.number("attempts", &ATTEMPTS)? {
            // At most a hundred.
            rules.attempts = attempts as u32;
        }
        rules.window = own.number("window", &WINDOW)?.unwrap_or(rules.window);
        let mut given = Vec::new();
        for name in ["after", "last", "since"] {
            given.extend(own.plain(name)?.map(|value| (name, value)));
        }
        let start = Start::asked(&Query::of(given), None)?;
        Ok(ReaderWish { rules, start })
    }
}

const ATTEMPTS: RangeInclusive<usize> = 1..=limits::READER_ATTEMPTS_MAX as usize;
const WINDOW: RangeInclusive<usize> = 1..=limits::READER_WINDOW;

fn within(field: &str, time: Duration, [least, most]: [Duration; 2]) -> Result<Duration, Refusal> {
    if (least..=most).contains(&time) {
        return Ok(time);
    }
    let (time, least, most) = (shown_duration(time), shown_duration(least), shown_duration(most));
    Err(bad(field, format!("it is {time}; {least} to {most} are allowed")))
}

impl Written {
    fn rules(self) -> Result<ReaderRules, Refusal> {
        let Written { patterns: texts, filter, ack_wait, attempts, window, expires } = self;
        let patterns = patterns("patterns", &texts, limits::READER_PATTERNS)?;
        let filter = filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, error.to_string()))?;
        for (field, number, allowed) in [("attempts", attempts, ATTEMPTS), ("window", window, WINDOW)] {
            if !allowed.contains(&number) {
                return Err(outside(field, &number.to_string(), &allowed));
            }
        }
        let duration = |field, text: &str, range| {
            within(field, parse_duration(text).map_err(|why| bad(field, why))?, range)
        };
        Ok(ReaderRules {
            patterns,
            filter,
            ack_wait: duration("ack_wait", &ack_wait, limits::READER_WAITS)?,
            attempts: attempts as u32,
            window,
            expires: duration("expires", &expires, limits::READER_EXPIRES_RANGE)?,
        })
    }
}

impl ReaderKept {
    /// Writes it, for keeping.
    pub fn write(&self) -> Vec<u8> {
        let ReaderRules { patterns, filter, ack_wait, attempts, window, expires } = &self.rules;
        let millis = |duration: &Duration| format!("{}ms", duration.as_millis());
        let kept = Kept {
            reader: Written {
                patterns: patterns.iter().map(ToString::to_string).collect(),
                filter: filter.as_ref().map(ToString::to_string),
                ack_wait: millis(ack_wait),
                attempts: *attempts as usize,
                window: *window,
                expires: millis(expires),
            },
            owner: self.owner.clone(),
            created: self.created.0,
            used: self.used.0,
            floor: self.floor.to_string(),
            acked: self.acked.iter().map(|(log, position)| (log.0, position.0)).collect(),
            attempts: self
                .attempts
                .iter()
                .map(|of| (of.log.0, of.position.0, of.times, of.given.clone()))
                .collect(),
        };
        serde_json::to_vec(&kept).unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"))
    }

    /// Reads what was kept.
    pub fn read(name: &str, json: &[u8]) -> Result<ReaderKept, Refusal> {
        let damaged = |why: String| Refusal::new(Code::STORE_DAMAGED, format!("reader {name}: {why}"));
        let kept: Kept = serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
        let rules = kept.reader.rules().map_err(|refusal| damaged(refusal.to_string()))?;
        let floor = Cursor::parse(&kept.floor).map_err(|error| damaged(error.to_string()))?;
        let acked = kept.acked.into_iter().map(|(log, position)| (LogId(log), Position(position)));
        let attempts = kept.attempts.into_iter();
        let attempts = attempts.map(|(log, position, times, given)| {
            let (log, position) = (LogId(log), Position(position));
            ReaderAttempts { log, position, times, given }
        });
        Ok(ReaderKept {
            rules,
            owner: kept.owner,
            created: Time(kept.created),
            used: Time(kept.used),
            floor,
            acked: acked.collect(),
            attempts: attempts.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CursorPart, Epoch};

    #[test]
    fn what_is_kept_is_read_back() {
        let wish =
            br#"{"patterns":["a/**","b"],"filter":"priority > 3","ack_wait":"1500ms","attempts":2,"last":3}"#;
        let ReaderWish { rules, start } = ReaderWish::read(wish).unwrap();
        assert_eq!(start, Some(Start::Last(3)));
        assert_eq!((rules.ack_wait, rules.attempts), (Duration::from_millis(1500), 2));
        let part = CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(9) };
        let record = ReaderKept {
            rules,
            owner: Some("alice".into()),
            created: Time(7),
            used: Time(8),
            floor: Cursor::new([part]),
            acked: vec![(LogId::KEPT, Position(11))],
            attempts: vec![ReaderAttempts {
                log: LogId::LIVE,
                position: Position(12),
                times: 3,
                given: vec![1, 2, 1],
            }],
        };
        assert_eq!(ReaderKept::read("r", &record.write()), Ok(record));
        assert_eq!(ReaderKept::read("r", b"{}").unwrap_err().code, Code::STORE_DAMAGED);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, code, place) in [
            ("{", Code::BAD_JSON, "EOF"),
            ("", Code::BAD_JSON, "the body is empty"),
            ("7", Code::BAD_JSON, "it begins with `7`"),
            ("{}", Code::BAD_FIELD, "patterns: it is missing"),
            (r#"{"patterns":[]}"#, Code::BAD_FIELD, "patterns: it has 0"),
            (r#"{"patterns":"a"}"#, Code::BAD_FIELD, "patterns: `\"a\"` is no list of texts"),
            (r#"{"patterns":["a"],"filter":["b"]}"#, Code::BAD_FIELD, "filter: it is not text"),
            (r#"{"patterns":["a"],"attempts":"3"}"#, Code::BAD_FIELD, "attempts: `\"3\"` is not a whole"),
            (r#"{"patterns":["a"],"window":-1}"#, Code::BAD_FIELD, "window: `-1` is not a whole number"),
            (r#"{"patterns":["a"],"ack_wait":true}"#, Code::BAD_FIELD, "ack_wait: `true` is not a duration"),
            (r#"{"patterns":["a"],"last":true}"#, Code::BAD_FIELD, "last: `true` is not a number"),
            (r#"{"patterns":["a//b"]}"#, Code::BAD_NAME, "a//b"),
            (r#"{"patterns":["a"],"colour":1}"#, Code::UNKNOWN_FIELD, "known here: ack_wait, "),
            (r#"{"patterns":["a"],"ackwait":1}"#, Code::UNKNOWN_FIELD, "did you mean `ack_wait`?"),
            (r#"{"patterns":["a"],"filter":"= 3"}"#, Code::BAD_FILTER, "column 1"),
            (r#"{"patterns":["a"],"ack_wait":"500ms"}"#, Code::BAD_FIELD, "1s to 1h are"),
            (r#"{"patterns":["a"],"ack_wait":"soon"}"#, Code::BAD_FIELD, "ack_wait"),
            (r#"{"patterns":["a"],"attempts":0}"#, Code::BAD_FIELD, "from 1 to 100"),
            (r#"{"patterns":["a"],"window":257}"#, Code::BAD_FIELD, "from 1 to 256"),
            (r#"{"patterns":["a"],"expires":1}"#, Code::BAD_FIELD, "expires"),
            (r#"{"patterns":["a"],"last":1,"since":"1h"}"#, Code::BAD_FIELD, "not both"),
        ] {
            let refusal = ReaderWish::read(json.as_bytes()).expect_err(json);
            assert_eq!(refusal.code, code, "{json}");
            assert!(refusal.detail.contains(place), "{json}: {refusal}");
        }
    }
}
