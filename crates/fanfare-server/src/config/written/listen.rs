//! Where to listen.

use super::Written;
use std::net::SocketAddr;

/// An IP address and a port; `localhost` is 127.0.0.1.
pub(in super::super) struct Listen(pub(in super::super) SocketAddr);

impl TryFrom<Written> for Listen {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Listen, Self::Error> {
        let text = written.single()?;
        let numeric = match text.strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text,
        };
        numeric.parse().map(Listen).map_err(|_| "it is not an IP address, a colon and a port")
    }
}
