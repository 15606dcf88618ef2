//! One acked reader, and how far behind it is.

use super::Route;
use super::readers::Shown;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, ReaderName};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/readers/<reader>",
    query: &[],
    about: "one acked reader, and how far behind it is",
    operation: Operation {
        id: "reader",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the reader",
            headers: &[],
            content: &[Media("application/json", "Reader")],
        }],
        refusals: &[Code::BAD_NAME, Code::NOT_FOUND, Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || get(reader),
};

async fn reader(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let (status, lag) = api.node.acked_reader(&grant, ReaderName::parse(&name)?).await?;
    let dead = api.node.dead_letters(vec![status.name.as_str().into()]).await?.into_iter().sum();
    Ok(answer::json(&Shown::of(status, dead).with_lag(lag, api.node.now()))?)
}
