//! Refusals as JSON: problem documents (RFC 9457), and the same fields inside an event.

use crate::{Refusal, json};

/// The media type of a problem document (RFC 9457 section 6.1).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Appends a refusal as a problem document: `type`, `title`, `status`, `detail`, and our own `code`, `name` and
/// `retry`. The type is `about:blank`: what is special about the problem is in `code`.
pub fn document(refusal: &Refusal, out: &mut Vec<u8>) {
    document_of(refusal, None, out);
}

/// The same with `request`, the name of the request that was refused.
pub fn document_of(refusal: &Refusal, request: Option<&str>, out: &mut Vec<u8>) {
    out.push(b'{');
    json::string("type", "about:blank", out);
    json::string("title", phrase(refusal.code.status), out);
    json::plain("status", refusal.code.status, out);
    fields(refusal, out);
    if let Some(request) = request {
        json::string("request", request, out);
    }
    out.extend_from_slice(b"}\n");
}

/// Appends the fields that say what was refused: `code`, `name`, `detail`, `retry`.
pub(crate) fn fields(refusal: &Refusal, out: &mut Vec<u8>) {
    json::plain("code", refusal.code.number, out);
    json::string("name", refusal.code.name, out);
    json::string("detail", &refusal.detail, out);
    json::string("retry", refusal.code.retry().name(), out);
}

/// The phrase of a status (RFC 9110 section 15, RFC 4918, RFC 6585).
pub(crate) fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        413 => "Content Too Large",
        414 => "URI Too Long",
        422 => "Unprocessable Content",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "Refused",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Code;

    #[test]
    fn every_code_is_a_problem_document() {
        for code in Code::ALL {
            let mut out = Vec::new();
            document_of(&Refusal::new(code, "a \"quoted\"\nline"), Some("name-1"), &mut out);
            let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(value["status"], code.status);
            assert_eq!(value["code"], code.number);
            assert_eq!((&value["name"], &value["request"]), (&code.name.into(), &"name-1".into()));
            assert_eq!(value["detail"], "a \"quoted\"\nline");
            assert!(["now", "later", "never"].contains(&value["retry"].as_str().unwrap()));
            assert_ne!(value["title"], "Refused", "{} needs its phrase", code.status);
        }
    }
}
