//! What is said of webhooks, read (`docs/webhooks.md`).

use crate::error::Error;
use crate::reach::{Answer, Reach};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A webhook, and how it does.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// Where messages are sent.
    pub url: String,
    /// The channels and patterns that it hears.
    pub patterns: Vec<String>,
    /// What signs its requests: told once, to whoever makes it.
    pub secret: Option<String>,
    /// Why nothing is sent any more.
    pub disabled: Option<String>,
    /// How often the next message was tried in vain.
    #[serde(default)]
    pub attempts: u64,
    /// What came of messages.
    #[serde(default)]
    pub health: WebhookHealth,
    #[serde(skip)]
    raw: String,
}

/// What came of a webhook's messages.
#[derive(Debug, Clone, Default, Deserialize)]
#[non_exhaustive]
pub struct WebhookHealth {
    /// Messages that were taken since the server was started.
    #[serde(default)]
    pub delivered: u64,
    /// Messages that were given up, and lie in its channel of dead letters.
    #[serde(default)]
    pub dead: u64,
}

impl Webhook {
    /// The webhook as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<Webhook, Error> {
        let webhook: Webhook = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(Webhook { raw: raw.trim_end().to_owned(), ..webhook })
    }

    pub(crate) fn read_all(reach: &Reach, answer: &Answer) -> Result<Vec<Webhook>, Error> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            webhooks: Vec<&'a RawValue>,
        }
        let list: List<'_> = serde_json::from_str(&answer.body).map_err(|error| reach.odd(error))?;
        list.webhooks.iter().map(|raw| Webhook::read(reach, raw.get())).collect()
    }
}
