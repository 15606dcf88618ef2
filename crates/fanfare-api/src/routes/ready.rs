//! Whether the server should get requests: it is not ending, and kept channels can be published to.

use super::Route;
use crate::answer::Refused;
use crate::state::Api;
use axum::extract::State;
use axum::routing::get;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/readyz",
    query: &[],
    about: "200 while the server takes publishes and sessions; else 503 and why",
    serve: || get(ready),
};

async fn ready(State(api): State<Api>) -> Result<&'static str, Refused> {
    match api.node.trouble() {
        Some(refusal) => Err(Refused(refusal)),
        None => Ok("ready\n"),
    }
}
