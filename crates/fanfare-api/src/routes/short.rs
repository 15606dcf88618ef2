//! Publishing to a channel of one segment by its bare name, as users of other notification servers expect. Names
//! of this server's own addresses are refused; the channels of those names are below `/c/`.

use super::{Route, publish};
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Operation, parameters};
use crate::state::Api;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Channel, Code, RESERVED, Refusal, decode_path, nearest};
use http::{HeaderMap, Uri};

pub(super) const ROUTE: Route = Route {
    methods: &["POST", "PUT"],
    path: "/<name>",
    query: parameters::FIELDS,
    about: "publish to a channel of one segment, by its bare name",
    operation: Operation { id: "publish_short", ..publish::OPERATION },
    serve: || post(short).put(short),
};

async fn short(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let channel = channel(uri.path())?;
    let query = query.unwrap_or_default();
    Ok(publish::accept(&api, &grant, channel, &query, &headers, body).await?)
}

fn channel(path: &str) -> Result<Channel, Refusal> {
    let name = decode_path(path.trim_start_matches('/'))?;
    if RESERVED.contains(&&*name) {
        let others: Vec<&str> = RESERVED.iter().copied().filter(|other| *other != &*name).collect();
        let meant = nearest(&name, &others).map(|meant| format!("; did you mean /{meant}?"));
        let meant = meant.unwrap_or_default();
        let detail = format!("`{name}` is a name of this server{meant}; the channel is at /c/{name}");
        return Err(Refusal::new(Code::BAD_NAME, detail));
    }
    Channel::parse(&name).map_err(|error| Refusal::new(Code::BAD_NAME, error.to_string()))
}
