//! The list of schedules, page by page.

use super::Route;
use super::conditions::channels;
use super::scheduled::id;
use crate::answer::{self, Refused};
use crate::granted::Granted;
use crate::links;
use crate::operation::{Answer, Media, Operation, Parameter, parameters, reference};
use crate::state::Api;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, History, Planned, Query, limits};
use serde_json::json;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/schedules",
    query: &[CHANNEL, AFTER, parameters::LIMIT],
    about: "what is to be published, as it was made",
    operation: Operation {
        id: "schedules",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "schedules, oldest first",
            headers: &["Link"],
            content: &[Media("application/json", "Schedules")],
        }],
        refusals: &[
            Code::BAD_NAME,
            Code::BAD_FIELD,
            Code::NOT_FOUND,
            Code::STORE_FAILED,
            Code::STORE_DAMAGED,
        ],
    },
    serve: || get(schedules),
};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    about: "Only those to this channel, or to channels that this pattern means.",
    schema: || reference("Name"),
};
const AFTER: Parameter = Parameter {
    name: "after",
    about: "Schedules that were made after this one.",
    schema: || reference("ScheduleName"),
};

async fn schedules(
    State(api): State<Api>,
    Granted(grant): Granted,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let query = Query::parse(query.as_deref().unwrap_or_default())?;
    let channel = channels(&query)?;
    let limit = query.one("limit")?.map(History::limit).transpose()?.unwrap_or(limits::PAGE_MESSAGES_DEFAULT);
    let after = query.one("after")?.map(id).transpose()?;
    let page = api.node.schedules(&grant, &channel, after, limit).await?;
    let mut lists = answer::Lists::new("schedules", &page.schedules, Planned::write);
    if !page.damaged.is_empty() {
        lists = lists.and("damaged", &page.damaged, |(name, refusal), out| {
            let damaged = json!({ "schedule": name, "why": refusal.detail });
            out.extend_from_slice(damaged.to_string().as_bytes());
        });
    }
    let mut response = lists.answer();
    if let Some(next) = page.next {
        let next = [
            ("channel", Some(channel.to_string())),
            ("after", Some(next.to_string())),
            ("limit", Some(limit.to_string())),
        ];
        links::add(&mut response, "next", &links::with_query("/schedules", &next));
    }
    Ok(response)
}
