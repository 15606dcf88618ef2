//! Changing what a held-open session hears, by its name, without reconnecting.

use super::Route;
use crate::answer::{self, Refused};
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Code, Refusal, Request, SessionId, limits};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/session/<id>",
    query: &[],
    about: "change what a held-open session hears: subscribe, unsubscribe, session",
    operation: Operation {
        id: "change_session",
        headers: &[],
        takes: &[Media("application/json", "Request")],
        gives: &[Answer {
            status: 200,
            about: "done",
            headers: &[],
            content: &[Media("application/json", "Reply")],
        }],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_CURSOR,
            Code::BAD_FIELD,
            Code::BAD_JSON,
            Code::TOO_MANY,
            Code::FORBIDDEN,
            Code::NOT_FOUND,
            Code::TOO_LARGE,
            Code::STORE_FAILED,
        ],
    },
    serve: || post(session),
};

async fn session(
    State(api): State<Api>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let bad = |code, detail| Refused(Refusal::new(code, detail));
    let (body, _share) = api.intake.read(&headers, body, limits::REQUEST_BYTES).await?.split();
    let Some(id) = SessionId::parse(&id) else {
        return Err(bad(Code::NOT_FOUND, "this is no name of a session; a stream's first event has it"));
    };
    let Ok(text) = std::str::from_utf8(&body) else {
        return Err(bad(Code::BAD_JSON, "the body is not UTF-8"));
    };
    let request = Request::read(text);
    Ok(answer::json_bytes(api.node.ask(id, request).await?.into()))
}
