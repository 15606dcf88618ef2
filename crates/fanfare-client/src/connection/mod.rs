//! One connection over a transport: one file for each transport. It turns what comes into the objects of JSON lines
//! (`docs/wire.md`), and ends by saying why.

mod event_stream;
mod long_poll;
mod websocket;

use crate::ear::{Cut, Ear};
use crate::error::Error;
use crate::reach::Reach;
use crate::transport::Transport;
use crate::wanted::Wanted;
use fanfare_proto::limits;
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

/// The time until a connection has opened and said so.
const GREETING_TIME: Duration = Duration::from_secs(10);
/// The time until something is heard again: the server gives a sign of life every 25 seconds.
const SILENCE_TIME: Duration = Duration::from_secs(60);
/// Bytes of one object: the largest body there can be, with every byte escaped, and its fields.
const ITEM_BYTES: usize = 6 * limits::BODY_BYTES_MAX + 128 * 1024;

/// What a transport is lent for one connection.
pub(crate) struct Line<'a> {
    pub reach: &'a Reach,
    pub wanted: &'a Wanted,
    pub ear: &'a mut Ear,
}

/// Hears over one connection, from its start to its end.
pub(crate) async fn hear(transport: Transport, line: &mut Line<'_>) -> Cut {
    let end = match transport {
        Transport::WebSocket => websocket::hear(line).await,
        Transport::EventStream => event_stream::hear(line).await,
        Transport::LongPoll => long_poll::hear(line).await,
    };
    match end {
        Ok(never) => match never {},
        Err(cut) => cut,
    }
}

/// A connection never ends well: it ends by a cut.
enum Never {}

impl Line<'_> {
    /// Waits for the next part of what is said, not longer than a server that is there stays silent.
    async fn next<T>(&self, part: impl Future<Output = T>) -> Result<T, Cut> {
        let patience = if self.ear.is_open() { SILENCE_TIME } else { GREETING_TIME };
        match timeout(patience, part).await {
            Ok(part) => Ok(part),
            Err(_) if self.ear.is_open() && !self.ear.is_alive() => Err(Cut::Held),
            Err(_) => Err(self.lost("it says nothing any more")),
        }
    }

    fn lost(&self, why: impl Into<String>) -> Cut {
        Cut::Failed(Error::Unreachable { url: self.reach.address().as_str().to_owned(), why: why.into() })
    }
}
