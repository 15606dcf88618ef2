//! The list of conditions.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation, Parameter, reference};
use crate::state::Api;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, ConditionView, Pattern, Query, Refusal};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/conditions",
    query: &[CHANNEL],
    about: "conditions, and how they stand",
    operation: Operation {
        id: "conditions",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "conditions, oldest first",
            headers: &[],
            content: &[Media("application/json", "Conditions")],
        }],
        refusals: &[Code::BAD_NAME, Code::BAD_FIELD, Code::NOT_FOUND],
    },
    serve: || get(conditions),
};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    about: "Only those whose messages go to this channel, or to channels that this pattern means.",
    schema: || reference("Name"),
};

async fn conditions(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let found = api.node.conditions(&grant, &channels(&query)?).await?;
    Ok(answer::json_list("conditions", &found, ConditionView::write))
}

/// The channels that a list is to be about: what the parameter `channel` says, or all.
pub(super) fn channels(query: &Query<'_>) -> Result<Pattern, Refusal> {
    let Some(text) = query.one("channel")? else { return Ok(Pattern::everything()) };
    Pattern::parse(text).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))
}
