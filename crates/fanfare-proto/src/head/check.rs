//! What must hold between the parts of a head. Each rule closes a way to make two readers of one request see two
//! different ones.

use super::{BodyLength, Head, Version};
use crate::{Code, Refusal};

/// Checks target and `Host` (RFC 9112 section 3.2); answers where in the target path and query begin.
pub(super) fn target(head: &Head<'_>) -> Result<usize, Refusal> {
    let mut hosts = head.all("host");
    let host = hosts.next();
    if hosts.next().is_some() {
        return bad("there are two Host headers; exactly one is allowed");
    }
    if host.is_none() && head.version == Version::Http11 {
        return bad("there is no Host header; HTTP/1.1 needs one");
    }
    let host = host.map(|host| checked_host(host)).transpose()?;
    if head.target.contains('#') {
        return bad("the request target has a fragment (#), which is not sent to servers");
    }
    match head.target {
        target if target.starts_with('/') => Ok(0),
        "*" if head.method == "OPTIONS" => Ok(0),
        target => absolute(target, host),
    }
}

/// The absolute form names its authority a second time: it must be the same.
fn absolute(target: &str, host: Option<&str>) -> Result<usize, Refusal> {
    let scheme = ["http://", "https://"]
        .into_iter()
        .find(|scheme| target.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)));
    let Some(scheme) = scheme else {
        return bad("the request target begins neither with `/` nor with http://");
    };
    let rest = &target[scheme.len()..];
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    checked_host(authority.as_bytes())?;
    if host.is_some_and(|host| !host.eq_ignore_ascii_case(authority)) {
        return bad("the authority in the request target is not the one in the Host header");
    }
    Ok(scheme.len() + authority.len())
}

/// A host name or address with an optional port (RFC 3986 section 3.2), without user, and never a list.
fn checked_host(host: &[u8]) -> Result<&str, Refusal> {
    let said = std::str::from_utf8(host).ok().filter(|host| is_host(host));
    match said {
        Some(said) => Ok(said),
        None => bad("Host is not a host name or address with an optional port"),
    }
}

fn is_host(host: &str) -> bool {
    let (name, rest) = match host.strip_prefix('[') {
        Some(literal) => match literal.split_once(']') {
            Some((address, rest))
                if address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte)) =>
            {
                (address, rest)
            }
            _ => return false,
        },
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let named = host.starts_with('[')
        || name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let port = rest.strip_prefix(':').unwrap_or("");
    let ported = rest.is_empty() || rest.starts_with(':');
    let number =
        port.is_empty() || (port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok());
    !name.is_empty() && named && ported && number
}

/// How the body is delimited (RFC 9112 section 6.3), where only one reading is possible.
pub(super) fn body(head: &Head<'_>) -> Result<BodyLength, Refusal> {
    let mut lengths = head.all("content-length");
    let mut codings = head.all("transfer-encoding");
    match (lengths.next(), codings.next()) {
        (Some(_), Some(_)) => {
            bad("there are both Content-Length and Transfer-Encoding; one must say the length")
        }
        (Some(_), None) if lengths.next().is_some() => bad("there are two Content-Length headers"),
        (Some(length), None) => Ok(BodyLength::Length(digits(length)?)),
        (None, Some(_)) if head.version == Version::Http10 => bad("HTTP/1.0 has no Transfer-Encoding"),
        (None, Some(_)) if codings.next().is_some() => bad("there are two Transfer-Encoding headers"),
        (None, Some(coding)) if coding.eq_ignore_ascii_case(b"chunked") => Ok(BodyLength::Chunked),
        (None, Some(_)) => bad("Transfer-Encoding is not `chunked`, the only one spoken here"),
        (None, None) => Ok(BodyLength::None),
    }
}

/// Digits and nothing else: no sign, no list, no space (RFC 9110 section 8.6).
fn digits(value: &[u8]) -> Result<u64, Refusal> {
    let text = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match text.and_then(|text| text.parse().ok()) {
        Some(length) => Ok(length),
        None => bad("Content-Length is not one plain number of bytes"),
    }
}

fn bad<T>(detail: &str) -> Result<T, Refusal> {
    Err(Refusal::new(Code::BAD_REQUEST, detail))
}
