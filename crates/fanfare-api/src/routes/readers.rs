//! The list of acked readers, and an acked reader as it is shown.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::links;
use crate::operation::{Answer, Media, Operation, Parameter, parameters};
use crate::state::Api;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_node::{ReaderLag, ReaderStatus};
use fanfare_proto::{Code, History, Query, Time, limits};
use serde::Serialize;
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/readers",
    query: &[AFTER, parameters::LIMIT],
    about: "acked readers, whose place the server keeps",
    operation: Operation {
        id: "readers",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "acked readers by name",
            headers: &["Link"],
            content: &[Media("application/json", "Readers")],
        }],
        refusals: &[Code::BAD_FIELD, Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || get(readers),
};

const AFTER: Parameter = Parameter {
    name: "after",
    about: "Readers whose names come after this one.",
    schema: || json!({ "type": "string", "minLength": 1 }),
};

#[derive(Serialize)]
struct List {
    readers: Vec<Shown>,
}

/// An acked reader as its owner sees it.
#[derive(Serialize)]
pub(super) struct Shown {
    name: String,
    patterns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<String>,
    /// Seconds.
    ack_wait: f64,
    attempts: u32,
    window: usize,
    /// Seconds.
    expires: f64,
    created: String,
    used: String,
    /// Everything up to here is done, or was not wanted.
    cursor: String,
    sessions: usize,
    /// Given, or about to be, and not done.
    unacked: usize,
    acked: u64,
    redelivered: u64,
    /// Dead letters that are there.
    dead: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    lag: Option<Lag>,
}

/// What lies before it.
#[derive(Serialize)]
struct Lag {
    messages: usize,
    /// There are more than those that were counted.
    more: bool,
    /// How old the oldest is.
    oldest_ms: u64,
}

impl Shown {
    /// One with so many dead letters.
    pub(super) fn of(status: ReaderStatus, dead: u64) -> Shown {
        let ReaderStatus { name, rules, created, used, floor, .. } = &status;
        Shown {
            name: name.to_string(),
            patterns: rules.patterns.iter().map(ToString::to_string).collect(),
            filter: rules.filter.as_ref().map(ToString::to_string),
            ack_wait: rules.ack_wait.as_secs_f64(),
            attempts: rules.attempts,
            window: rules.window,
            expires: rules.expires.as_secs_f64(),
            created: created.to_string(),
            used: used.to_string(),
            cursor: floor.to_string(),
            sessions: status.sessions,
            unacked: status.unacked,
            acked: status.acked,
            redelivered: status.redelivered,
            dead,
            lag: None,
        }
    }

    pub(super) fn with_lag(self, lag: ReaderLag, now: Time) -> Shown {
        let ReaderLag { messages, more, oldest } = lag;
        let oldest_ms = oldest.map_or(0, |since| now.0.saturating_sub(since.0));
        Shown { lag: Some(Lag { messages, more, oldest_ms }), ..self }
    }
}

async fn readers(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let limit = query.one("limit")?.map(History::limit).transpose()?.unwrap_or(limits::PAGE_MESSAGES_DEFAULT);
    let after = query.one("after")?.unwrap_or_default();
    let mut found = api.node.acked_readers(&grant, after, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|status| status.name.to_string());
    let names = found.iter().map(|status| status.name.as_str().into()).collect();
    let dead = api.node.dead_letters(names).await?;
    let readers = found.into_iter().zip(dead).map(|(status, dead)| Shown::of(status, dead)).collect();
    let mut response = answer::json(&List { readers })?;
    if let Some(last) = last {
        let next = [("after", Some(last)), ("limit", Some(limit.to_string()))];
        links::add(&mut response, "next", &links::with_query("/readers", &next));
    }
    Ok(response)
}
