//! Why a conversation ends (RFC 6455 section 7.4).

use std::fmt;

/// A close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// It has served its purpose.
    pub const NORMAL: CloseCode = CloseCode(1000);
    /// The server goes, or the page.
    pub const GOING_AWAY: CloseCode = CloseCode(1001);
    /// What came breaks the protocol.
    pub const PROTOCOL_ERROR: CloseCode = CloseCode(1002);
    /// A kind of message that is not taken.
    pub const UNSUPPORTED: CloseCode = CloseCode(1003);
    /// Text that is not UTF-8, or a compressed message that cannot be read.
    pub const INVALID_PAYLOAD: CloseCode = CloseCode(1007);
    /// Refused, for a reason that has no code.
    pub const POLICY: CloseCode = CloseCode(1008);
    /// A message larger than is taken.
    pub const TOO_LARGE: CloseCode = CloseCode(1009);
    /// The server failed.
    pub const INTERNAL: CloseCode = CloseCode(1011);
    /// The server is ending; come back at a moment of your own (IANA registry).
    pub const RESTART: CloseCode = CloseCode(1012);
    /// Come back later (IANA registry).
    pub const TRY_AGAIN_LATER: CloseCode = CloseCode(1013);

    /// Whether an endpoint may send it: registered codes that are not reserved for use inside of an endpoint, and
    /// the ranges of libraries and applications.
    pub fn may_be_sent(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
