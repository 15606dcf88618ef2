//! The list of conditions.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation, Parameter, reference};
use crate::state::Api;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, Pattern, Query, Refusal};

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
    let channel = match query.one("channel")? {
        Some(text) => {
            Pattern::parse(text).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))?
        }
        None => Pattern::everything(),
    };
    let mut body = Vec::from(*b"{\"conditions\":[");
    for (index, condition) in api.node.conditions(&grant, &channel).await?.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        condition.write(&mut body);
    }
    body.extend_from_slice(b"]}");
    Ok(answer::json_bytes(body))
}
