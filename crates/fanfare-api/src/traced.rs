//! What whoever traces is told of a request: what it takes to find it again, and nothing of what was sent.

use crate::state::Api;
use axum::extract::Request;
use fanfare_node::{Began, RequestTrace, Traces};
use fanfare_proto::{RequestName, limits};
use http::{HeaderMap, Method};
use std::sync::Arc;

/// Names of sessions are below: whoever knows one may change what its reader hears.
const SESSIONS: &str = "/session/";
/// What stands for such a name.
const REDACTED: &str = "/session/REDACTED";

/// A request of which somebody will be told.
pub(crate) struct Traced {
    traces: Arc<dyn Traces>,
    began: Began,
    path: String,
    parent: Option<String>,
    state: Option<String>,
}

/// How a request was answered.
pub(crate) struct Outcome {
    pub(crate) route: Option<&'static str>,
    pub(crate) status: u16,
    pub(crate) refusal: Option<&'static str>,
}

impl Traced {
    /// Notes what a request is before it is served, if somebody traces.
    pub(crate) fn begin(api: &Api, request: &Request) -> Option<Traced> {
        let traces = api.traces.clone()?;
        let path = match request.uri().path() {
            path if path.starts_with(SESSIONS) => REDACTED.to_owned(),
            path => path.chars().take(limits::TRACED_PATH_CHARS).collect(),
        };
        let headers = request.headers();
        let (parent, state) = (only(headers, "traceparent"), only(headers, "tracestate"));
        Some(Traced { traces, began: Began::now(), path, parent, state })
    }

    /// Tells.
    pub(crate) fn end(self, name: &RequestName, method: &Method, outcome: Outcome) {
        let Outcome { route, status, refusal } = outcome;
        self.traces.answered(&RequestTrace {
            name: name.as_str(),
            method: known(method).then_some(method.as_str()),
            route,
            // What no route took may be anything, meant for anybody.
            path: route.map(|_| &*self.path),
            status,
            refusal,
            parent: self.parent.as_deref(),
            state: self.state.as_deref(),
            period: self.began.period(),
        });
    }
}

/// Whether HTTP knows a method (RFC 9110, RFC 5789): others are as many as callers invent.
fn known(method: &Method) -> bool {
    use Method as M;
    [M::GET, M::HEAD, M::POST, M::PUT, M::DELETE, M::PATCH, M::OPTIONS, M::TRACE, M::CONNECT].contains(method)
}

/// The value of a header that is there once and short enough to be passed on.
fn only(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    let text = value.to_str().ok().filter(|text| text.len() <= limits::TRACE_STATE_BYTES)?;
    Some(text.to_owned())
}
