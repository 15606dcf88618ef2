//! Ending a webhook: nothing is sent to it any more.

use super::Route;
use super::webhook::find;
use super::webhooks::may_see_damaged;
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
    path: "/webhooks/<webhook>",
    query: &[],
    about: "end a webhook",
    operation: Operation {
        id: "delete_webhook",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: &[Code::NOT_FOUND, Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || delete(remove),
};

async fn remove(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    match find(&api, &grant, &id).await {
        Err(refusal) if refusal.code == Code::STORE_DAMAGED && may_see_damaged(&grant) => {}
        found => drop(found?),
    }
    api.webhooks.remove(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
