//! Making a condition: an envelope, and what is to be true of which channels.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::receipt;
use crate::state::Api;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Code, Refusal, limits};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/conditions",
    query: &[],
    about: "publish an envelope when a filter holds, or a channel is silent",
    operation: Operation {
        id: "make_condition",
        headers: &[],
        takes: &[Media("application/json", "ConditionWish")],
        gives: &[Answer {
            status: 201,
            about: "it is kept",
            headers: &["Location"],
            content: &[Media("application/json", "ConditionMade")],
        }],
        refusals: REFUSALS,
    },
    serve: || post(make),
};

/// Why a condition is not taken, beside what any request may be refused for.
pub(super) const REFUSALS: &[&Code] = &[
    Code::BAD_NAME,
    Code::BAD_FIELD,
    Code::BAD_FILTER,
    Code::BAD_JSON,
    Code::FORBIDDEN,
    Code::NOT_FOUND,
    Code::TOO_LARGE,
    Code::ID_REUSED,
    Code::STORE_FULL,
    Code::STORE_FAILED,
];

async fn make(
    State(api): State<Api>,
    Granted(grant): Granted,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::BATCH_BYTES).await?.split();
    Ok(receipt::made(&api.node.make_condition(&grant, text(&body)?).await?))
}

/// What a request's body says.
pub(super) fn text(body: &[u8]) -> Result<&str, Refusal> {
    std::str::from_utf8(body).map_err(|_| Refusal::new(Code::BAD_JSON, "the body is not UTF-8"))
}
