//! This interface as an OpenAPI document: what `docs/openapi.json` holds.

use super::Route;
use crate::answer;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/openapi.json",
    query: &[],
    about: "this interface as an OpenAPI 3.1 document",
    operation: Operation {
        id: "openapi",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the document",
            headers: &[],
            content: &[Media("application/json", "Anything")],
        }],
        refusals: &[],
    },
    serve: || get(openapi),
};

async fn openapi(State(api): State<Api>) -> Response {
    answer::json_body(api.document.into())
}
