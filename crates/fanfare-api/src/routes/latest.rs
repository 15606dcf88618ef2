//! The newest body of a channel, as it was published: an image in a page, a file for a script.

use super::Route;
use crate::answer::{self, Refused};
use crate::etag::ETag;
use crate::find;
use crate::granted::Granted;
use crate::operation::{Answer, CHANNEL_REFUSALS, Media, Operation, parameters};
use crate::state::Api;
use crate::target::Target;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Became, Code, Query, Refusal, limits};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>/$latest",
    query: &[parameters::KEY],
    about: "the newest body, with its content type; `key` asks for the newest of one key",
    operation: Operation {
        id: "latest",
        headers: &[parameters::IF_NONE_MATCH],
        takes: &[],
        gives: &[
            Answer {
                status: 200,
                about: "the body, as it was published",
                headers: &["Cursor", "ETag"],
                content: &[Media("*/*", "Anything")],
            },
            Answer { status: 304, about: "nothing is new", headers: &["Cursor", "ETag"], content: &[] },
        ],
        refusals: CHANNEL_REFUSALS,
    },
    serve: || get(latest),
};

async fn latest(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (query, channel) = (query.unwrap_or_default(), target.channel()?);
    let found = match key(&Query::parse(&query)?)? {
        Some(key) => find::newest_of(&api, &grant, &channel, key).await,
        None => api.node.newest(&grant, &channel).await,
    };
    let (message, cursor) = found?;
    let edit = match message.content.became {
        Some(Became::Edited(edit)) => edit.0,
        _ => 0,
    };
    let tag = ETag::strong(&[message.time.0, message.position.0, edit]);
    let mut response = if tag.is_known(&headers) {
        tag.unchanged()
    } else {
        let mut response = answer::bare(&message.content);
        tag.mark(&mut response);
        response
    };
    answer::mark_cursor(&mut response, &cursor);
    Ok(response)
}

/// The key that is asked about.
pub(super) fn key<'a>(query: &'a Query<'_>) -> Result<Option<&'a str>, Refusal> {
    let Some(key) = query.one("key")? else { return Ok(None) };
    if key.is_empty() || key.len() > limits::FIELD_BYTES || key.chars().any(char::is_control) {
        let detail = format!("key: 1 to {} bytes and no control characters", limits::FIELD_BYTES);
        return Err(Refusal::new(Code::BAD_FIELD, detail));
    }
    Ok(Some(key))
}
