//! A server, as a client sees it.

use crate::answer::{ChannelInfo, Receipt};
use crate::condition::Condition;
use crate::error::{Error, Refusal};
use crate::pages::PageRequest;
use crate::presence::Presence;
use crate::publish::Publishing;
use crate::reach::Reach;
use crate::reader::{self, AckedReader, AckedReadersPage};
use crate::schedule::{Scheduled, SchedulesPage};
use crate::subscription::Subscribing;
use crate::target::Target;
use crate::webhook::Webhook;
use fanfare_proto::limits;
use http::{HeaderMap, HeaderValue};

/// One server. Cheap to clone; needs a tokio runtime.
#[derive(Debug, Clone)]
pub struct Client {
    reach: Reach,
}

impl Client {
    /// The server at `http://host:port`, `https://host/path`, or `host:port`. Nothing is asked of it yet. A proxy is
    /// taken from `HTTP_PROXY` and its like, unless the server is on this machine.
    pub fn new(address: impl AsRef<str>) -> Result<Client, Error> {
        Ok(Client { reach: Reach::new(address.as_ref())? })
    }

    /// Where it is.
    pub fn address(&self) -> &str {
        self.reach.address().as_str()
    }

    /// Adds a message to a channel when awaited: `client.publish("ops/deploys", "done").key("web-1").await?`.
    pub fn publish(&self, channel: impl AsRef<str>, body: impl Into<Vec<u8>>) -> Publishing {
        Publishing::new(self.reach.clone(), channel.as_ref(), body.into())
    }

    /// Adds messages, in order, with one request: envelopes as `POST /publish` takes them (`docs/wire.md`), each JSON
    /// without a line end, at most 1,000 and 4 MiB. Answers for each its receipt, or why it was refused. Asked once:
    /// give each an `id` if you mean to ask again.
    pub async fn publish_all<E: AsRef<[u8]>>(
        &self,
        envelopes: impl IntoIterator<Item = E>,
    ) -> Result<Vec<Result<Receipt, Refusal>>, Error> {
        let (mut body, mut count) = (Vec::new(), 0);
        for envelope in envelopes {
            body.extend_from_slice(envelope.as_ref());
            body.push(b'\n');
            count += 1;
        }
        let headers = HeaderMap::from_iter([(
            http::header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        )]);
        let answer = self.reach.post(&Target::new("/publish"), &headers, body).await?;
        Receipt::read_all(&self.reach, &answer.body, count)
    }

    /// A page of what was said in a channel, or in all that a pattern means: `client.history("ops/**").last(20).await?`.
    pub fn history(&self, channel: impl AsRef<str>) -> PageRequest {
        PageRequest::new(self.reach.clone(), channel.as_ref())
    }

    /// The channels that a pattern means, by name: at most 1,000, those after a name.
    pub async fn channels(&self, pattern: &str, after: Option<&str>) -> Result<Vec<ChannelInfo>, Error> {
        let limit = limits::PAGE_MESSAGES.to_string();
        let target = Target::new("/channels").with("pattern", pattern).with("limit", limit);
        let answer = self.reach.get(&target.with_some("after", after), "application/json").await?;
        ChannelInfo::read_all(&self.reach, &answer.body)
    }

    /// Removes the message at a position of a channel, of `$dead/...` too.
    pub async fn remove(&self, channel: &str, position: u64) -> Result<(), Error> {
        let target = Target::of_channel(channel, &format!("$at/{position}"));
        self.reach.delete(&target).await.map(drop)
    }

    /// Removes all messages of a channel; readers that are behind are told what they lost.
    pub async fn purge(&self, channel: &str) -> Result<(), Error> {
        let target = Target::of_channel(channel, "$purge");
        self.reach.post(&target, &HeaderMap::new(), Vec::new()).await.map(drop)
    }

    /// Ends a key of a channel: a message says so, and whoever asks for the latest is told of it no more.
    pub async fn end_key(&self, channel: &str, key: &str) -> Result<(), Error> {
        self.reach.delete(&Target::of_channel(channel, "$latest").with("key", key)).await.map(drop)
    }

    /// Who is on a channel.
    pub async fn presence(&self, channel: &str) -> Result<Presence, Error> {
        let answer = self.reach.get(&Target::of_channel(channel, "$presence"), "application/json").await?;
        Presence::read(&self.reach, &answer.body)
    }

    /// Schedules to the channels that a pattern means, as they were made: some, those after a name.
    pub async fn schedules(&self, pattern: &str, after: Option<&str>) -> Result<SchedulesPage, Error> {
        let limit = limits::PAGE_MESSAGES.to_string();
        let target = Target::new("/schedules").with("channel", pattern).with("limit", limit);
        let answer = self.reach.get(&target.with_some("after", after), "application/json").await?;
        SchedulesPage::read(&self.reach, &answer)
    }

    /// A schedule.
    pub async fn schedule(&self, name: &str) -> Result<Scheduled, Error> {
        let answer = self.reach.get(&Target::schedule(name), "application/json").await?;
        Scheduled::read(&self.reach, &answer.body)
    }

    /// Makes the schedule that a JSON text asks for: `docs/schedules.md` has its fields.
    pub async fn make_schedule(&self, wish: &str) -> Result<Scheduled, Error> {
        let target = Target::new("/schedules");
        let answer = self.reach.post(&target, &HeaderMap::new(), wish.into()).await?;
        Scheduled::read(&self.reach, &answer.body)
    }

    /// Puts another schedule in the place of one.
    pub async fn replace_schedule(&self, name: &str, wish: &str) -> Result<Scheduled, Error> {
        let answer = self.reach.put(&Target::schedule(name), wish.into()).await?;
        Scheduled::read(&self.reach, &answer.body)
    }

    /// Ends a schedule.
    pub async fn cancel_schedule(&self, name: &str) -> Result<(), Error> {
        self.reach.delete(&Target::schedule(name)).await.map(drop)
    }

    /// Makes the condition that a JSON text asks for: `docs/conditions.md` has its fields.
    pub async fn make_condition(&self, wish: &str) -> Result<Condition, Error> {
        let target = Target::new("/conditions");
        let answer = self.reach.post(&target, &HeaderMap::new(), wish.into()).await?;
        Condition::read(&self.reach, &answer.body)
    }

    /// Puts another condition in the place of one.
    pub async fn replace_condition(&self, name: &str, wish: &str) -> Result<Condition, Error> {
        let answer = self.reach.put(&Target::condition(name), wish.into()).await?;
        Condition::read(&self.reach, &answer.body)
    }

    /// Conditions whose messages go to the channels that a pattern means, as they were made.
    pub async fn conditions(&self, pattern: &str) -> Result<Vec<Condition>, Error> {
        let target = Target::new("/conditions").with("channel", pattern);
        Condition::read_all(&self.reach, &self.reach.get(&target, "application/json").await?)
    }

    /// A condition, and how its channels stand.
    pub async fn condition(&self, name: &str) -> Result<Condition, Error> {
        let answer = self.reach.get(&Target::condition(name), "application/json").await?;
        Condition::read(&self.reach, &answer.body)
    }

    /// Ends a condition.
    pub async fn remove_condition(&self, name: &str) -> Result<(), Error> {
        self.reach.delete(&Target::condition(name)).await.map(drop)
    }

    /// Acked readers by name, as they are: some, those after a name.
    pub async fn readers(&self, after: Option<&str>) -> Result<AckedReadersPage, Error> {
        let target = Target::new("/readers").with("limit", limits::PAGE_MESSAGES.to_string());
        let answer = self.reach.get(&target.with_some("after", after), "application/json").await?;
        AckedReadersPage::read(&self.reach, &answer)
    }

    /// An acked reader.
    pub async fn reader(&self, name: &str) -> Result<AckedReader, Error> {
        let answer = self.reach.get(&Target::reader(name), "application/json").await?;
        AckedReader::read(&self.reach, &answer.body)
    }

    /// Makes the acked reader that a JSON text asks for, or gives it these rules: `docs/readers.md` has the fields.
    pub async fn make_reader(&self, name: &str, wish: &str) -> Result<AckedReader, Error> {
        let answer = self.reach.put(&Target::reader(name), wish.into()).await?;
        AckedReader::read(&self.reach, &answer.body)
    }

    /// Forgets an acked reader; its sessions end.
    pub async fn remove_reader(&self, name: &str) -> Result<(), Error> {
        self.reach.delete(&Target::reader(name)).await.map(drop)
    }

    /// Says which messages an acked reader has done, by their cursors; answers how many were not done before.
    pub async fn ack(&self, reader: &str, cursors: &[impl AsRef<str>]) -> Result<u64, Error> {
        reader::say(&self.reach, reader, reader::Verb::Ack, cursors).await
    }

    /// Makes the webhook that a JSON text asks for: `docs/webhooks.md` has its fields.
    pub async fn make_webhook(&self, wish: &str) -> Result<Webhook, Error> {
        let answer = self.reach.post(&Target::new("/webhooks"), &HeaderMap::new(), wish.into()).await?;
        Webhook::read(&self.reach, &answer.body)
    }

    /// All webhooks, and how they do.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        Webhook::read_all(&self.reach, &self.reach.get(&Target::new("/webhooks"), "application/json").await?)
    }

    /// A webhook, and how it does.
    pub async fn webhook(&self, id: &str) -> Result<Webhook, Error> {
        let answer = self.reach.get(&Target::webhook(id), "application/json").await?;
        Webhook::read(&self.reach, &answer.body)
    }

    /// Ends a webhook.
    pub async fn remove_webhook(&self, id: &str) -> Result<(), Error> {
        self.reach.delete(&Target::webhook(id)).await.map(drop)
    }

    /// What the server counts, as the text that Prometheus reads.
    pub async fn metrics(&self) -> Result<String, Error> {
        Ok(self.reach.get(&Target::new("/metrics"), "text/plain").await?.body)
    }

    /// Whether the server answers.
    pub async fn alive(&self) -> Result<(), Error> {
        self.reach.get(&Target::new("/healthz"), "text/plain").await.map(drop)
    }

    /// Whether the server takes publishes and sessions; an error says why not.
    pub async fn ready(&self) -> Result<(), Error> {
        self.reach.get(&Target::new("/readyz"), "text/plain").await.map(drop)
    }

    /// Hears channels and patterns, for as long as the subscription is kept.
    pub fn subscribe<C: Into<String>>(&self, channels: impl IntoIterator<Item = C>) -> Subscribing {
        Subscribing::new(self.reach.clone(), channels.into_iter().map(Into::into).collect())
    }
}
