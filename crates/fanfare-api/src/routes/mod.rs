//! The routes, one file each, all of the same shape: what the route is, as [`Route`], and the function that
//! answers it. [`ALL`] is the only list.

mod ack;
mod batch;
mod cancel;
mod channels;
mod condition;
mod conditions;
mod delete;
mod forget;
mod gallery;
mod health;
mod hello;
mod history;
mod info;
mod latest;
mod make_condition;
mod make_webhook;
mod message;
mod metrics;
mod openapi;
mod presence;
mod publish;
mod purge;
mod put_reader;
mod reader;
mod readers;
mod ready;
mod remove;
mod remove_condition;
mod remove_reader;
mod remove_webhook;
mod replace_condition;
mod reschedule;
mod schedule;
mod scheduled;
mod schedules;
mod session;
mod short;
mod subscribe;
mod web;
mod webhook;
mod webhooks;

use crate::operation::{Operation, Parameter};
use crate::state::Api;
use axum::routing::MethodRouter;

/// One thing that can be asked of the server.
pub struct Route {
    /// The methods, as `Allow` names them; `HEAD` comes with `GET`.
    pub methods: &'static [&'static str],
    /// The path; `<...>` stands for what the caller puts there. A channel may have several segments.
    pub path: &'static str,
    /// Query parameters that are understood; any other is refused.
    pub query: &'static [Parameter],
    /// One line for people.
    pub about: &'static str,
    /// What it takes and answers, for the document.
    pub(crate) operation: Operation,
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
    forget::ROUTE,
    presence::ROUTE,
    message::ROUTE,
    remove::ROUTE,
    purge::ROUTE,
    batch::ROUTE,
    channels::ROUTE,
    schedule::ROUTE,
    schedules::ROUTE,
    scheduled::ROUTE,
    reschedule::ROUTE,
    cancel::ROUTE,
    conditions::ROUTE,
    make_condition::ROUTE,
    condition::ROUTE,
    replace_condition::ROUTE,
    remove_condition::ROUTE,
    subscribe::ROUTE,
    session::ROUTE,
    readers::ROUTE,
    reader::ROUTE,
    put_reader::ROUTE,
    remove_reader::ROUTE,
    ack::ROUTE,
    webhooks::ROUTE,
    make_webhook::ROUTE,
    webhook::ROUTE,
    remove_webhook::ROUTE,
    short::ROUTE,
    gallery::ROUTE,
    web::ROUTE,
    health::ROUTE,
    ready::ROUTE,
    metrics::ROUTE,
    openapi::ROUTE,
    hello::ROUTE,
];
