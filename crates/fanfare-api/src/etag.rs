//! Entity tags (RFC 9110 section 8.8.3) and the question `If-None-Match` (section 13.1.2).

use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The tag of a representation.
pub(crate) struct ETag(String);

impl ETag {
    /// A weak tag: equal for what says the same, though its bytes may differ.
    pub(crate) fn weak(said: &impl Hash) -> ETag {
        let mut hasher = DefaultHasher::new();
        said.hash(&mut hasher);
        ETag(format!("W/\"{:x}\"", hasher.finish()))
    }

    /// A strong tag made of numbers that name exactly one body.
    pub(crate) fn strong(parts: &[u64]) -> ETag {
        let mut tag = String::from("\"");
        for (index, part) in parts.iter().enumerate() {
            let _ = write!(tag, "{}{part:x}", if index == 0 { "" } else { "-" });
        }
        tag.push('"');
        ETag(tag)
    }

    /// Whether the caller has this representation already. Tags are compared weakly, as the section says.
    pub(crate) fn is_known(&self, headers: &HeaderMap) -> bool {
        let mine = opaque(&self.0);
        let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        lines.flat_map(|line| line.split(',')).any(|tag| tag.trim() == "*" || opaque(tag.trim()) == mine)
    }

    /// Writes the tag into a response; caches may keep it, and ask every time.
    pub(crate) fn mark(&self, response: &mut Response) {
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&self.0) {
            headers.insert(header::ETAG, value);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }

    /// The answer to a caller that has it already.
    pub(crate) fn unchanged(&self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        self.mark(&mut response);
        response
    }
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}
