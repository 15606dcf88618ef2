//! Percent-encoding (RFC 3986 section 2.1): decoded once and checked, and the other way.

use crate::{Code, Refusal, quote};
use std::borrow::Cow;
use std::fmt::Write;

/// What went wrong while decoding.
enum Wrong {
    /// `%` without two hexadecimal digits.
    Digits,
    /// The bytes are not UTF-8.
    Text,
}

/// Decodes a path. An encoded slash is refused: it would be a part of a name here and a boundary elsewhere
/// (design rule 17).
pub fn decode_path(path: &str) -> Result<Cow<'_, str>, Refusal> {
    if memchr::memchr(b'%', path.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(path));
    }
    if path.as_bytes().windows(3).any(|part| part.eq_ignore_ascii_case(b"%2f")) {
        return Err(Refusal::new(Code::BAD_NAME, "the path has an encoded slash (%2F); names have none"));
    }
    decode(Cow::Borrowed(path)).map_err(|wrong| refusal(Code::BAD_NAME, wrong, "path", path))
}

/// Decodes a name or a value of a query, where `+` means a space (WHATWG URL, form-urlencoded).
pub(crate) fn decode_query(text: &str) -> Result<Cow<'_, str>, Refusal> {
    let spaced = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    decode(spaced).map_err(|wrong| refusal(Code::BAD_REQUEST, wrong, "query", text))
}

/// The path of a channel or pattern.
pub fn channel_path(name: &str) -> String {
    let mut path = String::with_capacity(name.len() + 32);
    path.push_str("/c/");
    encode(name, b"/-._~!$&'()*+,;=:@", &mut path);
    path
}

/// Appends text, percent-encoding all but letters, digits and the characters that may stand as they are.
pub fn encode(text: &str, plain: &[u8], out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

fn refusal(code: &'static Code, wrong: Wrong, place: &str, text: &str) -> Refusal {
    let shown = quote::shown(text);
    Refusal::new(
        code,
        match wrong {
            Wrong::Digits => format!("`%` in the {place} is not followed by two hexadecimal digits: {shown}"),
            Wrong::Text => format!("the {place} is not UTF-8 once it is decoded: {shown}"),
        },
    )
}

fn decode(text: Cow<'_, str>) -> Result<Cow<'_, str>, Wrong> {
    let Some(first) = text.find('%') else { return Ok(text) };
    let bytes = text.as_bytes();
    let mut decoded = bytes[..first].to_vec();
    let mut rest = &bytes[first..];
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let Some((&[high, low], after)) = rest.split_first_chunk::<2>() else { return Err(Wrong::Digits) };
        let (Some(high), Some(low)) = (digit(high), digit(low)) else { return Err(Wrong::Digits) };
        decoded.push(high << 4 | low);
        rest = after;
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| Wrong::Text)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_path_is_encoded() {
        assert_eq!(channel_path("a/b c/é?#%"), "/c/a/b%20c/%C3%A9%3F%23%25");
    }
    use proptest::prelude::*;

    #[test]
    fn what_is_decoded_and_what_is_refused() {
        assert_eq!(decode_path("a%20b/caf%C3%A9+%25").unwrap(), "a b/caf\u{e9}+%");
        assert_eq!(decode_query("a%2Fb+c%2b").unwrap(), "a/b c+");
        assert!(matches!(decode_path("plain/caf\u{e9}"), Ok(Cow::Borrowed(_))));
        for path in ["a%2Fb", "a%2fb", "%", "a%2", "%zz", "%+1", "%FF", "%C3", "%ED%A0%80", "%C0%AF"] {
            assert_eq!(decode_path(path).unwrap_err().code, Code::BAD_NAME, "{path}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in "\\PC{0,20}") {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
            prop_assert_eq!(decode_query(&encoded).unwrap(), text);
        }

        #[test]
        fn any_text_is_answered(text in "[%0-9a-f+é]{0,20}") {
            let _ = (decode_path(&text), decode_query(&text));
        }
    }
}
