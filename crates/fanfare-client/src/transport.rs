//! How messages travel to us.

use std::fmt;

/// How messages travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transport {
    /// WebSocket (RFC 6455).
    WebSocket,
    /// Server-Sent Events.
    EventStream,
    /// One request after the other, each held until there is something.
    LongPoll,
}

impl Transport {
    /// Every transport, best first.
    pub const ALL: [Transport; 3] = [Transport::WebSocket, Transport::EventStream, Transport::LongPoll];

    /// Its name: what the browser module calls it, too.
    pub fn name(self) -> &'static str {
        match self {
            Transport::WebSocket => "websocket",
            Transport::EventStream => "event-stream",
            Transport::LongPoll => "long-poll",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
