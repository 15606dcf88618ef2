//! An address that may be called, as far as its text goes. What its name leads to is another question.
//!
//! The parser of browsers repairs much, and two parsers that repair differently are a hole. So what it would repair is
//! refused here, before and after: a target reads back as the text that it was.

use fanfare_proto::limits;
use std::fmt;
use std::net::IpAddr;
use url::{Host, Url};

/// A legal address of a target: `http` or `https`, a host, perhaps a port, a path, perhaps a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    url: Url,
    place: Place,
    port: u16,
}

/// Where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Name(String),
    Address(IpAddr),
}

/// Why a text is no target. It holds nothing of the text: addresses have secrets in their paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Longer than [`limits::EGRESS_URL_BYTES`].
    #[error("an address has at most {} bytes", limits::EGRESS_URL_BYTES)]
    TooLong,
    /// Spaces, control characters, backslashes or what is not ASCII.
    #[error(
        "an address is written in ASCII without spaces, control characters and `\\`; names in punycode, the rest as %XX"
    )]
    Characters,
    /// Neither of the two.
    #[error("an address begins with http:// or https://")]
    Scheme,
    /// `user:password@`.
    #[error("an address has no user and no password in it")]
    UserInfo,
    /// `#...`.
    #[error("an address has no fragment (#)")]
    Fragment,
    /// Port 0, or no number.
    #[error("a port is a number from 1 to 65535")]
    Port,
    /// Empty, or not a name as RFC 1123 writes it.
    #[error("a host is a name of letters, digits, `-`, `_` and dots, or an address")]
    Host,
    /// `0x7f.1`, `2130706433`, `127.1`, `0177.0.0.1`, `%31...`.
    #[error("an IPv4 address is written as four decimal numbers, without leading zeros")]
    Spelling,
    /// Anything else.
    #[error("this is no address")]
    Malformed,
}

impl Target {
    /// Reads an address.
    pub fn parse(text: &str) -> Result<Target, UrlError> {
        if text.len() > limits::EGRESS_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(UrlError::Characters);
        }
        let rest =
            ["http://", "https://"].iter().find_map(|scheme| strip(text, scheme)).ok_or(UrlError::Scheme)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        let url = Url::parse(text).map_err(|error| malformed(&error))?;
        Target::checked(url, authority)
    }

    /// Where a `Location` leads from here (RFC 9110 section 10.2.2).
    pub(crate) fn join(&self, location: &str) -> Result<Target, UrlError> {
        if location.len() > limits::EGRESS_URL_BYTES {
            return Err(UrlError::TooLong);
        }
        if !location.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            return Err(UrlError::Characters);
        }
        // A scheme, or two slashes, name another authority, and that is read like any.
        let own = self.url.scheme();
        if location.contains("://") && Url::parse(location).is_ok() {
            return Target::parse(location.split('#').next().unwrap_or_default());
        }
        if location.starts_with("//") {
            return Target::parse(&format!("{own}:{}", location.split('#').next().unwrap_or_default()));
        }
        let mut url = self.url.join(location).map_err(|error| malformed(&error))?;
        url.set_fragment(None);
        Target::parse(url.as_str())
    }

    fn checked(url: Url, authority: &str) -> Result<Target, UrlError> {
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::UserInfo);
        }
        let port = url.port_or_known_default().filter(|port| *port > 0).ok_or(UrlError::Port)?;
        let written = match authority.rfind(':') {
            Some(colon) if !authority.ends_with(']') => {
                let digits = &authority[colon + 1..];
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(UrlError::Port);
                }
                &authority[..colon]
            }
            _ => authority,
        };
        let place = match url.host().ok_or(UrlError::Host)? {
            Host::Ipv4(address) if written == address.to_string() => Place::Address(address.into()),
            Host::Ipv4(_) => return Err(UrlError::Spelling),
            Host::Ipv6(address) => Place::Address(IpAddr::from(address).to_canonical()),
            Host::Domain(name) if name.eq_ignore_ascii_case(written) && is_name(name) => {
                Place::Name(name.to_ascii_lowercase())
            }
            Host::Domain(_) => return Err(UrlError::Host),
        };
        Ok(Target { url, place, port })
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.url.as_str()
    }

    /// Scheme, host and port: for people and logs. The path may be secret.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Whether it is reached by TLS.
    pub fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The host as text, an IPv6 address in brackets.
    pub(crate) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// What `Host` says: the port only if it is not the scheme's own.
    pub(crate) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// Path and query, as the first line of a request has them.
    pub(crate) fn path(&self) -> &str {
        &self.url[url::Position::BeforePath..url::Position::AfterQuery]
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn strip<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(scheme.len())?;
    head.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// RFC 1123 section 2.1, with the underscore that private networks use. A dot at the end is another spelling.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn malformed(error: &url::ParseError) -> UrlError {
    match error {
        url::ParseError::InvalidPort => UrlError::Port,
        url::ParseError::InvalidIpv4Address => UrlError::Spelling,
        url::ParseError::EmptyHost | url::ParseError::IdnaError | url::ParseError::InvalidIpv6Address => {
            UrlError::Host
        }
        _ => UrlError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_plainly_is_a_target() {
        for (text, authority, port, path) in [
            ("http://hook.example/", "hook.example", 80, "/"),
            ("https://hook.example", "hook.example", 443, "/"),
            ("https://Hook.Example:8443/a/b?c=d%20e", "hook.example:8443", 8443, "/a/b?c=d%20e"),
            ("HTTPS://hook.example:443/x", "hook.example", 443, "/x"),
            ("http://192.0.2.7:81/", "192.0.2.7:81", 81, "/"),
            ("http://[2001:db8::7]:81/", "[2001:db8::7]:81", 81, "/"),
            ("http://a_b.internal/@x", "a_b.internal", 80, "/@x"),
        ] {
            let target = Target::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (&*target.authority(), target.port(), target.path()),
                (authority, port, path),
                "{text}"
            );
        }
    }

    fn error(text: &str) -> UrlError {
        Target::parse(text).expect_err(text)
    }

    #[test]
    fn what_is_no_plain_address_is_refused() {
        for text in
            ["ftp://a/", "file:///etc/passwd", "gopher://a/", "//a/", "a", "", "http:a", "http:/a", "unix:/x"]
        {
            assert_eq!(error(text), UrlError::Scheme, "{text}");
        }
        for text in "http://u@a/ http://u:p@a/ http://@a/ http://a@b@c/ https://1.1.1.1@127.0.0.1/".split(' ')
        {
            assert_eq!(error(text), UrlError::UserInfo, "{text}");
        }
        for text in [
            "http://a b/",
            " http://a/",
            "http://a/\n",
            "http://a\\b/",
            "http:\\\\a",
            "http://é/",
            "http://a/\t",
        ] {
            assert_eq!(error(text), UrlError::Characters, "{text}");
        }
        for text in ["http://a/#x", "http://a#"] {
            assert_eq!(error(text), UrlError::Fragment, "{text}");
        }
        for text in "http://a:0/ http://a:/ http://a:65536/ http://a:+80/ http://a:8o/".split(' ') {
            assert_eq!(error(text), UrlError::Port, "{text}");
        }
        assert_eq!(error(&format!("http://a/{}", "x".repeat(2048))), UrlError::TooLong);
    }

    #[test]
    fn a_host_that_would_be_repaired_is_refused() {
        for text in ["http://１２７.0.0.1/", "http://127。0。0。1/", "http://ⓛocalhost/"] {
            assert_eq!(error(text), UrlError::Characters, "{text}");
        }
        for text in "http://0x7f.1/ http://2130706433/ http://127.1/ http://0177.0.0.1/ http://0x7f000001/ http://127.0.0.1./ \
            http://127.0.0.01/ http://1.2.3.4.5/ http://256.1.1.1/ http://%3127.0.0.1/"
            .split_whitespace()
        {
            assert_eq!(error(text), UrlError::Spelling, "{text}");
        }
        for text in "http://a./ http://-a/ http://a..b/ http://%61/ http://a%2eb/ http://a,b/ http://a*b/ http://[::1%25eth0]/ \
            http://[::1/ http://[1]/ http:///x http://?x"
            .split_whitespace()
        {
            // The parser may see a broken host in more than one way; that it is refused is what counts.
            assert!(matches!(error(text), UrlError::Host | UrlError::Malformed), "{text}");
        }
    }

    #[test]
    fn addresses_in_ipv6_are_what_they_carry() {
        for text in
            ["http://[::ffff:127.0.0.1]/", "http://[::FFFF:7f00:1]/", "http://[0:0:0:0:0:ffff:7f00:0001]/"]
        {
            let target = Target::parse(text).unwrap();
            assert_eq!(target.place(), &Place::Address("127.0.0.1".parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn a_location_is_read_from_where_it_was_said() {
        let from = Target::parse("https://a.example/b/c?d").unwrap();
        for (location, to) in [
            ("/x", "https://a.example/x"),
            ("y?z#f", "https://a.example/b/y?z"),
            ("?z", "https://a.example/b/c?z"),
            ("../../../x", "https://a.example/x"),
            ("//other.example/x", "https://other.example/x"),
            ("http://other.example:81/x#f", "http://other.example:81/x"),
            ("/x?to=http://c/", "https://a.example/x?to=http://c/"),
        ] {
            assert_eq!(from.join(location).map(|to| to.to_string()).as_deref(), Ok(to), "{location}");
        }
        for location in ["http://u@b/", "//0x7f.1/", "file:///x", "http://127.1/", "\\\\b/", "javascript:1"] {
            assert!(from.join(location).is_err(), "{location}");
        }
    }
}
