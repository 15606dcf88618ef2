//! An acked reader as it is asked for, and as it is kept.

use crate::unknown::check_fields;
use crate::{
    Code, Cursor, Filter, LogId, Pattern, Position, Query, Refusal, Selection, Start, Time, limits,
    parse_duration,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ack_wait: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempts: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Value>,
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
        check_fields("a reader", json, FIELDS)?;
        let written: Written =
            serde_json::from_slice(json).map_err(|error| Refusal::new(Code::BAD_JSON, error.to_string()))?;
        written.wish()
    }
}

impl Written {
    fn wish(self) -> Result<ReaderWish, Refusal> {
        let Written { patterns, filter, ack_wait, attempts, window, expires, after, last, since } = self;
        let most = limits::READER_PATTERNS;
        if !(1..=most).contains(&patterns.len()) {
            return Err(bad(format!("`patterns` names 1 to {most} channels or patterns")));
        }
        let pattern = |text: &String| {
            Pattern::parse(text).map_err(|error| Refusal::new(Code::BAD_NAME, format!("`{text}`: {error}")))
        };
        let patterns = patterns.iter().map(pattern).collect::<Result<_, _>>()?;
        let filter = filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, error.to_string()))?;
        let mut rules = ReaderRules::new(patterns, filter);
        if let Some(text) = ack_wait {
            rules.ack_wait = duration("ack_wait", &text, limits::READER_WAITS)?;
        }
        if let Some(text) = expires {
            rules.expires = duration("expires", &text, limits::READER_EXPIRES_RANGE)?;
        }
        rules.attempts = attempts.unwrap_or(rules.attempts);
        rules.window = window.unwrap_or(rules.window);
        if !(1..=limits::READER_ATTEMPTS_MAX).contains(&rules.attempts) {
            return Err(bad(format!("`attempts` is a number from 1 to {}", limits::READER_ATTEMPTS_MAX)));
        }
        if !(1..=limits::READER_WINDOW).contains(&rules.window) {
            return Err(bad(format!("`window` is a number from 1 to {}", limits::READER_WINDOW)));
        }
        let given = [("after", after), ("last", last), ("since", since)];
        let given = given.into_iter().filter_map(|(name, value)| Some((name, text(&value?))));
        let start = Start::asked(&Query::of(given.collect()), None)?;
        Ok(ReaderWish { rules, start })
    }
}

/// A number or a text, as a query has it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn duration(name: &str, value: &Value, [least, most]: [Duration; 2]) -> Result<Duration, Refusal> {
    let duration = parse_duration(&text(value)).map_err(|why| bad(format!("`{name}`: {why}")))?;
    match (least..=most).contains(&duration) {
        true => Ok(duration),
        false => Err(bad(format!("`{name}` is {} to {} seconds", least.as_secs(), most.as_secs()))),
    }
}

impl ReaderKept {
    /// Writes it, for keeping.
    pub fn write(&self) -> Vec<u8> {
        let ReaderRules { patterns, filter, ack_wait, attempts, window, expires } = &self.rules;
        let millis = |duration: &Duration| Some(Value::from(format!("{}ms", duration.as_millis())));
        let kept = Kept {
            reader: Written {
                patterns: patterns.iter().map(ToString::to_string).collect(),
                filter: filter.as_ref().map(ToString::to_string),
                ack_wait: millis(ack_wait),
                attempts: Some(*attempts),
                window: Some(*window),
                expires: millis(expires),
                after: None,
                last: None,
                since: None,
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
        let rules = kept.reader.wish().map_err(|refusal| damaged(refusal.to_string()))?.rules;
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

fn bad(detail: String) -> Refusal {
    Refusal::new(Code::BAD_FIELD, detail)
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
            ("{}", Code::BAD_JSON, "patterns"),
            (r#"{"patterns":[]}"#, Code::BAD_FIELD, "patterns"),
            (r#"{"patterns":["a//b"]}"#, Code::BAD_NAME, "a//b"),
            (r#"{"patterns":["a"],"colour":1}"#, Code::UNKNOWN_FIELD, "known here: ack_wait, "),
            (r#"{"patterns":["a"],"ackwait":1}"#, Code::UNKNOWN_FIELD, "did you mean `ack_wait`?"),
            (r#"{"patterns":["a"],"filter":"= 3"}"#, Code::BAD_FILTER, "column 1"),
            (r#"{"patterns":["a"],"ack_wait":"500ms"}"#, Code::BAD_FIELD, "1 to 3600 seconds"),
            (r#"{"patterns":["a"],"ack_wait":"soon"}"#, Code::BAD_FIELD, "ack_wait"),
            (r#"{"patterns":["a"],"attempts":0}"#, Code::BAD_FIELD, "1 to 100"),
            (r#"{"patterns":["a"],"window":257}"#, Code::BAD_FIELD, "1 to 256"),
            (r#"{"patterns":["a"],"expires":1}"#, Code::BAD_FIELD, "expires"),
            (r#"{"patterns":["a"],"last":1,"since":"1h"}"#, Code::BAD_FIELD, "not both"),
        ] {
            let refusal = ReaderWish::read(json.as_bytes()).expect_err(json);
            assert_eq!(refusal.code, code, "{json}");
            assert!(refusal.detail.contains(place), "{json}: {refusal}");
        }
    }
}
