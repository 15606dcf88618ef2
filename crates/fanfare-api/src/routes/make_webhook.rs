//! Making a webhook: an address, and which messages are sent to it from now on.

use super::Route;
use super::webhooks::Shown;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use fanfare_egress::Target;
use fanfare_proto::{Code, Refusal, Secret, Webhook, WebhookWish, limits};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::fmt::Write;

pub(super) const ROUTE: Route = Route {
    methods: &["POST"],
    path: "/webhooks",
    query: &[],
    about: "have messages sent to an address",
    operation: Operation {
        id: "make_webhook",
        headers: &[],
        takes: &[Media("application/json", "WebhookWish")],
        gives: &[Answer {
            status: 201,
            about: "it is made; its secret is told this once",
            headers: &["Location"],
            content: &[Media("application/json", "Webhook")],
        }],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_FIELD,
            Code::BAD_FILTER,
            Code::BAD_JSON,
            Code::TOO_MANY,
            Code::FORBIDDEN,
            Code::TOO_LARGE,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || post(make),
};

async fn make(
    State(api): State<Api>,
    Granted(grant): Granted,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::WEBHOOK_BYTES).await?.split();
    let WebhookWish { url, patterns, filter, secret, batch } = WebhookWish::read(&body)?;
    let wrong = |error| Refusal::new(Code::BAD_FIELD, format!("url: {error}"));
    let target = Target::parse(&url).map_err(wrong)?;
    let barred = |error| Refusal::new(Code::FORBIDDEN, format!("url: {error}"));
    api.addresses.check_written(&target).map_err(barred)?;
    let url = target.as_str().to_owned();
    let secret = secret.map_or_else(|| Secret::new(random::<32>()?), Ok)?;
    let id = random::<8>()?.into();
    let webhook = Webhook { id, url, patterns, filter, secret, batch, created: api.node.now() };
    let cursor = api.node.head(&grant, &webhook).await?;
    let entry = api.webhooks.make(webhook, cursor).await?;
    let mut response = answer::json(&Shown::of(&entry, 0, &api).with_secret(&entry))?;
    *response.status_mut() = StatusCode::CREATED;
    if let Ok(place) = HeaderValue::from_str(&format!("/webhooks/{}", entry.webhook.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// So many bytes that nobody can guess, as hexadecimal digits.
fn random<const BYTES: usize>() -> Result<String, Refusal> {
    let mut bytes = [0; BYTES];
    let given = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    if given != Ok(BYTES) {
        return Err(Refusal::new(
            Code::BUSY,
            "the kernel gives no random numbers (getrandom), and secrets are made of them",
        ));
    }
    let mut text = String::with_capacity(2 * BYTES);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}
