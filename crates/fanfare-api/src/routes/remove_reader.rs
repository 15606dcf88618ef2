//! Removing an acked reader: its place is forgotten.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Operation};
use crate::state::Api;
use axum::extract::{Path, State};
use axum::routing::delete;
use fanfare_proto::{Code, ReaderName};
use http::StatusCode;

pub(super) const ROUTE: Route = Route {
    methods: &["DELETE"],
    path: "/readers/<reader>",
    query: &[],
    about: "forget an acked reader; its sessions end",
    operation: Operation {
        id: "delete_reader",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: &[
            Code::BAD_NAME,
            Code::NOT_FOUND,
            Code::STORE_FULL,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || delete(remove),
};

async fn remove(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(name): Path<String>,
) -> Result<StatusCode, Refused> {
    api.node.remove_acked_reader(&grant, ReaderName::parse(&name)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
