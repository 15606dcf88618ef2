//! One condition.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::receipt;
use crate::state::Api;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, ConditionId, Refusal};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/conditions/<condition>",
    query: &[],
    about: "one condition, and how its channels stand",
    operation: Operation {
        id: "condition",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the condition",
            headers: &[],
            content: &[Media("application/json", "Condition")],
        }],
        refusals: &[Code::NOT_FOUND, Code::STORE_DAMAGED],
    },
    serve: || get(condition),
};

async fn condition(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(condition): Path<String>,
) -> Result<Response, Refused> {
    Ok(receipt::condition(&api.node.condition(&grant, id(&condition)?).await?))
}

/// A condition's name in an address. What is none names nothing.
pub(super) fn id(text: &str) -> Result<ConditionId, Refusal> {
    let missing = || Refusal::new(Code::NOT_FOUND, "this is no name of a condition: 16 hexadecimal digits");
    ConditionId::parse(text).ok_or_else(missing)
}
