//! A webhook: an address that somebody wants messages to be sent to, and which. As it is asked for, as it is kept, and as it
//! is shown. Whether the address may be called is not decided here.

use crate::door::{Own, bad, outside, patterns};
use crate::{Code, Cursor, Filter, Pattern, Refusal, Time, limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// An address and what it wants. Never changes; who wants it otherwise makes another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Its name.
    pub id: Box<str>,
    /// Where messages go.
    pub url: String,
    /// Of which channels.
    pub patterns: Vec<Pattern>,
    /// Which of their messages.
    pub filter: Option<Filter>,
    /// What signs them.
    pub secret: Secret,
    /// Messages of one request at the most, if it takes several.
    pub batch: Option<usize>,
    /// When it was made.
    pub created: Time,
}

/// What signs requests. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes what was given, or made.
    pub fn new(text: String) -> Result<Secret, Refusal> {
        let length = limits::WEBHOOK_SECRET_MIN_BYTES..=limits::WEBHOOK_SECRET_BYTES;
        if length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Secret(text));
        }
        let (least, most) = length.into_inner();
        Err(bad("secret", format!("it has {least} to {most} printable ASCII characters and no space")))
    }

    /// For signing, and for showing it once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// How far a webhook is, and what is the matter with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookProgress {
    /// Everything up to here is delivered, not wanted, or given up.
    pub cursor: Cursor,
    /// How often what comes next was tried in vain.
    pub attempts: u32,
    /// It is not tried before.
    pub due: Option<Time>,
    /// Why nothing is sent any more, if so.
    pub disabled: Option<Box<str>>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookWish {
    /// Where messages go.
    pub url: String,
    /// Of which channels.
    pub patterns: Vec<Pattern>,
    /// Which of their messages.
    pub filter: Option<Filter>,
    /// What signs them, if it is not to be made.
    pub secret: Option<Secret>,
    /// Messages of one request at the most, if it takes several.
    pub batch: Option<usize>,
}

/// What can be said of one.
const FIELDS: &[&str] = &["batch", "filter", "patterns", "secret", "url"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    url: String,
    patterns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    webhook: Written,
    created: u64,
    cursor: String,
    #[serde(default)]
    attempts: u32,
    #[serde(default)]
    due: Option<u64>,
    #[serde(default)]
    disabled: Option<Box<str>>,
}

impl WebhookWish {
    /// Reads the JSON of a request.
    pub fn read(json: &[u8]) -> Result<WebhookWish, Refusal> {
        let own = Own::all("a webhook", json, FIELDS)?;
        let url = own.text("url")?.ok_or_else(|| bad("url", "it is missing: where messages are sent to"))?;
        let patterns = own.patterns("patterns", limits::WEBHOOK_PATTERNS)?;
        let (filter, batch) = (own.filter("filter")?, own.number("batch", &BATCH)?);
        let secret = own.text("secret")?.map(Secret::new).transpose()?;
        Ok(WebhookWish { url, patterns, filter, secret, batch })
    }
}

/// Messages of one request.
const BATCH: RangeInclusive<usize> = 1..=limits::WEBHOOK_BATCH;

impl Written {
    fn wish(self) -> Result<WebhookWish, Refusal> {
        let Written { url, patterns: texts, filter, secret, batch } = self;
        let patterns = patterns("patterns", &texts, limits::WEBHOOK_PATTERNS)?;
        if let Some(batch) = batch.filter(|batch| !BATCH.contains(batch)) {
            return Err(outside("batch", &batch.to_string(), &BATCH));
        }
        let filter = filter.as_deref().map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, error.to_string()))?;
        let secret = secret.map(Secret::new).transpose()?;
        Ok(WebhookWish { url, patterns, filter, secret, batch })
    }
}

impl Webhook {
    /// Writes it and how far it is, for keeping.
    pub fn write(&self, progress: &WebhookProgress) -> Vec<u8> {
        let kept = Kept {
            webhook: Written { secret: Some(self.secret.0.clone()), ..self.written() },
            created: self.created.0,
            cursor: progress.cursor.to_string(),
            attempts: progress.attempts,
            due: progress.due.map(|due| due.0),
            disabled: progress.disabled.clone(),
        };
        serde_json::to_vec(&kept).unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"))
    }

    /// Reads what was kept.
    pub fn read(id: &str, json: &[u8]) -> Result<(Webhook, WebhookProgress), Refusal> {
        let damaged = |why: String| Refusal::new(Code::STORE_DAMAGED, format!("webhook {id}: {why}"));
        let kept: Kept = serde_json::from_slice(json).map_err(|error| damaged(error.to_string()))?;
        let wish = kept.webhook.wish().map_err(|refusal| damaged(refusal.to_string()))?;
        let WebhookWish { url, patterns, filter, secret, batch } = wish;
        let secret = secret.ok_or_else(|| damaged("there is no secret".into()))?;
        let cursor = Cursor::parse(&kept.cursor).map_err(|error| damaged(error.to_string()))?;
        let created = Time(kept.created);
        let webhook = Webhook { id: id.into(), url, patterns, filter, secret, batch, created };
        let due = kept.due.map(Time);
        Ok((webhook, WebhookProgress { cursor, attempts: kept.attempts, due, disabled: kept.disabled }))
    }

    fn written(&self) -> Written {
        Written {
            url: self.url.clone(),
            patterns: self.patterns.iter().map(ToString::to_string).collect(),
            filter: self.filter.as_ref().map(ToString::to_string),
            secret: None,
            batch: self.batch,
        }
    }
}

/// After how long a target that failed so often is tried again: twice as long each time, up to a limit, with chance
/// between a half and the whole of it, so that what failed together does not come back together. `chance` is from 0 to 1.
pub fn backoff(first: Duration, attempts: u32, chance: f64) -> Duration {
    let doubled =
        first.saturating_mul(1u32.checked_shl(attempts.saturating_sub(1).min(31)).unwrap_or(u32::MAX));
    doubled.min(limits::WEBHOOK_WAIT_MAX).mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CursorPart, Epoch, LogId, Position};

    const WISH: &str =
        r#"{"url": "https://a.example/", "patterns": ["a/**", "b"], "filter": "priority > 3", "batch": 9}"#;

    #[test]
    fn what_is_kept_is_read_back() {
        let WebhookWish { url, patterns, filter, batch, .. } = WebhookWish::read(WISH.as_bytes()).unwrap();
        let secret = Secret::new("s".repeat(32)).unwrap();
        let webhook = Webhook { id: "w".into(), url, patterns, filter, secret, batch, created: Time(7) };
        let part = CursorPart { log: LogId::KEPT, epoch: Epoch(1), position: Position(5) };
        let cursor = Cursor::new([part]);
        let progress =
            WebhookProgress { cursor, attempts: 3, due: Some(Time(9)), disabled: Some("gone".into()) };
        assert_eq!(Webhook::read("w", &webhook.write(&progress)), Ok((webhook.clone(), progress)));
        assert!(!format!("{webhook:?}").contains("sss"));
        assert!(Webhook::read("w", b"{}").is_err());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (json, code, says) in [
            ("{", Code::BAD_JSON, "a webhook's fields: EOF"),
            ("", Code::BAD_JSON, "the body is empty"),
            ("[1]", Code::BAD_JSON, "it begins with `[`"),
            (r#"{"url": "https://a/"}"#, Code::BAD_FIELD, "patterns: it is missing; it names 1 to "),
            (r#"{"patterns": ["a"]}"#, Code::BAD_FIELD, "url: it is missing"),
            (r#"{"url": 7, "patterns": ["a"]}"#, Code::BAD_FIELD, "url: it is not text in quotes"),
            (r#"{"url": "https://a/", "patterns": "a"}"#, Code::BAD_FIELD, "patterns: `\"a\"` is no list"),
            (r#"{"url": "https://a/", "patterns": [1]}"#, Code::BAD_FIELD, "patterns: `[1]` is no list"),
            (r#"{"url": "https://a/", "patterns": ["a"], "colour": 1}"#, Code::UNKNOWN_FIELD, "known here"),
            (r#"{"url": "https://a/", "patterns": []}"#, Code::BAD_FIELD, "patterns: it has 0; 1 to "),
            (r#"{"url": "https://a/", "patterns": ["a//b"]}"#, Code::BAD_NAME, "patterns: `a//b`: "),
            (r#"{"url": "https://a/", "patterns": ["a"], "filter": "= 3"}"#, Code::BAD_FILTER, "filter: "),
            (
                r#"{"url": "https://a/", "patterns": ["a"], "filter": 3}"#,
                Code::BAD_FIELD,
                "filter: it is not",
            ),
            (r#"{"url": "https://a/", "patterns": ["a"], "batch": 0}"#, Code::BAD_FIELD, "batch: `0` is not"),
            (
                r#"{"url": "https://a/", "patterns": ["a"], "batch": "9"}"#,
                Code::BAD_FIELD,
                "batch: `\"9\"` is not a whole number from 1 to ",
            ),
            (r#"{"url": "https://a/", "patterns": ["a"], "batch": 1.5}"#, Code::BAD_FIELD, "batch: `1.5`"),
            (r#"{"url": "https://a/", "patterns": ["a"], "secret": "short"}"#, Code::BAD_FIELD, "secret: "),
        ] {
            let refusal = WebhookWish::read(json.as_bytes()).expect_err(json);
            assert_eq!(refusal.code, code, "{json}");
            assert!(refusal.detail.contains(says), "{json}: {refusal}");
        }
    }

    #[test]
    fn waits_double_and_end() {
        let first = Duration::from_secs(1);
        let wait = |attempts, chance| backoff(first, attempts, chance).as_millis();
        assert_eq!((wait(1, 1.0), wait(2, 1.0), wait(5, 1.0)), (1_000, 2_000, 16_000));
        assert_eq!((wait(1, 0.0), wait(3, 0.5)), (500, 3_000));
        assert_eq!(wait(u32::MAX, 1.0), limits::WEBHOOK_WAIT_MAX.as_millis());
    }
}
