//! How a session's events look on the wire: protocol, form and framing together. Sessions with the same [`Wire`]
//! share frames.

use crate::Form;
use crate::protocol::{self, Protocol, ProtocolId};

/// How the bytes of a response are delimited (RFC 9112 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// One chunk for each frame.
    Chunked,
    /// The end of the connection ends the response: HTTP/1.0 streams.
    Close,
    /// `Content-Length`; the connection stays open.
    Length,
    /// `Content-Length`, then the connection is closed.
    LengthClose,
    /// One WebSocket message for each frame, compressed for a window of so many bits if that was agreed on.
    WebSocket(Option<u8>),
}

/// Protocol, form, framing and the allowed origin of a session. Small, and compared on the hot path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Wire {
    /// What the bytes mean.
    pub protocol: ProtocolId,
    /// Whole messages or bodies.
    pub form: Form,
    /// How the bytes are delimited.
    pub framing: Framing,
    /// Which configured origin to allow in the response: an index into [`Origins`](crate::Origins).
    pub origin: Option<u8>,
}

impl Wire {
    /// The protocol itself.
    pub fn protocol(self) -> &'static dyn Protocol {
        protocol::ALL[usize::from(self.protocol.0) % protocol::ALL.len()]
    }
}
