//! The routes, one file each, all of the same shape: what the route is, as [`Route`], and the function that
//! answers it. [`ALL`] is the only list.

mod batch;
mod channels;
mod delete;
mod health;
mod hello;
mod history;
mod info;
mod latest;
mod message;
mod publish;
mod purge;
mod ready;
mod remove;
mod short;

use crate::state::Api;
use axum::routing::MethodRouter;
use fanfare_proto::{Code, Query, Refusal, limits};

/// One thing that can be asked of the server.
pub struct Route {
    /// The methods, as `Allow` names them; `HEAD` comes with `GET`.
    pub methods: &'static [&'static str],
    /// The path; `<...>` stands for what the caller puts there. A channel may have several segments.
    pub path: &'static str,
    /// Query parameters that are understood; any other is refused.
    pub query: &'static [&'static str],
    /// One line for people.
    pub about: &'static str,
    /// The handler of these methods.
    pub(crate) serve: fn() -> MethodRouter<Api>,
}

/// Every route.
pub const ALL: &[Route] = &[
    publish::ROUTE,
    history::ROUTE,
    delete::ROUTE,
    info::ROUTE,
    latest::ROUTE,
    message::ROUTE,
    remove::ROUTE,
    purge::ROUTE,
    batch::ROUTE,
    channels::ROUTE,
    short::ROUTE,
    health::ROUTE,
    ready::ROUTE,
    hello::ROUTE,
];

/// How many items a page may have: the parameter `limit`.
fn limit(query: &Query<'_>) -> Result<Option<usize>, Refusal> {
    let Some(text) = query.one("limit")? else { return Ok(None) };
    let limit = text.parse::<usize>().ok().filter(|limit| (1..=limits::PAGE_MESSAGES).contains(limit));
    let wrong =
        || Refusal::new(Code::BAD_FIELD, format!("limit is a number from 1 to {}", limits::PAGE_MESSAGES));
    limit.map(Some).ok_or_else(wrong)
}
