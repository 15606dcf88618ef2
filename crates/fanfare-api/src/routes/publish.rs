//! Publishing one message: the body of the request exactly as it is, its fields in headers and query.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation, parameters};
use crate::parted;
use crate::receipt;
use crate::state::Api;
use crate::target::Target;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Channel, Code, Grant, Query, Refusal, Schedule, read_bare};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST", "PUT"],
    path: "/c/<channel>",
    query: parameters::FIELDS,
    about: "publish the body as it is",
    operation: OPERATION,
    serve: || post(publish).put(publish),
};

/// What every publish of a body takes and answers.
pub(super) const OPERATION: Operation = Operation {
    id: "publish",
    headers: parameters::FIELD_HEADERS,
    takes: &[Media("*/*", "Anything"), Media("text/plain", "Text"), Media("application/json", "Anything")],
    gives: &[
        Answer {
            status: 201,
            about: "accepted; on a kept channel, on disk",
            headers: &["Cursor", "Location"],
            content: &[Media("application/json", "Receipt")],
        },
        Answer {
            status: 200,
            about: "its id had been accepted before",
            headers: &["Cursor", "Location"],
            content: &[Media("application/json", "Receipt")],
        },
        Answer {
            status: 202,
            about: "it is for later, and kept: the answer says when",
            headers: &["Location"],
            content: &[Media("application/json", "Scheduled")],
        },
    ],
    refusals: &[
        Code::BAD_NAME,
        Code::BAD_FIELD,
        Code::FORBIDDEN,
        Code::TOO_LARGE,
        Code::ID_REUSED,
        Code::TARGET_GONE,
        Code::NOT_ORIGINAL,
        Code::STORE_FULL,
        Code::STORE_FAILED,
    ],
};

async fn publish(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let query = query.unwrap_or_default();
    Ok(accept(&api, &grant, target.channel()?, &query, &headers, body).await?)
}

/// Publishes a request's body to a channel.
pub(super) async fn accept(
    api: &Api,
    grant: &Grant,
    channel: Channel,
    query: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let query = Query::parse(query)?;
    if let Some(parts) = parted::parts(api, &channel, headers) {
        return parted::accept(api, grant, channel, (&query, headers), (parts?, body)).await;
    }
    let limit = api.node.namespaces().of(channel.as_str()).body_bytes;
    let (body, _share) = api.intake.read(headers, body, limit).await?.split();
    let values = |name: &'static str| headers.get_all(name).iter().map(|value| value.as_bytes());
    let publish = read_bare(channel, &query, values, body)?;
    if let Some(schedule) = Schedule::of(&publish) {
        return Ok(receipt::scheduled(&api.node.schedule(grant, schedule).await?));
    }
    let answer = api.node.publish(grant, vec![publish]).await.pop();
    Ok(receipt::response(&answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()))?))
}
