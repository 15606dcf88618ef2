//! Ending a schedule.

use super::Route;
use super::scheduled::id;
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
    path: "/schedules/<schedule>",
    query: &[],
    about: "end a schedule; what it has published stays",
    operation: Operation {
        id: "cancel_schedule",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: &[Code::NOT_FOUND, Code::STORE_FULL, Code::STORE_FAILED],
    },
    serve: || delete(cancel),
};

async fn cancel(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(schedule): Path<String>,
) -> Result<StatusCode, Refused> {
    api.node.cancel_schedule(&grant, id(&schedule)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
