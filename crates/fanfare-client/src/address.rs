//! Where a server is.

use crate::error::Error;
use crate::target::Target;
use http::Uri;
use std::net::IpAddr;

/// The base of a server's addresses: a scheme, an authority, and perhaps a path before ours.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    base: String,
    local: bool,
}

impl Address {
    /// Reads `http://host:port`, `https://host/path`, or `host:port`, which is the first.
    pub fn parse(given: &str) -> Result<Address, Error> {
        let wrong = |why| Error::Address { address: given.to_owned(), why };
        let url = if given.contains("://") { given.to_owned() } else { format!("http://{given}") };
        let uri: Uri = url.parse().map_err(|_| wrong("it is not a URL"))?;
        let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it has no host"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
            return Err(wrong("it must be http or https, without a query"));
        }
        Ok(Address { local: is_local(host), base: url.trim_end_matches('/').to_owned() })
    }

    /// As it is shown.
    pub fn as_str(&self) -> &str {
        &self.base
    }

    /// Whether it is this machine, to which no proxy leads.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// The whole address of a target.
    pub fn of(&self, target: &Target) -> String {
        format!("{}{}", self.base, target.as_str())
    }

    /// The same as a WebSocket's (RFC 6455 section 3).
    pub fn socket(&self, target: &Target) -> String {
        self.of(target).replacen("http", "ws", 1)
    }
}

fn is_local(host: &str) -> bool {
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_or_refused() {
        let target = Target::new("/subscribe");
        for (given, expected, local) in [
            ("localhost:8080", "ws://localhost:8080/subscribe", true),
            ("http://[::1]:80/", "ws://[::1]:80/subscribe", true),
            ("https://push.example.org/fanfare/", "wss://push.example.org/fanfare/subscribe", false),
        ] {
            let address = Address::parse(given).unwrap();
            assert_eq!((&*address.socket(&target), address.is_local()), (expected, local), "{given}");
        }
        for given in ["", "http://", "ftp://a", "http://a/?b=c", "a b"] {
            assert!(matches!(Address::parse(given), Err(Error::Address { .. })), "{given}");
        }
    }
}
