//! Making an acked reader before its first use, or changing it.

use super::Route;
use super::readers::Shown;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::put;
use fanfare_proto::{Code, ReaderName, ReaderWish, limits};
use http::{HeaderMap, StatusCode};

pub(super) const ROUTE: Route = Route {
    methods: &["PUT"],
    path: "/readers/<reader>",
    query: &[],
    about: "make an acked reader, or change what it hears; its sessions come back",
    operation: Operation {
        id: "put_reader",
        headers: &[],
        takes: &[Media("application/json", "ReaderWish")],
        gives: &[
            Answer {
                status: 201,
                about: "it is made",
                headers: &[],
                content: &[Media("application/json", "Reader")],
            },
            Answer {
                status: 200,
                about: "it is changed",
                headers: &[],
                content: &[Media("application/json", "Reader")],
            },
        ],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_CURSOR,
            Code::BAD_FIELD,
            Code::BAD_FILTER,
            Code::BAD_JSON,
            Code::TOO_MANY,
            Code::FORBIDDEN,
            Code::TOO_LARGE,
            Code::STORE_FULL,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || put(put_reader),
};

async fn put_reader(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::READER_BYTES).await?.split();
    let (name, wish) = (ReaderName::parse(&name)?, ReaderWish::read(&body)?);
    let (status, lag, made) = api.node.put_acked_reader(&grant, name, wish).await?;
    let dead = api.node.dead_letters(vec![status.name.as_str().into()]).await?.into_iter().sum();
    let mut response = answer::json(&Shown::of(status, dead).with_lag(lag, api.node.now()))?;
    if made {
        *response.status_mut() = StatusCode::CREATED;
    }
    Ok(response)
}
