//! The list of channels, page by page.

use super::Route;
use super::info::Shown;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::links;
use crate::operation::{Answer, Media, Operation, Parameter, parameters, reference};
use crate::state::Api;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, History, Pattern, Query, Refusal, limits};
use serde::Serialize;
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/channels",
    query: &[PATTERN, AFTER, parameters::LIMIT],
    about: "channels by name, with what they hold",
    operation: Operation {
        id: "channels",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "channels by name",
            headers: &["Link"],
            content: &[Media("application/json", "Channels")],
        }],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_FIELD,
            Code::FORBIDDEN,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || get(channels),
};

const PATTERN: Parameter = Parameter {
    name: "pattern",
    about: "Only channels that this pattern means.",
    schema: || reference("Name"),
};
const AFTER: Parameter = Parameter {
    name: "after",
    about: "Channels whose names come after this text.",
    schema: || json!({ "type": "string" }),
};

#[derive(Serialize)]
struct List {
    channels: Vec<Shown>,
}

async fn channels(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let pattern = match query.one("pattern")? {
        Some(text) => {
            Pattern::parse(text).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))?
        }
        None => Pattern::everything(),
    };
    let limit = query.one("limit")?.map(History::limit).transpose()?.unwrap_or(limits::PAGE_MESSAGES_DEFAULT);
    let after = query.one("after")?.unwrap_or_default();
    // One more than asked tells whether there is a next page.
    let mut found = api.node.channels(&grant, &pattern, after, limit + 1).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let channels = found.iter().map(|info| Shown::of(info, &api)).collect();
    let mut response = answer::json(&List { channels })?;
    if let (true, Some(last)) = (more, found.last()) {
        let next = [
            ("pattern", Some(pattern.to_string())),
            ("after", Some(last.channel.to_string())),
            ("limit", Some(limit.to_string())),
        ];
        links::add(&mut response, "next", &links::with_query("/channels", &next));
    }
    Ok(response)
}
