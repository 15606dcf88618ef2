//! Where a head ends. What is decided here depends on the first offending byte only, so that it is the same however
//! the bytes were cut.

use crate::{Code, Refusal, limits};
use std::ops::Range;

/// Where the head lies in `bytes`: behind one empty line that some senders put before it (RFC 9112 section 2.2),
/// through the empty line that ends it. `None` while it has not come.
pub(super) fn head(bytes: &[u8]) -> Result<Option<Range<usize>>, Refusal> {
    let bytes = &bytes[..bytes.len().min(limits::HEAD_BYTES)];
    let start = match bytes {
        [] | [b'\r'] => return Ok(None),
        [b'\r', b'\n', ..] => 2,
        _ => 0,
    };
    check_method(&bytes[start..])?;
    let mut line = start;
    while let Some(length) = memchr::memchr(b'\n', &bytes[line..]) {
        let end = line + length;
        if end == line || bytes[end - 1] != b'\r' {
            return Err(bad(format!(
                "the line that ends at byte {end} ends with LF alone; lines end with CR LF"
            )));
        }
        if end == line + 1 {
            return Ok(Some(start..end + 1));
        }
        line = end + 1;
    }
    if bytes.len() < limits::HEAD_BYTES { Ok(None) } else { Err(too_long(line == start)) }
}

/// Refuses at once what is no HTTP at all (a TLS handshake, another protocol) instead of waiting for its end.
fn check_method(bytes: &[u8]) -> Result<(), Refusal> {
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b' ' if at > 0 => return Ok(()),
            byte if is_token(*byte) => {}
            0x16 if at == 0 => {
                return Err(bad("this looks like TLS (https); this port speaks HTTP without TLS".into()));
            }
            byte => {
                return Err(bad(format!(
                    "byte {at} of the request is {byte:#04x}; a method was expected there"
                )));
            }
        }
    }
    Ok(())
}

/// A character of a token (RFC 9110 section 5.6.2).
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn bad(detail: String) -> Refusal {
    Refusal::new(Code::BAD_REQUEST, detail)
}

fn too_long(in_first_line: bool) -> Refusal {
    if in_first_line {
        return target_too_long(limits::HEAD_BYTES);
    }
    let detail = format!("the request head has more than {} bytes", limits::HEAD_BYTES);
    Refusal::new(Code::HEAD_TOO_LARGE, detail)
}

pub(super) fn target_too_long(length: usize) -> Refusal {
    let detail = format!(
        "the request target has {length} bytes or more; at most {} are allowed",
        limits::TARGET_BYTES
    );
    Refusal::new(Code::TARGET_TOO_LONG, detail)
}
