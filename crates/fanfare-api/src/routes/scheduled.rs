//! One schedule.

use super::Route;
use crate::answer::Refused;
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::receipt;
use crate::state::Api;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, Refusal, ScheduleId};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/schedules/<schedule>",
    query: &[],
    about: "one schedule, with its message and when it is due next",
    operation: Operation {
        id: "scheduled",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the schedule",
            headers: &[],
            content: &[Media("application/json", "Planned")],
        }],
        refusals: &[Code::NOT_FOUND, Code::STORE_FAILED, Code::STORE_DAMAGED],
    },
    serve: || get(scheduled),
};

async fn scheduled(
    State(api): State<Api>,
    Granted(grant): Granted,
    Path(schedule): Path<String>,
) -> Result<Response, Refused> {
    Ok(receipt::planned(&api.node.schedule_at(&grant, id(&schedule)?).await?))
}

/// A schedule's name in an address. What is none names nothing.
pub(super) fn id(text: &str) -> Result<ScheduleId, Refusal> {
    let missing = || Refusal::new(Code::NOT_FOUND, "this is no name of a schedule: 16 hexadecimal digits");
    ScheduleId::parse(text).ok_or_else(missing)
}
