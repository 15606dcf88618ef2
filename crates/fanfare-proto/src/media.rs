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

/// Whether a type is this one, whatever its parameters.
pub(crate) fn is(content_type: &str, other: &str) -> bool {
    essence(content_type).eq_ignore_ascii_case(other)
}

/// A parameter of a type, without its quotes.
pub(crate) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (other, value) = parameter.split_once('=')?;
        let value = value.trim();
        let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
        other.trim().eq_ignore_ascii_case(name).then_some(bare)
    })
}

/// Whether bodies of this type are HTML.
pub(crate) fn is_html(content_type: &str) -> bool {
    is(content_type, "text/html")
}

/// Whether bodies of this type are images.
pub(crate) fn is_image(content_type: &str) -> bool {
    essence(content_type).get(..6).is_some_and(|start| start.eq_ignore_ascii_case("image/"))
}

/// What a body of which nothing is said is, by its first bytes (WHATWG MIME Sniffing section 6.1).
pub(crate) fn of_bytes(body: &[u8]) -> &'static str {
    match body {
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => "image/png",
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => "image/gif",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        _ if body.trim_ascii_start().starts_with(b"<svg") => "image/svg+xml",
        _ if std::str::from_utf8(body).is_ok() => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_named_is_known_by_its_first_bytes() {
        for (body, media_type) in [
            (&b"\xff\xd8\xff\xe0"[..], "image/jpeg"),
            (b"\x89PNG\r\n\x1a\n", "image/png"),
            (b"GIF89a", "image/gif"),
            (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
            (b"\n <svg xmlns=''>", "image/svg+xml"),
            (b"<p>", "text/plain; charset=utf-8"),
            (b"", "text/plain; charset=utf-8"),
            (b"\xff\xd8", "application/octet-stream"),
        ] {
            assert_eq!(of_bytes(body), media_type);
            assert_eq!(is_image(media_type), media_type.starts_with("image/"));
        }
    }

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
