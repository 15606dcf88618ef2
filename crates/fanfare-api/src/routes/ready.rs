//! Whether the server should get requests: it is not ending, and kept channels can be published to.

use super::Route;
use crate::answer::Refused;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::State;
use axum::routing::get;
use fanfare_proto::Code;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/readyz",
    query: &[],
    about: "200 while the server takes publishes and sessions; else 503 and why",
    operation: Operation {
        id: "ready",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "it takes publishes and sessions",
            headers: &[],
            content: &[Media("text/plain", "Text")],
        }],
        refusals: &[Code::DRAINING, Code::STORE_FAILED],
    },
    serve: || get(ready),
};

async fn ready(State(api): State<Api>) -> Result<&'static str, Refused> {
    match api.node.trouble() {
        Some(refusal) => Err(Refused(refusal)),
        None => Ok("ready\n"),
    }
}
