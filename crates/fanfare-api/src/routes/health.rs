//! Whether the process lives. It is 200 whatever is wrong, so that a supervisor does not kill a server for a bad disk;
//! a second line says what is. Damage that only some readers come upon is said here and not by `/readyz`: all others are
//! served, and who has this one server would have none.

use super::Route;
use crate::operation::{Answer, Media, Operation};
use crate::state::Api;
use axum::extract::State;
use axum::routing::get;

pub(super) const ROUTE: Route = Route {
    methods: &["GET"],
    path: "/healthz",
    query: &[],
    about: "200 while the process lives; a second line says what is wrong, if something is",
    operation: Operation {
        id: "health",
        headers: &[],
        takes: &[],
        gives: &[Answer {
            status: 200,
            about: "the process lives",
            headers: &[],
            content: &[Media("text/plain", "Text")],
        }],
        refusals: &[],
    },
    serve: || get(health),
};

async fn health(State(api): State<Api>) -> String {
    match (api.node.trouble(), api.node.damage()) {
        (Some(trouble), _) => format!("ok\n{trouble}\n"),
        (None, Some(damage)) => format!("ok\n{damage}\n"),
        (None, None) => "ok\n".to_owned(),
    }
}
