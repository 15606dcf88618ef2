//! Removing one message; its position stays used.

use super::Route;
use crate::answer::Refused;
use crate::find;
use crate::granted::Granted;
use crate::operation::{Answer, MESSAGE_REFUSALS, Operation};
use crate::state::Api;
use crate::target::{self, Target};
use axum::extract::{Path, State};
use axum::routing::delete;
use fanfare_store::Removal;
use http::StatusCode;

pub(super) const ROUTE: Route = Route {
    methods: &["DELETE"],
    path: "/c/<channel>/$at/<position>",
    query: &[],
    about: "remove one message",
    operation: Operation {
        id: "delete_message",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: MESSAGE_REFUSALS,
    },
    serve: || delete(remove),
};

async fn remove(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    Path(position): Path<String>,
) -> Result<StatusCode, Refused> {
    let (channel, position) = (target.channel()?, target::position(&position)?);
    // A position names a message of any channel of the log; only this channel's may be removed here.
    find::at(&api, &grant, &channel, position).await?;
    api.node.remove(&grant, &channel, Removal::Message(position)).await?;
    Ok(StatusCode::NO_CONTENT)
}
