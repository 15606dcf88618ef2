//! Who is present on a channel now.

use super::Route;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use crate::target::Target;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::Code;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>/$presence",
    query: &[],
    about: "who is present: members, their number, and whether it is certain",
    operation: Operation {
        id: "presence",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "who is present; nobody, where nobody is",
            headers: &[],
            content: &[Media("application/json", "Presence")],
        }],
        refusals: &[Code::BAD_NAME, Code::FORBIDDEN],
    },
    serve: || get(presence),
};

async fn presence(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
) -> Result<Response, Refused> {
    let attendance = api.node.presence(&grant, &target.channel()?)?;
    Ok(answer::json_bytes(attendance.json(usize::MAX)))
}
