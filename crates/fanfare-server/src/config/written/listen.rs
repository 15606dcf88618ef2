//! Where to listen.

use serde::Deserialize;
use std::net::SocketAddr;

/// An IP address and a port; `localhost` is 127.0.0.1.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in super::super) struct Listen(pub(in super::super) SocketAddr);

impl TryFrom<String> for Listen {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Listen, Self::Error> {
        let numeric = match text.trim().strip_prefix("localhost:") {
            Some(port) => format!("127.0.0.1:{port}"),
            None => text.trim().to_owned(),
        };
        numeric.parse().map(Listen).map_err(|_| "it is not an IP address, a colon and a port")
    }
}
