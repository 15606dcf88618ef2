//! A publish whose request is whole: it can be answered where it arrived.

use crate::door::read_headed;
use crate::{BodyLength, Channel, Head, Publish, Query, RESERVED, RequestName, Version, decode_path, media};
use bytes::Bytes;

/// A request that publishes its body, read to its end.
#[derive(Debug, PartialEq)]
pub struct Post {
    /// What it publishes.
    pub publish: Publish,
    /// Bytes of its body.
    pub length: usize,
    /// How it calls itself.
    pub name: Option<RequestName>,
}

impl Post {
    /// Reads a publish of which all bytes are here: `after` begins behind the head. `None` for any other request, for one
    /// whose body has not come or that is for later, and for one that is wrong: the API says what is wrong with it.
    pub fn read(head: &Head<'_>, after: &[u8]) -> Option<Post> {
        let plain = matches!(head.method, "POST" | "PUT") && head.version == Version::Http11;
        let BodyLength::Length(length) = head.body() else { return None };
        let length = usize::try_from(length).ok().filter(|length| plain && *length <= after.len())?;
        let special = ["content-encoding", "expect"].iter().any(|name| head.get(name).is_some());
        if special || !head.keep_alive() || !head.target.bytes().all(is_plain) {
            return None;
        }
        let channel = channel(head.path())?;
        let query = Query::parse(head.query()).ok()?;
        let body = Bytes::copy_from_slice(&after[..length]);
        let publish = read_headed(channel, &query, head.named(), |name| head.all(name), body)
            .ok()
            .filter(|publish| publish.when.is_none() && !has_parts(publish))?;
        let name = head.get(RequestName::HEADER).and_then(RequestName::parse);
        Some(Post { publish, length, name })
    }
}

/// Whether the body is many messages.
fn has_parts(publish: &Publish) -> bool {
    let content_type = publish.content.content_type.as_deref();
    content_type.is_some_and(|content_type| media::is(content_type, "multipart/x-mixed-replace"))
}

/// A byte that every reader of targets takes (RFC 3986 section 3.3 and 3.4).
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/?%-._~!$&'()*+,;=:@".contains(&byte)
}

/// The channel of a path: `/c/<channel>`, or the bare name of one segment.
fn channel(path: &str) -> Option<Channel> {
    let name = match path.strip_prefix("/c/") {
        Some(name) => name,
        None => path.strip_prefix('/').filter(|name| !name.contains('/'))?,
    };
    let short = !path.starts_with("/c/");
    let name = decode_path(name).ok()?;
    // Behind a channel's name, what begins with `$` belongs to the channel and is not part of it.
    if memchr::memmem::find(name.as_bytes(), b"/$").is_some() || short && RESERVED.contains(&&*name) {
        return None;
    }
    Channel::parse(&name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Post> {
        let (head, end) = Head::parse(text.as_bytes()).unwrap().unwrap();
        Post::read(&head, &text.as_bytes()[end..])
    }

    fn named(target: &str) -> Option<String> {
        let text = format!("POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi and more");
        read(&text).map(|post| post.publish.channel.as_str().to_owned())
    }

    #[test]
    fn whole_publishes_are_read() {
        let text = "PUT /c/a/b?key=k HTTP/1.1\r\nHost: x\r\nTTL: 60\r\nX-Request-Id: n-1\r\nContent-Length: 2\r\n\r\nhi and more";
        let Post { publish, length, name } = read(text).unwrap();
        assert_eq!(name.unwrap().as_str(), "n-1");
        assert_eq!((publish.channel.as_str(), length), ("a/b", 2));
        assert_eq!((&*publish.content.body, publish.content.key.as_deref()), (&b"hi"[..], Some("k")));
        assert!(publish.ttl.is_some());
    }

    #[test]
    fn channels_are_those_of_the_api() {
        for (target, name) in [("/c/a/b", "a/b"), ("/alerts", "alerts"), ("/c/caf%C3%A9", "café")] {
            assert_eq!(named(target).as_deref(), Some(name));
        }
        for target in
            ["/publish", "/a/b", "/c/", "/c/a/$latest", "/c/a/%24purge", "/c/a%2Fb", "/c/a/*", "/c/a?x=1"]
        {
            assert_eq!(named(target), None, "{target}");
        }
    }

    #[test]
    fn all_that_is_not_plain_is_left_to_the_api() {
        let head = |lines: &str| format!("POST /c/a HTTP/1.1\r\nHost: x\r\n{lines}\r\nhi");
        assert!(read(&head("Content-Length: 2\r\n")).is_some());
        for lines in [
            "",
            "Content-Length: 3\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Content-Length: 2\r\nExpect: 100-continue\r\n",
            "Content-Length: 2\r\nContent-Encoding: gzip\r\n",
            "Content-Length: 2\r\nConnection: close\r\n",
            "Content-Length: 2\r\nPriority: 9\r\n",
            "Content-Length: 2\r\nDelay: 9\r\n",
        ] {
            assert!(read(&head(lines)).is_none(), "{lines}");
        }
        assert!(read("POST /c/a HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi").is_none());
        assert!(read("GET /c/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi").is_none());
    }
}
