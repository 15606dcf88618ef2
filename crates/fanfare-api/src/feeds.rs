//! Pages as feeds: where their reader has found this server, and how seldom it need look.

use axum::body::Body;
use axum::response::Response;
use fanfare_proto::feed::{self, Feed};
use fanfare_proto::protocol::Protocol;
use fanfare_proto::{HistoryPage, HttpDate, Query, channel_path};
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Seconds after which something new is likely to be there.
const POLL_INTERVAL: HeaderName = HeaderName::from_static("x-poll-interval");

/// Scheme and host as the caller has them; behind a proxy, as that says.
pub(crate) fn origin(headers: &HeaderMap) -> String {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let scheme = text("x-forwarded-proto").filter(|scheme| *scheme == "https").unwrap_or("http");
    format!("{scheme}://{}", text("host").unwrap_or("localhost"))
}

/// The feed of a page of a channel or pattern.
pub(crate) fn write(
    protocol: &dyn Protocol,
    page: &HistoryPage,
    name: &str,
    query: &Query<'_>,
    headers: &HeaderMap,
) -> Vec<u8> {
    let origin = origin(headers);
    let mut own = format!("{origin}{}?via={}", channel_path(name), protocol.name());
    for (name, value) in query.pairs().filter(|(name, _)| *name != "via") {
        own.extend(["&", name, "="]);
        fanfare_proto::encode(value, b"", &mut own);
    }
    let mut out = Vec::new();
    protocol.feed(&Feed::new(name, &origin, own, page), &mut out);
    out
}

/// The answer that a feed is.
pub(crate) fn answer(protocol: &dyn Protocol, body: Body) -> Response {
    let mut response = Response::new(body);
    let content_type = HeaderValue::from_static(protocol.content_type());
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}

/// Says when the newest message was said, and when to look again.
pub(crate) fn hint(response: &mut Response, page: &HistoryPage) {
    let headers = response.headers_mut();
    headers.insert(POLL_INTERVAL, HeaderValue::from(feed::every(page).as_secs()));
    if let Some((newest, _)) = page.messages.last()
        && let Ok(date) = HeaderValue::from_str(&HttpDate(newest.time).to_string())
    {
        headers.insert(header::LAST_MODIFIED, date);
    }
}
