//! What routes answer with: JSON, and refusals as problem documents.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use fanfare_proto::{Code, Content, Cursor, Refusal, problem};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Where a reader is once it has heard a response.
const CURSOR: HeaderName = HeaderName::from_static("cursor");

/// A refusal on its way out of a route.
pub(crate) struct Refused(pub(crate) Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        Refused(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        problem(&self.0)
    }
}

/// The problem document of a refusal (RFC 9457).
pub(crate) fn problem(refusal: &Refusal) -> Response {
    let mut document = Vec::new();
    problem::document(refusal, &mut document);
    let mut response = Response::new(Body::from(document));
    // Codes carry statuses of RFC 9110; a number out of range could only be a mistake in their list.
    *response.status_mut() =
        StatusCode::from_u16(refusal.code.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.extensions_mut().insert(refusal.clone());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    if let Some(time) = refusal.code.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs()));
    }
    response
}

/// Makes a problem document of the same refusal again, with the name of its request.
pub(crate) fn name_problem(response: &mut Response, refusal: &Refusal, request: &str) {
    let mut document = Vec::new();
    problem::document_of(refusal, Some(request), &mut document);
    *response.body_mut() = Body::from(document);
    response.headers_mut().remove(header::CONTENT_LENGTH);
}

/// A value as JSON.
pub(crate) fn json(value: &impl Serialize) -> Result<Response, Refusal> {
    let mut bytes = Vec::new();
    append_json(value, &mut bytes)?;
    Ok(json_bytes(bytes))
}

/// Appends a value as JSON.
pub(crate) fn append_json(value: &impl Serialize, out: &mut Vec<u8>) -> Result<(), Refusal> {
    serde_json::to_writer(out, value)
        .map_err(|error| Refusal::new(Code::STORE_FAILED, format!("the answer is not JSON: {error}")))
}

/// A list of what writes itself, as the one field of an object.
pub(crate) fn json_list<T>(field: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) -> Response {
    Lists::new(field, items, write).answer()
}

/// Lists of what writes itself, as the fields of an object.
pub(crate) struct Lists(Vec<u8>);

impl Lists {
    pub(crate) fn new<T>(field: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) -> Lists {
        Lists(vec![b'{']).and(field, items, write)
    }

    pub(crate) fn and<T>(mut self, field: &str, items: &[T], write: impl Fn(&T, &mut Vec<u8>)) -> Lists {
        let comma = if self.0.len() > 1 { "," } else { "" };
        self.0.extend_from_slice(format!("{comma}\"{field}\":[").as_bytes());
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(item, &mut self.0);
        }
        self.0.push(b']');
        self
    }

    pub(crate) fn answer(mut self) -> Response {
        self.0.push(b'}');
        json_bytes(self.0)
    }
}

/// JSON that is written already.
pub(crate) fn json_bytes(mut bytes: Vec<u8>) -> Response {
    // For people: a terminal's prompt begins a line.
    if bytes.last() != Some(&b'\n') {
        bytes.push(b'\n');
    }
    json_body(Body::from(bytes))
}

/// JSON that is counted, too.
pub(crate) fn json_body(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A publisher's page must not act in the name of this server's origin.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox");

/// A body as it was published.
pub(crate) fn bare(content: &Content) -> Response {
    let mut response = Response::new(Body::from(content.body.clone()));
    response.headers_mut().insert(header::CONTENT_TYPE, content_type(content));
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
    response
}

fn content_type(content: &Content) -> HeaderValue {
    let said = content.content_type.as_deref().and_then(|text| HeaderValue::from_str(text).ok());
    said.unwrap_or_else(|| {
        let text = std::str::from_utf8(&content.body).is_ok();
        HeaderValue::from_static(if text { "text/plain; charset=utf-8" } else { "application/octet-stream" })
    })
}

/// Writes the cursor of a response into its head.
pub(crate) fn mark_cursor(response: &mut Response, cursor: &Cursor) {
    if let Ok(value) = HeaderValue::from_str(&cursor.to_string()) {
        response.headers_mut().insert(CURSOR, value);
    }
}
