//! The gallery: one channel, heard by every technique of the web side by side.

use super::Route;
use crate::answer::Refused;
use crate::files::File;
use crate::operation::{Answer, Media, Operation, Parameter, parameters, reference};
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, Refusal};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/gallery",
    query: &[CHANNEL],
    about: "a page that hears one channel in every way there is",
    operation: Operation {
        id: "gallery",
        headers: &[parameters::IF_NONE_MATCH],
        takes: &[],
        gives: &[
            Answer {
                status: 200,
                about: "the page",
                headers: &["ETag"],
                content: &[Media("text/html", "Text")],
            },
            Answer { status: 304, about: "it is known", headers: &["ETag"], content: &[] },
        ],
        refusals: &[],
    },
    serve: || get(gallery),
};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    about: "The channel; gallery/demo if none is named.",
    schema: || reference("Name"),
};

async fn gallery(headers: HeaderMap) -> Result<Response, Refused> {
    let page = File::named("gallery.html").ok_or_else(|| Refusal::from(Code::NOT_FOUND))?;
    Ok(page.answer(&headers))
}
