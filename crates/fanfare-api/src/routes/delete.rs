//! Removing a channel with all that was said in it.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Operation};
use crate::state::Api;
use crate::target::Target;
use axum::extract::State;
use axum::routing::delete;
use fanfare_proto::{Code, Refusal};
use fanfare_store::Removal;
use http::StatusCode;

pub(super) const ROUTE: Route = Route {
    methods: &["DELETE"],
    path: "/c/<channel>",
    query: &[],
    about: "remove a channel and its messages",
    operation: Operation {
        id: "delete_channel",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "it is gone", headers: &[], content: &[] }],
        refusals: &[Code::BAD_NAME, Code::FORBIDDEN, Code::NOT_FOUND, Code::STORE_FAILED],
    },
    serve: || delete(remove_channel),
};

async fn remove_channel(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
) -> Result<StatusCode, Refused> {
    let channel = target.channel()?;
    if api.node.remove(&grant, &channel, Removal::Drop(channel.clone())).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Refused(Refusal::new(
        Code::NOT_FOUND,
        format!("there is no channel `{channel}`: nothing was published to it, or it was deleted"),
    )))
}
