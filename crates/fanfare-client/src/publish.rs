//! Adding one message.

use crate::answer::Receipt;
use crate::backoff::Backoff;
use crate::error::Error;
use crate::reach::{Answer, Reach};
use crate::schedule::Scheduled;
use crate::target::Target;
use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The server knows an id for two minutes; a publish is not begun again after this.
const TRY_TIME: Duration = Duration::from_secs(90);

/// A message on its way; sent when awaited. The fields are those of `docs/wire.md`, "Publish one message".
///
/// It is tried again with the same id when the server cannot be reached or refuses for now, for up to a minute and a
/// half: it may take that long to fail, and is published once.
#[derive(Debug, Clone)]
#[must_use = "nothing is published until it is awaited"]
pub struct Publishing {
    reach: Reach,
    target: Target,
    headers: HeaderMap,
    id: Option<String>,
    body: Vec<u8>,
    try_time: Duration,
}

/// A message for later on its way; sent when awaited, as [`Publishing`] is.
#[derive(Debug, Clone)]
#[must_use = "nothing is scheduled until it is awaited"]
pub struct Scheduling(Publishing);

impl Publishing {
    pub(crate) fn new(reach: Reach, channel: &str, body: Vec<u8>) -> Publishing {
        let target = Target::channel(channel);
        Publishing { reach, target, headers: HeaderMap::new(), id: None, body, try_time: TRY_TIME }
    }

    /// The same id again within two minutes is answered with the first message. One is made unless given.
    pub fn id(self, id: impl Into<String>) -> Publishing {
        Publishing { id: Some(id.into()), ..self }
    }

    /// A newer message with the same key replaces the older.
    pub fn key(self, key: impl Display) -> Publishing {
        self.field("key", key)
    }

    /// Not delivered later than this.
    pub fn ttl(self, ttl: Duration) -> Publishing {
        self.field("ttl", ttl.as_secs())
    }

    /// How urgent it is, 1 to 5.
    pub fn priority(self, priority: u8) -> Publishing {
        self.field("priority", priority)
    }

    /// The kind of event.
    pub fn event(self, event: impl Display) -> Publishing {
        self.field("event", event)
    }

    /// The media type of the body; without one it is text if it is UTF-8.
    pub fn content_type(self, media_type: impl Display) -> Publishing {
        self.field("content_type", media_type)
    }

    /// Tags, as the wire has them: `region=eu,seconds=12.5,ok=true`.
    pub fn tags(self, tags: impl Display) -> Publishing {
        self.field("tags", tags)
    }

    /// It is an edit: what it says replaces what the message at this position of the channel said.
    pub fn replaces(self, position: u64) -> Publishing {
        self.field("replaces", position)
    }

    /// It is a delete, without a body: what the message at this position of the channel said is erased.
    pub fn deletes(self, position: u64) -> Publishing {
        self.field("deletes", position)
    }

    /// What a person sees: a JSON object.
    pub fn notice(mut self, json: impl AsRef<str>) -> Publishing {
        // A long one has no room in an address. What a header cannot hold is refused there.
        match HeaderValue::from_bytes(json.as_ref().as_bytes()) {
            Ok(value) => {
                self.headers.insert(HeaderName::from_static("notice"), value);
                self
            }
            Err(_) => self.field("notice", json.as_ref()),
        }
    }

    /// A field by the name and in the form that the wire has.
    pub fn field(mut self, name: &str, value: impl Display) -> Publishing {
        self.target = self.target.with(name, value.to_string());
        self
    }

    /// How long it is tried again; not at all with zero.
    pub fn try_for(self, time: Duration) -> Publishing {
        Publishing { try_time: time, ..self }
    }

    /// For later: at a moment (RFC 3339, or seconds since 1970), at most a year ahead.
    pub fn at(self, moment: impl Display) -> Scheduling {
        Scheduling(self.field("at", moment))
    }

    /// For later: after this long, at most a year.
    pub fn delay(self, delay: impl Display) -> Scheduling {
        Scheduling(self.field("delay", delay))
    }

    /// Sends it, if need be again. Answers, too, who answered.
    async fn send(self) -> Result<(Reach, Answer), Error> {
        let id = self.id.unwrap_or_else(|| format!("{:032x}", fastrand::u128(..)));
        let target = self.target.with("id", id);
        let (end, mut backoff) = (Instant::now() + self.try_time, Backoff::default());
        loop {
            let error = match self.reach.post(&target, &self.headers, self.body.clone()).await {
                Ok(answer) => return Ok((self.reach, answer)),
                Err(error) => error,
            };
            let next = Instant::now() + backoff.next(error.after());
            if !error.passes() || next > end {
                return Err(error);
            }
            sleep_until(next).await;
        }
    }
}

impl IntoFuture for Publishing {
    type Output = Result<Receipt, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Receipt, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (reach, answer) = self.send().await?;
            Receipt::read(&reach, &answer.body)
        })
    }
}

impl IntoFuture for Scheduling {
    type Output = Result<Scheduled, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Scheduled, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (reach, answer) = self.0.send().await?;
            Scheduled::read(&reach, &answer.body)
        })
    }
}
