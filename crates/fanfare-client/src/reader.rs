//! Acked readers, whose place the server keeps (`docs/readers.md`).

use crate::error::Error;
use crate::reach::{Answer, Reach};
use crate::target::Target;
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// An acked reader.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct AckedReader {
    /// Its name.
    pub name: String,
    /// The channels and patterns that it hears.
    pub patterns: Vec<String>,
    /// Sessions that hear as this reader.
    pub sessions: u64,
    /// Messages that were given and are not done.
    pub unacked: u64,
    /// Messages that were given again.
    pub redelivered: u64,
    /// Messages that were given up.
    pub dead: u64,
    #[serde(skip)]
    raw: String,
}

/// Some acked readers, by name.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AckedReadersPage {
    /// The readers.
    pub readers: Vec<AckedReader>,
    /// What to ask on with, if there are more.
    pub next: Option<String>,
}

impl AckedReader {
    /// The reader as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<AckedReader, Error> {
        let reader: AckedReader = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(AckedReader { raw: raw.trim_end().to_owned(), ..reader })
    }
}

impl AckedReadersPage {
    pub(crate) fn read(reach: &Reach, answer: &Answer) -> Result<AckedReadersPage, Error> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            readers: Vec<&'a RawValue>,
        }
        let list: List<'_> = serde_json::from_str(&answer.body).map_err(|error| reach.odd(error))?;
        let readers = list.readers.iter().map(|raw| AckedReader::read(reach, raw.get()));
        let readers: Vec<AckedReader> = readers.collect::<Result<_, _>>()?;
        let more = answer.links().any(|link| link.contains("rel=\"next\""));
        let next = readers.last().filter(|_| more).map(|reader| reader.name.clone());
        Ok(AckedReadersPage { readers, next })
    }
}

/// What is said of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Verb {
    /// They are done.
    Ack,
    /// They are to be given again.
    Nack,
}

/// Says something of messages that a reader was given, by their cursors; answers of how many.
pub(crate) async fn say(
    reach: &Reach,
    reader: &str,
    verb: Verb,
    cursors: &[impl AsRef<str>],
) -> Result<u64, Error> {
    let name = match verb {
        Verb::Ack => "ack",
        Verb::Nack => "nack",
    };
    let cursors: Vec<&str> = cursors.iter().map(AsRef::as_ref).collect();
    let json = HeaderValue::from_static("application/json");
    let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, json)]);
    let body = json!({ name: cursors }).to_string().into_bytes();
    let answer = reach.post(&Target::ack(reader), &headers, body).await?;
    let reply: Value = serde_json::from_str(&answer.body).map_err(|error| reach.odd(error))?;
    reply[name].as_u64().ok_or_else(|| reach.odd(format!("an answer to `{name}` without a number")))
}
