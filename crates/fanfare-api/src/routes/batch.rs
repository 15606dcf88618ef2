//! Publishing envelopes: one, an array of them, or one a line; each on its own, or all or none.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation, Parameter};
use crate::receipt;
use crate::state::Api;
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::post;
use fanfare_proto::{Batch, Code, Grant, Publish, Query, Receipt, Refusal, limits, problem, read_batch};
use http::{HeaderMap, header};
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/publish",
    query: &[ATOMIC],
    about: "publish envelopes: one, an array, or one a line",
    operation: Operation {
        id: "publish_envelopes",
        headers: &[],
        takes: &[Media("application/json", "Envelopes"), Media("application/x-ndjson", "Text")],
        gives: &[
            Answer {
                status: 201,
                about: "the one message was accepted",
                headers: &["Cursor", "Location"],
                content: &[Media("application/json", "Receipt")],
            },
            Answer {
                status: 200,
                about: "what became of each; or the one message had been accepted before",
                headers: &["Cursor", "Location"],
                content: &[Media("application/json", "Published")],
            },
        ],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_FIELD,
            Code::BAD_JSON,
            Code::TOO_MANY,
            Code::NOT_ATOMIC,
            Code::FORBIDDEN,
            Code::TOO_LARGE,
            Code::ID_REUSED,
            Code::STORE_FULL,
            Code::STORE_FAILED,
        ],
    },
    serve: || post(batch),
};

const ATOMIC: Parameter = Parameter {
    name: "atomic",
    about: "All messages or none, at consecutive places of one log.",
    schema: || json!({ "type": "boolean", "default": false }),
};

type Accepted = Result<Receipt, Refusal>;

async fn batch(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let atomic = atomic(&Query::parse(query.as_deref().unwrap_or_default())?)?;
    let (body, _share) = api.intake.read(&headers, body, limits::BATCH_BYTES).await?.split();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let answers = match read_batch(content_type, &body)? {
        Batch::One(publish) => {
            let answer = api.node.publish(&grant, vec![publish?]).await.pop();
            let answer = answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
            return Ok(receipt::response(&answer?));
        }
        Batch::Many(items) if atomic => together(&api, &grant, items).await?,
        Batch::Many(items) => each(&api, &grant, items).await,
    };
    // Each is refused by itself, and the answer as a whole is not.
    let refusals = answers.iter().filter_map(|answer| answer.as_ref().err());
    refusals.for_each(|refusal| api.counts.refuse(refusal.code));
    Ok(results(&answers))
}

fn atomic(query: &Query<'_>) -> Result<bool, Refusal> {
    match query.one("atomic")? {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Refusal::new(Code::BAD_FIELD, "atomic is `true` or `false`")),
    }
}

/// All messages or none; the refusal names the first message that stands in the way.
async fn together(
    api: &Api,
    grant: &Grant,
    items: Vec<Result<Publish, Refusal>>,
) -> Result<Vec<Accepted>, Refusal> {
    let mut messages = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let named = |refusal: Refusal| {
            Refusal::new(refusal.code, format!("message {}: {}", index + 1, refusal.detail))
        };
        messages.push(item.map_err(named)?);
    }
    Ok(api.node.publish_atomic(grant, messages).await?.into_iter().map(Ok).collect())
}

/// Every message on its own; answers in their order, whatever became of the others.
async fn each(api: &Api, grant: &Grant, items: Vec<Result<Publish, Refusal>>) -> Vec<Accepted> {
    let mut messages = Vec::with_capacity(items.len());
    let places: Vec<Result<(), Refusal>> =
        items.into_iter().map(|item| item.map(|publish| messages.push(publish))).collect();
    let mut published = api.node.publish(grant, messages).await.into_iter();
    let mut next = |()| published.next().unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
    places.into_iter().map(|place| place.and_then(&mut next)).collect()
}

/// `{"results":[...]}`: a receipt or a problem document for each message, in their order.
fn results(answers: &[Accepted]) -> Response {
    let mut body = Vec::from(*b"{\"results\":[");
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        match answer {
            Ok(receipt) => receipt.write(&mut body),
            Err(refusal) => problem::document(refusal, &mut body),
        }
    }
    body.extend_from_slice(b"]}");
    answer::json_bytes(body)
}
