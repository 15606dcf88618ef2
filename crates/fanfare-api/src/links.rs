//! Addresses that responses name: `Location` and `Link` (RFC 8288), encoded as RFC 3986 asks.

use axum::response::Response;
use http::{HeaderValue, header};
use std::fmt::Write;

/// The path of a channel or pattern.
pub(crate) fn channel_path(name: &str) -> String {
    let mut path = String::from("/c/");
    encode(name, b"/-._~!$&'()*+,;=:@", &mut path);
    path
}

/// A path with a query; parameters without value are left out.
pub(crate) fn with_query(path: &str, parameters: &[(&str, Option<String>)]) -> String {
    let mut target = path.to_owned();
    let given = parameters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    for (index, (name, value)) in given.enumerate() {
        target.push(if index == 0 { '?' } else { '&' });
        target.push_str(name);
        target.push('=');
        encode(value, b"/-._~!$'()*,;:@", &mut target);
    }
    target
}

/// Adds a link to a response.
pub(crate) fn add(response: &mut Response, relation: &str, target: &str) {
    if let Ok(value) = HeaderValue::from_str(&format!("<{target}>; rel=\"{relation}\"")) {
        response.headers_mut().append(header::LINK, value);
    }
}

/// Appends text, percent-encoding all but letters, digits and the characters that may stand as they are.
fn encode(text: &str, plain: &[u8], out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_an_address_is_encoded() {
        assert_eq!(channel_path("a/b c/é?#%"), "/c/a/b%20c/%C3%A9%3F%23%25");
        let parameters =
            [("after", Some("a&b=c+d".to_owned())), ("limit", None), ("x", Some("1".to_owned()))];
        assert_eq!(with_query("/channels", &parameters), "/channels?after=a%26b%3Dc%2Bd&x=1");
    }
}
