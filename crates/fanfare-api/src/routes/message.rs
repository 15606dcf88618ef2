//! One message, by its position: where `Location` leads after a publish.

use super::Route;
use crate::answer::{self, Refused};
use crate::find;
use crate::granted::Granted;
use crate::operation::{Answer, MESSAGE_REFUSALS, Media, Operation, parameters};
use crate::state::Api;
use crate::target::{self, Target};
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Event, Form, Query, protocol};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>/$at/<position>",
    query: &[parameters::AS],
    about: "the envelope of one message, or its body as it was published",
    operation: Operation {
        id: "message",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the message",
            headers: &["Cursor"],
            content: &[Media("application/json", "Message"), Media("*/*", "Anything")],
        }],
        refusals: MESSAGE_REFUSALS,
    },
    serve: || get(message),
};

async fn message(
    State(api): State<Api>,
    Granted(grant): Granted,
    target: Target,
    Path(position): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let position = target::position(&position)?;
    let form = Form::asked(&Query::parse(query.as_deref().unwrap_or_default())?, protocol::PAGE.forms())?;
    let (message, cursor) = find::at(&api, &grant, &target.channel()?, position).await?;
    let mut response = if form == Form::Body {
        answer::bare(&message.content)
    } else {
        let mut body = Vec::new();
        protocol::PAGE.encode(&Event::Message(&message, Some(&cursor)), Form::Envelope, &mut body);
        answer::json_bytes(body)
    };
    answer::mark_cursor(&mut response, &cursor);
    Ok(response)
}
