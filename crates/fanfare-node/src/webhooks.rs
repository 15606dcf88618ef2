//! Where webhooks are kept, and how they do: the place where whoever makes them and whoever delivers to them meet.

use crate::Node;
use crate::dead::{self, dead_letter};
use crate::removed::Removed;
use bytes::Bytes;
use fanfare_proto::{
    Code, Cursor, Grant, History, Message, Pattern, Refusal, Time, Webhook, WebhookProgress, limits,
};
use fanfare_store::{Put, Records, Revision};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Their records.
const KIND: &str = "webhook";

/// The webhooks of a node. Cheap to clone. Nothing here waits for a disk on the thread that asks; it needs a runtime of
/// tokio.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    records: Arc<dyn Records>,
    health: Mutex<BTreeMap<Box<str>, WebhookHealth>>,
    changed: watch::Sender<u64>,
    /// Held by whoever makes one: so many and no more, though two ask at once.
    making: tokio::sync::Mutex<()>,
    /// Those whose records are damaged and of which the log was told.
    told: Mutex<BTreeSet<Box<str>>>,
}

/// Webhooks by id.
#[derive(Debug, Clone, Default)]
pub struct WebhookList {
    /// Those that can be read.
    pub entries: Vec<WebhookEntry>,
    /// Those that cannot, and why. Nothing is sent to them, and they can be removed.
    pub damaged: Vec<(Box<str>, Refusal)>,
}

/// A webhook, how far it is, and which state of its record says so.
#[derive(Debug, Clone)]
pub struct WebhookEntry {
    /// What is wanted.
    pub webhook: Webhook,
    /// How far it is.
    pub progress: WebhookProgress,
    revision: Revision,
}

/// How a webhook does, since the server was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WebhookHealth {
    /// When its target took something last.
    pub success: Option<Time>,
    /// When it failed last, and why.
    pub failure: Option<(Time, Box<str>)>,
    /// Failures since it took something.
    pub failures: u64,
    /// Messages that it took.
    pub delivered: u64,
    /// Messages that were given up.
    pub dead: u64,
    /// When the message was accepted that waits to be taken; none if none waits.
    pub waiting: Option<Time>,
}

impl Webhooks {
    /// Those that are kept there.
    pub fn new(records: Arc<dyn Records>) -> Webhooks {
        let (health, changed, making) = (Mutex::default(), watch::Sender::new(0), Default::default());
        Webhooks(Arc::new(Inner { records, health, changed, making, told: Mutex::default() }))
    }

    /// Keeps a new one, which starts behind this cursor.
    pub async fn make(&self, webhook: Webhook, cursor: Cursor) -> Result<WebhookEntry, Refusal> {
        let _one = self.0.making.lock().await;
        let WebhookList { entries, damaged } = self.all().await?;
        if entries.len() + damaged.len() >= limits::WEBHOOKS {
            return Err(Refusal::new(
                Code::TOO_MANY,
                format!("a server has at most {} webhooks", limits::WEBHOOKS),
            ));
        }
        let progress = WebhookProgress { cursor, attempts: 0, due: None, disabled: None };
        let mut entry = WebhookEntry { webhook, progress, revision: Revision::ABSENT };
        if !self.save(&mut entry).await? {
            return Err(Refusal::new(Code::STORE_FAILED, "there is a webhook with this id"));
        }
        self.0.changed.send_modify(|changes| *changes += 1);
        Ok(entry)
    }

    /// All of them. The log is told once of each that is damaged.
    pub async fn all(&self) -> Result<WebhookList, Refusal> {
        let records = self.blocking(|records| records.scan(KIND, "", "", limits::WEBHOOKS)).await?;
        let mut list = WebhookList::default();
        for record in records {
            match entry(&record.key, record.revision, &record.value) {
                Ok(entry) => list.entries.push(entry),
                Err(refusal) => {
                    if self.told().insert(record.key.clone()) {
                        tracing::error!(
                            webhook = %record.key, %refusal,
                            "the record of a webhook is damaged: nothing is sent to it; `DELETE /webhooks/<webhook>` removes it"
                        );
                    }
                    list.damaged.push((record.key, refusal));
                }
            }
        }
        Ok(list)
    }

    /// One of them.
    pub async fn get(&self, id: &str) -> Result<Option<WebhookEntry>, Refusal> {
        let key = id.to_owned();
        let record = self.blocking(move |records| records.get(KIND, &key)).await?;
        record.map(|record| entry(&record.key, record.revision, &record.value)).transpose()
    }

    /// Ends one; answers whether there was one.
    pub async fn remove(&self, id: &str) -> Result<bool, Refusal> {
        let key = id.to_owned();
        let removed = self.blocking(move |records| {
            loop {
                let Some(record) = records.get(KIND, &key)? else { return Ok(false) };
                // Whoever delivers may have gone on meanwhile; then the next state is removed.
                if let Put::Done(_) = records.put_if(KIND, &key, record.revision, None)? {
                    return Ok(true);
                }
            }
        });
        let removed = removed.await?;
        self.forget(id);
        self.told().remove(id);
        self.0.changed.send_modify(|changes| *changes += 1);
        Ok(removed)
    }

    /// Keeps how far one is; answers whether it is still there.
    pub async fn save(&self, entry: &mut WebhookEntry) -> Result<bool, Refusal> {
        let (key, expected) = (entry.webhook.id.to_string(), entry.revision);
        let value = Bytes::from(entry.webhook.write(&entry.progress));
        match self.blocking(move |records| records.put_if(KIND, &key, expected, Some(value))).await? {
            Put::Done(revision) => {
                entry.revision = revision;
                Ok(true)
            }
            Put::Conflict(_) => Ok(false),
        }
    }

    /// Says when there are others.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }

    /// How one does.
    pub fn health_of(&self, id: &str) -> WebhookHealth {
        self.health().get(id).cloned().unwrap_or_default()
    }

    /// How each does that something was sent to.
    pub fn health_of_all(&self) -> Vec<(Box<str>, WebhookHealth)> {
        let health = self.health();
        let used = health.iter().filter(|(_, health)| **health != WebhookHealth::default());
        used.map(|(id, health)| (id.clone(), health.clone())).collect()
    }

    /// From now on it is noted how one does.
    pub fn attend(&self, id: &str) {
        self.health().entry(id.into()).or_default();
    }

    /// One is gone, and so is what was noted of it.
    pub fn forget(&self, id: &str) {
        self.health().remove(id);
    }

    /// Notes how one does, if it is there still: what is on its way when it is removed leaves nothing behind.
    pub fn note(&self, id: &str, note: impl FnOnce(&mut WebhookHealth)) {
        if let Some(health) = self.health().get_mut(id) {
            note(health);
        }
    }

    fn health(&self) -> MutexGuard<'_, BTreeMap<Box<str>, WebhookHealth>> {
        self.0.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self) -> MutexGuard<'_, BTreeSet<Box<str>>> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Records) -> Result<T, fanfare_store::StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let records = self.0.records.clone();
        match tokio::task::spawn_blocking(move || work(&*records)).await {
            Ok(done) => done.map_err(|error| crate::commit::unread(&error)),
            Err(_) => Err(Code::STORE_FAILED.into()),
        }
    }
}

fn entry(id: &str, revision: Revision, value: &[u8]) -> Result<WebhookEntry, Refusal> {
    let (webhook, progress) = Webhook::read(id, value)?;
    Ok(WebhookEntry { webhook, progress, revision })
}

impl Node {
    /// Calls `wake` after every batch that becomes visible, as long as the node lives, from threads that must not wait.
    pub fn watch(&self, wake: Arc<dyn Fn() + Send + Sync>) {
        self.inner().tail.watch(wake);
    }

    /// What was removed, or deleted by a message, since there were so many removals.
    pub fn removed_since(&self, removals: u64) -> Removed {
        self.inner().tail.removed_since(removals)
    }

    /// Where a reader is that hears what comes from now on.
    pub async fn head(&self, grant: &Grant, webhook: &Webhook) -> Result<Cursor, Refusal> {
        let (patterns, filter) = (webhook.patterns.clone(), webhook.filter.clone());
        let history = History { patterns, filter, limit: 1, ..History::default() };
        Ok(self.history(grant, &history).await?.cursor)
    }

    /// How many dead letters there are of each of these readers or webhooks.
    pub async fn dead_letters(&self, readers: Vec<Box<str>>) -> Result<Vec<u64>, Refusal> {
        let node = self.clone();
        self.read(move |logs| {
            let count = |reader: &str| {
                // What no channel can be named after has none.
                let Ok(channel) = dead::channel(reader) else { return Ok(0) };
                let log = logs.get(node.log_of(&channel));
                let found = log.channels(&Pattern::from(&channel), "", 1)?;
                Ok(found.first().map_or(0, |info| info.messages))
            };
            readers.iter().map(|reader| count(reader)).collect()
        })
        .await
    }

    /// What a reader could not be given goes to `$dead/<reader>`, as it was, with tags that say where from and why. The
    /// same message of the same reader goes there once.
    pub async fn bury(
        &self,
        reader: &str,
        message: &Message,
        delivery: &str,
        why: &str,
    ) -> Result<(), Refusal> {
        let publish = dead_letter(reader, message, delivery, why)?;
        let log = self.log_of(&publish.channel);
        let answers = self.commit(log, &Grant::open(), vec![publish], false)?.await.unwrap_or_default();
        answers.into_iter().next().unwrap_or_else(|| Err(Code::STORE_FAILED.into())).map(drop)
    }
}
