//! A few lines for whoever opens the server's address.

use super::Route;
use crate::operation::{Answer, Media, Operation};
use axum::routing::get;
use http::{HeaderMap, header};

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/",
    query: &[],
    about: "name, version and one line to try",
    operation: Operation {
        id: "hello",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "what this is",
            headers: &[],
            content: &[Media("text/plain", "Text")],
        }],
        refusals: &[],
    },
    serve: || get(hello),
};

async fn hello(headers: HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost:8080");
    format!(
        "Fanfare {version}: publish once, push to everyone.\n\n\
         Publish:  curl -d 'hello' http://{host}/c/hello\n\
         Hear:     curl -N -H 'Accept: text/event-stream' http://{host}/c/hello\n\
         Look:     curl http://{host}/c/hello, or open it in a browser\n\n\
         Channels: http://{host}/channels\n\
         Guide:    docs/api.md and docs/wire.md of this version\n",
        version = env!("CARGO_PKG_VERSION"),
    )
}
