//! Putting another condition in the place of one.

use super::Route;
use super::condition::id;
use super::make_condition::{REFUSALS, text};
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::receipt;
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::put;
use fanfare_proto::limits;
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["PUT"],
    path: "/conditions/<condition>",
    query: &[],
    about: "put another condition in its place",
    operation: Operation {
        id: "replace_condition",
        headers: &[],
        takes: &[Media("application/json", "ConditionWish")],
        gives: &[Answer {
            status: 200,
            about: "the condition as it is now",
            headers: &[],
            content: &[Media("application/json", "Condition")],
        }],
        refusals: REFUSALS,
    },
    serve: || put(replace),
};

async fn replace(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(condition): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::BATCH_BYTES).await?.split();
    let id = id(&condition)?;
    Ok(receipt::condition(&api.node.replace_condition(&grant, id, text(&body)?).await?))
}
