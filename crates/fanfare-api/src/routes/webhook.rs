//! One webhook, and how it does.

use super::Route;
use super::webhooks::{Shown, may_see};
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_node::WebhookEntry;
use fanfare_proto::{Code, Grant, Refusal};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/webhooks/<webhook>",
    query: &[],
    about: "one webhook, and how it does",
    operation: Operation {
        id: "webhook",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the webhook",
            headers: &[],
            content: &[Media("application/json", "Webhook")],
        }],
        refusals: &[Code::NOT_FOUND, Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || get(webhook),
};

/// One that may not be seen is as one that is not there.
pub(super) async fn find(api: &Api, grant: &Grant, id: &str) -> Result<WebhookEntry, Refusal> {
    let found = api.webhooks.get(id).await?.filter(|entry| may_see(grant, entry));
    found.ok_or_else(|| Refusal::new(Code::NOT_FOUND, "there is no webhook with this id"))
}

async fn webhook(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let entry = find(&api, &grant, &id).await?;
    let dead = api.node.dead_letters(vec![entry.webhook.id.clone()]).await?.into_iter().sum();
    Ok(answer::json(&Shown::of(&entry, dead, &api))?)
}
