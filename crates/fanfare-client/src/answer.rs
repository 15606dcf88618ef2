//! What a server answers, read.

use crate::error::{Error, Problem, Refusal};
use crate::message::{Gap, Message};
use crate::reach::{Answer, Reach};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a publisher is answered: the message is stored, if its channel is kept.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The channel.
    pub channel: String,
    /// The message's place in the log.
    pub position: u64,
    /// Where a reader is that has heard this message.
    pub cursor: String,
    /// The id it was given, or was published with.
    pub id: String,
    /// When it was accepted: RFC 3339, UTC.
    pub time: String,
    #[serde(skip)]
    raw: String,
}

/// A page of what was said.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Page {
    /// Messages, oldest first.
    pub messages: Vec<Message>,
    /// Where any transport can go on.
    pub cursor: String,
    /// What was lost before the first message, in each log.
    pub gaps: Vec<Gap>,
    /// Whether there is more after this page: ask again with `cursor` as `after`.
    pub more: bool,
    /// What to give as `before` for the page of older messages, if there may be any.
    pub before: Option<String>,
}

/// What a channel holds.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ChannelInfo {
    /// Its name.
    pub channel: String,
    /// The position of its newest message.
    pub head: u64,
    /// How many messages there were ever; from 0 again once the channel was forgotten.
    #[serde(default)]
    pub published: u64,
    /// How many messages are kept.
    pub messages: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// Everything up to this position is gone.
    pub trimmed_through: u64,
    /// `kept` or `live`.
    pub keeping: String,
    #[serde(skip)]
    raw: String,
}

impl Receipt {
    /// The receipt as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<Receipt, Error> {
        let receipt: Receipt = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(Receipt { raw: raw.to_owned(), ..receipt })
    }

    /// What a batch of `count` messages is answered: for each its receipt, or why it was refused. A batch of one may
    /// be answered as one.
    pub(crate) fn read_all(
        reach: &Reach,
        body: &str,
        count: usize,
    ) -> Result<Vec<Result<Receipt, Refusal>>, Error> {
        #[derive(Deserialize)]
        struct Results<'a> {
            #[serde(borrow)]
            results: Vec<&'a RawValue>,
        }
        let results = match serde_json::from_str::<Results<'_>>(body) {
            Ok(Results { results }) => results,
            Err(_) => vec![serde_json::from_str(body).map_err(|error| reach.odd(error))?],
        };
        if results.len() != count {
            return Err(reach.odd(format_args!("{} results for {count} messages", results.len())));
        }
        let one = |raw: &&RawValue| match serde_json::from_str::<Problem>(raw.get()) {
            Ok(problem) => Ok(Err(problem.into())),
            Err(_) => Receipt::read(reach, raw.get()).map(Ok),
        };
        results.iter().map(one).collect()
    }
}

impl Page {
    pub(crate) fn read(reach: &Reach, answer: &Answer) -> Result<Page, Error> {
        let (found, cursor) = read_messages(reach, &answer.body)?;
        let Found { messages, gaps } = found;
        let link = |relation: &str| answer.links().find(|link| link.contains(relation));
        let before = link("rel=\"prev\"").and_then(parameter_before).map(str::to_owned);
        Ok(Page { messages, cursor, gaps, more: link("rel=\"next\"").is_some(), before })
    }
}

/// The messages of a page or a long poll, and what was lost before them.
pub(crate) struct Found {
    pub messages: Vec<Message>,
    pub gaps: Vec<Gap>,
}

/// Reads `{"messages":[...],"cursor":"...","gap":null|{...}}`, and `gaps` if there is more than one.
pub(crate) fn read_messages(reach: &Reach, body: &str) -> Result<(Found, String), Error> {
    #[derive(Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        messages: Vec<&'a RawValue>,
        cursor: String,
        gap: Option<Gap>,
        #[serde(default)]
        gaps: Vec<Gap>,
    }
    let body: Body<'_> = serde_json::from_str(body).map_err(|error| reach.odd(error))?;
    let read = |raw: &&RawValue| Message::parse(raw.get().to_owned()).map_err(|why| reach.odd(why));
    let messages = body.messages.iter().map(read).collect::<Result<_, _>>()?;
    let gaps = if body.gaps.is_empty() { body.gap.into_iter().collect() } else { body.gaps };
    Ok((Found { messages, gaps }, body.cursor))
}

/// The cursor of a link's `before` (RFC 8288).
fn parameter_before(link: &str) -> Option<&str> {
    let (_, rest) = link.split_once("before=")?;
    rest.split(['&', '>']).next()
}

impl ChannelInfo {
    /// The information as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read_all(reach: &Reach, body: &str) -> Result<Vec<ChannelInfo>, Error> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            channels: Vec<&'a RawValue>,
        }
        let list: List<'_> = serde_json::from_str(body).map_err(|error| reach.odd(error))?;
        let one = |raw: &&RawValue| {
            let info: ChannelInfo = serde_json::from_str(raw.get()).map_err(|error| reach.odd(error))?;
            Ok(ChannelInfo { raw: raw.get().to_owned(), ..info })
        };
        list.channels.iter().map(one).collect()
    }
}
