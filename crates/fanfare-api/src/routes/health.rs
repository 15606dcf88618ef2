//! Whether the process lives. Asks nothing of the node, so that a supervisor does not kill a server for a full
//! disk.

use super::Route;
use axum::routing::get;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/healthz",
    query: &[],
    about: "200 while the process lives",
    serve: || get(health),
};

async fn health() -> &'static str {
    "ok\n"
}
