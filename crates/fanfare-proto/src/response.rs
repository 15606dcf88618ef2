//! Heads of responses that the server writes itself: held-open streams, answers and refusals.

use crate::{Cursor, Framing, Origins, Refusal, Wire};
use std::io::Write;
use std::time::Duration;

/// Appends one frame, delimited as the framing asks (RFC 9112 section 7.1).
pub fn frame(framing: Framing, payload: &[u8], out: &mut Vec<u8>) {
    if framing == Framing::Chunked {
        let _ = write!(out, "{:x}\r\n", payload.len());
        out.extend_from_slice(payload);
        out.extend_from_slice(b"\r\n");
    } else {
        out.extend_from_slice(payload);
    }
}

/// Appends the head of a whole answer with a body of `length` bytes.
pub fn answer_head(wire: Wire, _origins: &Origins, length: usize, cursor: &Cursor, out: &mut Vec<u8>) {
    let media_type = wire.protocol().media_type();
    let _ = write!(out, "HTTP/1.1 200 OK\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\ncursor: {cursor}\r\n\r\n");
}

/// Appends the answer of a long poll whose wait ended.
pub fn no_content(_wire: Wire, _origins: &Origins, cursor: &Cursor, out: &mut Vec<u8>) {
    let _ = write!(out, "HTTP/1.1 204 No Content\r\ncursor: {cursor}\r\n\r\n");
}

/// Appends a refusal as a problem document (RFC 9457).
pub fn refusal_response(refusal: &Refusal, _wire: Wire, _origins: &Origins, _retry: Duration, out: &mut Vec<u8>) {
    let _ = write!(out, "HTTP/1.1 {} Refused\r\ncontent-length: 0\r\n\r\n", refusal.code.status);
}
