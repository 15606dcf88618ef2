//! Pages' parts, and the browser module.

use super::Route;
use crate::answer::Refused;
use crate::files::File;
use crate::operation::{Answer, Media, Operation, parameters};
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use fanfare_proto::{Code, Refusal};
use http::HeaderMap;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/web/<file>",
    query: &[],
    about: "what pages are made of; the browser module is `/web/fanfare.js`",
    operation: Operation {
        id: "web_file",
        headers: &[parameters::IF_NONE_MATCH],
        takes: &[],
        gives: &[
            Answer {
                status: 200,
                about: "the file",
                headers: &["ETag"],
                content: &[
                    Media("text/css", "Text"),
                    Media("text/html", "Text"),
                    Media("text/javascript", "Text"),
                    Media("image/svg+xml", "Text"),
                ],
            },
            Answer { status: 304, about: "it is known", headers: &["ETag"], content: &[] },
        ],
        refusals: &[Code::NOT_FOUND],
    },
    serve: || get(web),
};

async fn web(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Refused> {
    let file = File::named(&name)
        .ok_or_else(|| Refusal::new(Code::NOT_FOUND, format!("there is no file `{name:.60}` here")))?;
    Ok(file.answer(&headers))
}
