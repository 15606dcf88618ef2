//! Removing what was said in a channel; the channel stays.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Operation};
use crate::state::Api;
use crate::target::Target;
use axum::extract::State;
use axum::routing::post;
use fanfare_proto::Code;
use fanfare_store::Removal;
use http::StatusCode;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/c/<channel>/$purge",
    query: &[],
    about: "remove the messages of a channel; readers behind are told",
    operation: Operation {
        id: "purge",
        headers: &[],
        takes: &[],
        gives: &[Answer { status: 204, about: "they are gone", headers: &[], content: &[] }],
        refusals: &[Code::BAD_NAME, Code::FORBIDDEN, Code::STORE_FAILED],
    },
    serve: || post(purge),
};

async fn purge(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
) -> Result<StatusCode, Refused> {
    let channel = target.channel()?;
    api.node.remove(&grant, &channel, Removal::Purge(channel.clone())).await?;
    Ok(StatusCode::NO_CONTENT)
}
