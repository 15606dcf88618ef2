//! Addresses that responses name: `Location` and `Link` (RFC 8288), encoded as RFC 3986 asks.

use axum::response::Response;
use fanfare_proto::encode;
use http::{HeaderValue, header};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_an_address_is_encoded() {
        let parameters =
            [("after", Some("a&b=c+d".to_owned())), ("limit", None), ("x", Some("1".to_owned()))];
        assert_eq!(with_query("/channels", &parameters), "/channels?after=a%26b%3Dc%2Bd&x=1");
    }
}
