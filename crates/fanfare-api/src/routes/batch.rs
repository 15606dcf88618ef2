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
use fanfare_proto::{
    Batch, Code, Grant, Planned, Publish, Query, Receipt, Refusal, Schedule, limits, problem, read_batch,
};
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
            Answer {
                status: 202,
                about: "the one message is for later, and kept",
                headers: &["Location"],
                content: &[Media("application/json", "Scheduled")],
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
            Code::TARGET_GONE,
            Code::NOT_ORIGINAL,
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

/// What became of a message.
enum Accepted {
    Published(Receipt),
    Scheduled(Box<Planned>),
}

type Answered = Result<Accepted, Refusal>;

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
            let publish = if atomic { publish.and_then(at_once) } else { publish };
            let answer = each(&api, &grant, vec![publish]).await.pop();
            return Ok(match answer.unwrap_or_else(|| Err(Code::STORE_FAILED.into()))? {
                Accepted::Published(receipt) => receipt::response(&receipt),
                Accepted::Scheduled(planned) => receipt::scheduled(&planned),
            });
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
) -> Result<Vec<Answered>, Refusal> {
    let mut messages = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let named = |refusal: Refusal| {
            Refusal::new(refusal.code, format!("message {}: {}", index + 1, refusal.detail))
        };
        messages.push(item.and_then(at_once).map_err(named)?);
    }
    let receipts = api.node.publish_atomic(grant, messages).await?;
    Ok(receipts.into_iter().map(|receipt| Ok(Accepted::Published(receipt))).collect())
}

/// What is in an atomic group is published at once, also where it is alone.
fn at_once(publish: Publish) -> Result<Publish, Refusal> {
    let detail =
        "`at` and `delay` are not for an atomic group: what is for later is published without `atomic`";
    match publish.when {
        None => Ok(publish),
        Some(_) => Err(Refusal::new(Code::NOT_ATOMIC, detail)),
    }
}

/// Every message on its own; answers in their order, whatever became of the others.
async fn each(api: &Api, grant: &Grant, items: Vec<Result<Publish, Refusal>>) -> Vec<Answered> {
    let (mut messages, mut schedules) = (Vec::with_capacity(items.len()), Vec::new());
    let mut place = |publish: Publish| match Schedule::of(&publish) {
        Some(schedule) => {
            schedules.push(schedule);
            Kind::Later
        }
        None => {
            messages.push(publish);
            Kind::Now
        }
    };
    let places: Vec<Result<Kind, Refusal>> = items.into_iter().map(|item| item.map(&mut place)).collect();
    let mut published = api.node.publish(grant, messages).await.into_iter();
    let mut scheduled = api.node.schedule_all(grant, schedules).await.into_iter();
    let mut next = |kind| match kind {
        Kind::Now => {
            published.next().unwrap_or_else(|| Err(Code::STORE_FAILED.into())).map(Accepted::Published)
        }
        Kind::Later => {
            let planned = scheduled.next().unwrap_or_else(|| Err(Code::STORE_FAILED.into()));
            planned.map(|planned| Accepted::Scheduled(Box::new(planned)))
        }
    };
    places.into_iter().map(|place| place.and_then(&mut next)).collect()
}

/// When a message is to be published.
enum Kind {
    Now,
    Later,
}

/// `{"results":[...]}`: a receipt or a problem document for each message, in their order.
fn results(answers: &[Answered]) -> Response {
    let mut body = Vec::from(*b"{\"results\":[");
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        match answer {
            Ok(Accepted::Published(receipt)) => receipt.write(&mut body),
            Ok(Accepted::Scheduled(planned)) => planned.write_receipt(&mut body),
            Err(refusal) => problem::document(refusal, &mut body),
        }
    }
    body.extend_from_slice(b"]}");
    answer::json_bytes(body)
}
