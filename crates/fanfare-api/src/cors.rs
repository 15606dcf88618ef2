//! Cross-origin requests (Fetch standard section 3.3): pages of configured origins may read responses and send
//! the headers of publishing. An origin that is not configured gets no permission and is never reflected.

use fanfare_proto::{EXPOSED, Origins};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// What pages may send.
const SENT: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, If-None-Match, Last-Event-ID, \
     Idempotency-Key, Key, TTL, Priority, Event, Tags, Notice",
);
/// What pages may read.
const READ: HeaderValue = HeaderValue::from_static(EXPOSED);
/// How long a browser may remember a permission, seconds: what Chromium takes at the most.
const REMEMBERED: HeaderValue = HeaderValue::from_static("7200");
const REQUESTED: HeaderName = header::ACCESS_CONTROL_REQUEST_METHOD;

/// What a request says about where it comes from.
pub(crate) struct Question {
    origin: Option<HeaderValue>,
    preflight: bool,
}

impl Question {
    /// Takes it from a request.
    pub(crate) fn of(method: &Method, headers: &HeaderMap) -> Question {
        let preflight = *method == Method::OPTIONS && headers.contains_key(REQUESTED);
        Question { origin: headers.get(header::ORIGIN).cloned(), preflight }
    }

    /// Writes the answer into the headers of a response.
    pub(crate) fn answer(&self, origins: &Origins, status: StatusCode, headers: &mut HeaderMap) {
        if origins.value(0).is_none() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("Origin"));
        let Some(allowed) = self.allowed(origins) else { return };
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READ);
        if !self.preflight || !status.is_success() {
            return;
        }
        if let Some(methods) = headers.get(header::ALLOW).cloned() {
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    }

    fn allowed(&self, origins: &Origins) -> Option<HeaderValue> {
        let origin = self.origin.as_ref()?.to_str().ok()?;
        HeaderValue::from_str(origins.value(origins.find(origin)?)?).ok()
    }
}
