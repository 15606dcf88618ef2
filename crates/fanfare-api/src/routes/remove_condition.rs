//! Ending a condition.

use super::Route;
use super::condition::id;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Operation};
use crate::state::Api;
use axum::extract::{Path, State};
use axum::routing::delete;
use fanfare_proto::Code;
use http::StatusCode;

pub(super) const ROUTE: Route = Route {
    methods: &["DELETE"],
    path: "/conditions/<condition>",
    query: &[],
    about: "end a condition; what it has published stays",
    operation: Operation {
        id: "remove_condition",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: &[Code::NOT_FOUND, Code::STORE_FULL, Code::STORE_FAILED],
    },
    serve: || delete(remove),
};

async fn remove(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(condition): Path<String>,
) -> Result<StatusCode, Refused> {
    api.node.remove_condition(&grant, id(&condition)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
