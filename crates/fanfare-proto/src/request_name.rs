//! How a request is called: `X-Request-Id`, by which callers, proxies and logs find what belongs together.

use crate::limits;
use std::fmt;

/// The name of a request: harmless in a header, in JSON and in a line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestName(Box<str>);

impl RequestName {
    /// The header that has it, in lower case.
    pub const HEADER: &'static str = "x-request-id";

    /// What a request calls itself, if that is sane: letters, digits and `-._:+/=@`, at most
    /// [`limits::REQUEST_ID_BYTES`].
    pub fn parse(given: &[u8]) -> Option<RequestName> {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:+/=@".contains(byte);
        let sane = (1..=limits::REQUEST_ID_BYTES).contains(&given.len()) && given.iter().all(plain);
        Some(RequestName(std::str::from_utf8(given).ok().filter(|_| sane)?.into()))
    }

    /// A name that is made of a number.
    pub fn made_of(number: u64) -> RequestName {
        RequestName(format!("{number:016x}").into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Puts the name into the head of a response that begins here in some bytes.
    pub fn mark(&self, response: &mut Vec<u8>, start: usize) {
        let Some(line) = memchr::memchr(b'\n', response.get(start..).unwrap_or_default()) else { return };
        let header = format!("X-Request-Id: {self}\r\n");
        let behind = start + line + 1;
        response.splice(behind..behind, header.into_bytes());
    }
}

impl fmt::Display for RequestName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sane_names_are_taken() {
        for name in ["a", "1f0c6d2a-9be8.4a53", "Root=1-67891233:abc@x/y+z"] {
            assert_eq!(RequestName::parse(name.as_bytes()).unwrap().as_str(), name);
        }
        let long = "x".repeat(65);
        for name in ["", " ", "a b", "a\"b", "a\nb", "é", &long] {
            assert_eq!(RequestName::parse(name.as_bytes()), None, "{name:?}");
        }
        assert_eq!(RequestName::made_of(255).as_str(), "00000000000000ff");
    }

    #[test]
    fn a_name_is_put_behind_the_status_of_the_response_that_is_meant() {
        let mut out = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 201 Created\r\nA: b\r\n\r\n".to_vec();
        RequestName::parse(b"n").unwrap().mark(&mut out, 19);
        let expected = b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 201 Created\r\nX-Request-Id: n\r\nA: b\r\n\r\n";
        assert_eq!(out, expected);
    }
}
