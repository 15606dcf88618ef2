//! Media types (RFC 9110 section 8.3.1): what the bytes of a body are.

/// Types that are text although their name does not begin with `text/`.
const TEXTS: &[&str] = &[
    "application/javascript",
    "application/x-ndjson",
    "application/x-www-form-urlencoded",
    "application/xml",
];

/// The type without its parameters.
fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn ends_with(text: &str, end: &str) -> bool {
    text.len()
        .checked_sub(end.len())
        .and_then(|at| text.get(at..))
        .is_some_and(|rest| rest.eq_ignore_ascii_case(end))
}

/// Whether bodies of this type are JSON (RFC 8259, RFC 6839 section 3.1).
pub(crate) fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type);
    essence.eq_ignore_ascii_case("application/json") || ends_with(essence, "+json")
}

/// Whether bodies of this type are text, JSON included.
pub(crate) fn is_text(content_type: &str) -> bool {
    let essence = essence(content_type);
    let texts = essence.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("text/"));
    texts
        || is_json(content_type)
        || ends_with(essence, "+xml")
        || TEXTS.iter().any(|other| essence.eq_ignore_ascii_case(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_bodies() {
        for (content_type, json, text) in [
            ("application/json", true, true),
            ("Application/JSON; charset=utf-8", true, true),
            ("application/geo+JSON ;x=y", true, true),
            ("text/plain", false, true),
            ("TEXT/html", false, true),
            ("image/svg+xml", false, true),
            ("application/x-ndjson", false, true),
            ("application/octet-stream", false, false),
            ("image/png", false, false),
            ("text", false, false),
            ("\u{e9}", false, false),
        ] {
            assert_eq!((is_json(content_type), is_text(content_type)), (json, text), "{content_type}");
        }
    }
}
