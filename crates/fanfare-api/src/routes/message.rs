//! One message, by its position: where `Location` leads after a publish.

use super::Route;
use crate::answer::{self, Refused};
use crate::find;
use crate::granted::Granted;
use crate::operation::{Answer, MESSAGE_REFUSALS, Media, Operation};
use crate::state::Api;
use crate::target::{self, Target};
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Event, Form, protocol};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/c/<channel>/$at/<position>",
    query: &[],
    about: "the envelope of one message",
    operation: Operation {
        id: "message",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the message",
            headers: &["Cursor"],
            content: &[Media("application/json", "Message")],
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
) -> Result<Response, Refused> {
    let position = target::position(&position)?;
    let (message, cursor) = find::at(&api, &grant, &target.channel()?, position).await?;
    let mut body = Vec::new();
    protocol::PAGE.encode(&Event::Message(&message, Some(&cursor)), Form::Envelope, &mut body);
    let mut response = answer::json_bytes(body);
    answer::mark_cursor(&mut response, &cursor);
    Ok(response)
}
