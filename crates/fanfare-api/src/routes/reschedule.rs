//! Putting another schedule in the place of one.

use super::Route;
use super::schedule::{REFUSALS, read};
use super::scheduled::id;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::receipt;
use crate::state::Api;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::put;
use fanfare_proto::limits;
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["PUT"],
    path: "/schedules/<schedule>",
    query: &[],
    about: "put another schedule in its place",
    operation: Operation {
        id: "reschedule",
        headers: &[],
        takes: &[Media("application/json", "Schedule")],
        gives: &[Answer {
            status: 200,
            about: "the schedule as it is now",
            headers: &[],
            content: &[Media("application/json", "Planned")],
        }],
        refusals: REFUSALS,
    },
    serve: || put(reschedule),
};

async fn reschedule(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(schedule): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refused> {
    let (body, _share) = api.intake.read(&headers, body, limits::BATCH_BYTES).await?.split();
    let id = id(&schedule)?;
    Ok(receipt::planned(&api.node.replace_schedule(&grant, id, read(&body)?).await?))
}
