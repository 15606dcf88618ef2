//! The list of webhooks, and a webhook as it is shown.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use fanfare_node::{WebhookEntry, WebhookHealth, WebhookList};
use fanfare_proto::{Code, Grant, Pattern, Time};
use serde::Serialize;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/webhooks",
    query: &[],
    about: "webhooks, and how they do",
    operation: Operation {
        id: "webhooks",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "webhooks by id",
            headers: &[],
            content: &[Media("application/json", "Webhooks")],
        }],
        refusals: &[Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || get(webhooks),
};

#[derive(Serialize)]
struct List {
    webhooks: Vec<Shown>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    damaged: Vec<Damaged>,
}

/// One whose record cannot be read.
#[derive(Serialize)]
struct Damaged {
    webhook: Box<str>,
    why: String,
}

/// A webhook as its owner sees it.
#[derive(Serialize)]
pub(super) struct Shown {
    id: Box<str>,
    url: String,
    patterns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<usize>,
    created: String,
    /// Told once: to whoever made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Everything up to here is delivered, not wanted, or given up.
    cursor: String,
    /// How often what comes next was tried in vain, and when it is tried again.
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Why nothing is sent any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    disabled: Option<Box<str>>,
    health: Health,
}

/// How it does since the server was started.
#[derive(Serialize)]
struct Health {
    delivered: u64,
    /// Dead letters that are there, from whatever start.
    dead: u64,
    /// In a row.
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<Failure>,
    /// How old the message is that waits to be taken.
    lag_ms: u64,
}

#[derive(Serialize)]
struct Failure {
    time: String,
    why: Box<str>,
}

impl Shown {
    /// One with so many dead letters.
    pub(super) fn of(entry: &WebhookEntry, dead: u64, api: &Api) -> Shown {
        let WebhookEntry { webhook, progress, .. } = entry;
        let health = api.webhooks.health_of(&webhook.id);
        Shown {
            id: webhook.id.clone(),
            url: webhook.url.clone(),
            patterns: webhook.patterns.iter().map(ToString::to_string).collect(),
            filter: webhook.filter.as_ref().map(ToString::to_string),
            batch: webhook.batch,
            created: webhook.created.to_string(),
            secret: None,
            cursor: progress.cursor.to_string(),
            attempts: progress.attempts,
            due: progress.due.as_ref().map(Time::to_string),
            disabled: progress.disabled.clone(),
            health: Health::of(health, dead, api.node.now()),
        }
    }

    pub(super) fn with_secret(self, entry: &WebhookEntry) -> Shown {
        Shown { secret: Some(entry.webhook.secret.reveal().to_owned()), ..self }
    }
}

impl Health {
    fn of(health: WebhookHealth, dead: u64, now: Time) -> Health {
        let WebhookHealth { success, failure, failures, delivered, waiting, .. } = health;
        Health {
            delivered,
            dead,
            failures,
            last_success: success.map(|time| time.to_string()),
            last_failure: failure.map(|(time, why)| Failure { time: time.to_string(), why }),
            lag_ms: waiting.map_or(0, |since| now.0.saturating_sub(since.0)),
        }
    }
}

/// Whoever may hear everything that it sends may see and end it.
pub(super) fn may_see(grant: &Grant, entry: &WebhookEntry) -> bool {
    entry.webhook.patterns.iter().all(|pattern| grant.may_subscribe(pattern))
}

/// Of what cannot be read nobody knows what it sends: whoever may hear everything may see and end it.
pub(super) fn may_see_damaged(grant: &Grant) -> bool {
    grant.may_subscribe(&Pattern::everything())
}

async fn webhooks(State(api): State<Api>, Granted(grant): Granted) -> Result<Response, Refused> {
    let WebhookList { entries, damaged } = api.webhooks.all().await?;
    let seen: Vec<WebhookEntry> = entries.into_iter().filter(|entry| may_see(&grant, entry)).collect();
    let dead = api.node.dead_letters(seen.iter().map(|entry| entry.webhook.id.clone()).collect()).await?;
    let webhooks = seen.iter().zip(dead).map(|(entry, dead)| Shown::of(entry, dead, &api)).collect();
    let damaged = damaged.into_iter().filter(|_| may_see_damaged(&grant));
    let damaged = damaged.map(|(webhook, refusal)| Damaged { webhook, why: refusal.detail }).collect();
    Ok(answer::json(&List { webhooks, damaged })?)
}
