//! The head of a request (RFC 9112), read by the one strict parser. Everything behind it (our own held-open
//! responses, and hyper for the rest) sees only heads that mean one thing.
//!
//! Not here: what the request asks for. That is [`Route`](crate::Route).

mod blame;
mod check;
mod find;

pub(crate) use find::is_token;

use crate::{Code, Refusal, limits};
use std::mem::MaybeUninit;

/// The version a request speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// HTTP/1.0: no chunks, no `Host` needed.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// How a request's body is delimited (RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks, read by [`Chunks`](crate::Chunks).
    Chunked,
}

/// A request head that broke no rule. Borrows the bytes it was read from.
#[derive(Debug, Clone, PartialEq)]
pub struct Head<'a> {
    /// The method, as sent: methods are case-sensitive (RFC 9110 section 9.1).
    pub method: &'a str,
    /// The request target, as sent.
    pub target: &'a str,
    /// The version.
    pub version: Version,
    /// The header lines in order, at most [`limits::HEADERS`].
    headers: Vec<httparse::Header<'a>>,
    /// A bit for each name of these: most names that are asked for are not there.
    named: u64,
    /// Where in `target` path and query begin; its length where an absolute target has neither.
    path_at: usize,
    body: BodyLength,
}

/// The bit of a name, by its length and first letter.
pub(crate) const fn bit(name: &str) -> u64 {
    let first = match name.as_bytes() {
        [first, ..] => *first | 0x20,
        [] => 0,
    };
    1 << ((name.len() * 7 + first as usize) % 64)
}

impl<'a> Head<'a> {
    /// Reads a head from the start of `bytes`. Answers the head and how many bytes it takes, or `None` while its
    /// end has not come. The answer is the same however the bytes are cut.
    ///
    /// Refused, and the connection is to be closed, since nobody knows where the next request would begin:
    /// - 400 for what is malformed, ambiguous or a known trick (line ends without CR, obs-fold, two `Host`,
    ///   `Content-Length` beside `Transfer-Encoding`, ...), with the line that is wrong;
    /// - 414 and 431 beyond [`limits::TARGET_BYTES`], [`limits::HEAD_BYTES`] and [`limits::HEADERS`];
    /// - 505 for versions other than 1.0 and 1.1.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Head<'a>, usize)>, Refusal> {
        let Some(found) = find::head(bytes)? else { return Ok(None) };
        let said = &bytes[found.clone()];
        let mut headers = [const { MaybeUninit::uninit() }; limits::HEADERS];
        let mut request = httparse::Request::new(&mut []);
        let parsed = request.parse_with_uninit_headers(said, &mut headers);
        parsed.map_err(|error| blame::refusal(error, said))?;
        let (Some(method), Some(target), Some(version)) = (request.method, request.path, request.version)
        else {
            return Err(Refusal::new(Code::BAD_REQUEST, "the request line is incomplete"));
        };
        if target.len() > limits::TARGET_BYTES {
            return Err(find::target_too_long(target.len()));
        }
        let version = if version == 0 { Version::Http10 } else { Version::Http11 };
        let headers = request.headers.to_vec();
        let named = headers.iter().fold(0, |named, header| named | bit(header.name));
        let mut head = Head { method, target, version, headers, named, path_at: 0, body: BodyLength::None };
        head.path_at = check::target(&head)?;
        head.body = check::body(&head)?;
        Ok(Some((head, found.end)))
    }

    /// The path of the target, still percent-encoded; `/` where an absolute target has none.
    pub fn path(&self) -> &'a str {
        let (path, _) = self.split();
        if path.is_empty() { "/" } else { path }
    }

    /// The query of the target without its `?`, still percent-encoded; empty where there is none.
    pub fn query(&self) -> &'a str {
        self.split().1
    }

    fn split(&self) -> (&'a str, &'a str) {
        let rest = &self.target[self.path_at..];
        let end = memchr::memchr(b'?', rest.as_bytes());
        end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]))
    }

    /// The header lines in order: name as sent, value without white space around it.
    pub fn headers(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> + '_ {
        self.headers.iter().map(|header| (header.name, header.value.trim_ascii()))
    }

    /// Names of these bits may be there, and no others.
    pub(crate) fn named(&self) -> u64 {
        self.named
    }

    /// The values of all lines of this name, in order.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + 'n {
        let some = self.named & bit(name) != 0;
        let headers = if some { &self.headers[..] } else { &[] };
        let named = headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        named.map(|header| header.value.trim_ascii())
    }

    /// The value of the first line of this name.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        if self.named & bit(name) == 0 {
            return None;
        }
        let found = self.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.map(|header| header.value.trim_ascii())
    }

    /// The value of the first line of this name, if it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.get(name)?).ok()
    }

    /// Whether a list header has this member, in any of its lines (RFC 9110 section 5.6.1); case does not matter.
    pub fn lists(&self, name: &str, member: &str) -> bool {
        let members = self.all(name).flat_map(|value| value.split(|byte| *byte == b','));
        members.map(<[u8]>::trim_ascii).any(|other| other.eq_ignore_ascii_case(member.as_bytes()))
    }

    /// How the body is delimited.
    pub fn body(&self) -> BodyLength {
        self.body
    }

    /// Whether the sender waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    pub fn expect_continue(&self) -> bool {
        self.version == Version::Http11
            && self.body != BodyLength::None
            && self.get("expect").is_some_and(|value| value.eq_ignore_ascii_case(b"100-continue"))
    }

    /// Whether the connection may serve another request (RFC 9112 section 9.3).
    pub fn keep_alive(&self) -> bool {
        let close = self.lists("connection", "close");
        !close && (self.version == Version::Http11 || self.lists("connection", "keep-alive"))
    }
}
