//! Making a schedule: an envelope, and when.

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
use fanfare_proto::{Code, Refusal, Schedule, limits};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/schedules",
    query: &[],
    about: "publish an envelope later, or again and again",
    operation: Operation {
        id: "schedule",
        headers: &[],
        takes: &[Media("application/json", "Schedule")],
        gives: &[Answer {
            status: 202,
            about: "it is kept",
            headers: &["Location"],
            content: &[Media("application/json", "Scheduled")],
        }],
        refusals: REFUSALS,
    },
    serve: || post(schedule),
};

/// Why a schedule is not taken, beside what any request may be refused for.
pub(super) const REFUSALS: &[&Code] = &[
    Code::BAD_NAME,
    Code::BAD_FIELD,
    Code::BAD_JSON,
    Code::FORBIDDEN,
    Code::NOT_FOUND,
    Code::TOO_LARGE,
    Code::ID_REUSED,
    Code::STORE_FULL,
    Code::STORE_FAILED,
];

async fn schedule(
    State(api): State<Api>,
    Granted(grant): Granted,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::BATCH_BYTES).await?.split();
    Ok(receipt::scheduled(&api.node.schedule(&grant, read(&body)?).await?))
}

/// The schedule that a request's body is.
pub(super) fn read(body: &[u8]) -> Result<Schedule, Refusal> {
    let text =
        std::str::from_utf8(body).map_err(|_| Refusal::new(Code::BAD_JSON, "the body is not UTF-8"))?;
    Schedule::read(text)
}
