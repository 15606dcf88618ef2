//! Publishing one message: the body of the request exactly as it is, its fields in headers and query.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::receipt;
use crate::state::Api;
use crate::target::Target;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{BARE_PARAMETERS, Channel, Code, Grant, Query, Refusal, read_bare};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST", "PUT"],
    path: "/c/<channel>",
    query: BARE_PARAMETERS,
    about: "publish the body as it is",
    serve: || post(publish).put(publish),
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
    let limit = api.node.namespaces().of(channel.as_str()).body_bytes;
    let (body, _share) = api.intake.read(headers, body, limit).await?.split();
    let header = |name: &str| headers.get(name).map(|value| value.as_bytes());
    let publish = read_bare(channel, &query, header, body)?;
    let answer = api.node.publish(grant, vec![publish]).await.pop();
    Ok(receipt::response(&answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()))?))
}
