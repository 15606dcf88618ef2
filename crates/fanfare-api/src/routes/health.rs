//! Whether the process lives. Asks nothing of the node, so that a supervisor does not kill a server for a full
//! disk.

use super::Route;
use crate::operation::{Answer, Media, Operation};
use axum::routing::get;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/healthz",
    query: &[],
    about: "200 while the process lives",
    operation: Operation {
        id: "health",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the process lives",
            headers: &[],
            content: &[Media("text/plain", "Text")],
        }],
        refusals: &[],
    },
    serve: || get(health),
};

async fn health() -> &'static str {
    "ok\n"
}
