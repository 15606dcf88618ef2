//! A key of a channel has no value any more: readers hear it as a message.

use super::Route;
use super::latest::key;
use crate::answer::Refused;
use crate::find;
use crate::granted::Granted;
use crate::operation::{Answer, MESSAGE_REFUSALS, Media, Operation, parameters};
use crate::receipt;
use crate::state::Api;
use crate::target::Target;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::delete;
use fanfare_proto::{Code, Content, Publish, Query, Refusal};

pub(super) const ROUTE: Route = Route {
    methods: &["DELETE"],
    path: "/c/<channel>/$latest",
    query: &[parameters::KEY],
    about: "say that a key has no value any more",
    operation: Operation {
        id: "delete_key",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 201,
            about: "readers hear `$deleted`",
            headers: &["Cursor", "Location"],
            content: &[Media("application/json", "Receipt")],
        }],
        refusals: MESSAGE_REFUSALS,
    },
    serve: || delete(forget),
};

async fn forget(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let (query, channel) = (query.unwrap_or_default(), target.channel()?);
    let query = Query::parse(&query)?;
    let Some(key) = key(&query)? else {
        let detail = format!(
            "which key? DELETE /c/{channel}/$latest?key=...; DELETE /c/{channel} removes the channel"
        );
        return Err(Refused(Refusal::new(Code::BAD_FIELD, detail)));
    };
    find::newest_of(&api, &grant, &channel, key).await?;
    let (key, event) = (Some(key.into()), Some(Content::DELETED.into()));
    let content = Content { key, event, ..Content::default() };
    let publish = Publish { channel, id: None, when: None, ttl: None, content };
    let answer = api.node.publish(&grant, vec![publish]).await.pop();
    Ok(receipt::response(&answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()))?))
}
