//! The thin front: what bytes ask for. One strict parser decides, for the worker's own sockets and for what goes to
//! hyper alike.

use fanfare_proto::{
    BodyLength, Code, Head, Hold, Origins, Post, Publish, Refusal, RequestName, Route, Version, route,
};

/// What every connection of HTTP/2 begins with (RFC 9113 section 3.4).
pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What the bytes at the start of a request ask for.
#[derive(Debug)]
pub(crate) enum Asked {
    /// The head is not complete.
    More,
    /// A response that is held open. The next request begins after so many bytes.
    Hold(Hold, usize),
    /// A publish of which everything is here. The next request begins after so many bytes.
    Publish(Box<Publish>, Asker, usize),
    /// What the API answers.
    Call(Call),
    /// To go on in HTTP/2.
    Http2,
    /// Nothing, for a reason that is told.
    Refused(Refused),
}

/// Who publishes, as far as the answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The allowed origin it comes from.
    pub(crate) origin: Option<u8>,
    /// How it calls its request.
    pub(crate) name: Option<RequestName>,
}

/// A request for the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Call {
    /// Bytes of its head.
    pub(crate) head: usize,
    /// How its body is delimited.
    pub(crate) body: BodyLength,
    /// The allowed origin it comes from.
    pub(crate) origin: Option<u8>,
}

/// A refusal and what becomes of the connection.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) refusal: Refusal,
    pub(crate) origin: Option<u8>,
    /// Where the next request begins; `None` if nobody knows, or if there shall be none.
    pub(crate) next: Option<usize>,
}

impl Refused {
    /// A refusal after which the connection is closed.
    pub(crate) fn closing(refusal: impl Into<Refusal>, origin: Option<u8>) -> Refused {
        Refused { refusal: refusal.into(), origin, next: None }
    }
}

/// Reads what a request asks for.
pub(crate) fn ask(bytes: &[u8], origins: &Origins) -> Asked {
    // No method begins like this.
    if bytes.starts_with(b"PRI ") && PREFACE.starts_with(&bytes[..bytes.len().min(PREFACE.len())]) {
        return if bytes.len() < PREFACE.len() { Asked::More } else { Asked::Http2 };
    }
    let (head, length) = match Head::parse(bytes) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Asked::More,
        Err(refusal) => return Asked::Refused(Refused::closing(refusal, None)),
    };
    let origin = head.text("origin").and_then(|origin| origins.find(origin));
    let refused = |refusal| {
        let empty = matches!(head.body(), BodyLength::None | BodyLength::Length(0));
        // An older client waits for the end, and after HEAD nobody expects the document.
        let open = head.version == Version::Http11 && head.keep_alive() && head.method != "HEAD";
        let next = (empty && open).then_some(length);
        Asked::Refused(Refused { refusal, origin, next })
    };
    match route(&head, origins) {
        Ok(Route::Hold(hold)) => Asked::Hold(hold, length),
        Ok(Route::Call) if let Some(post) = Post::read(&head, &bytes[length..]) => {
            let asker = Asker { origin, name: post.name };
            Asked::Publish(Box::new(post.publish), asker, length + post.length)
        }
        Ok(Route::Call) => match http::Uri::try_from(head.target) {
            Ok(_) => Asked::Call(Call { head: length, body: head.body(), origin }),
            Err(error) => {
                refused(Refusal::new(Code::BAD_REQUEST, format!("the request target is no URI: {error}")))
            }
        },
        Err(refusal) => refused(refusal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &str) -> Asked {
        ask(text.as_bytes(), &Origins::new(["https://a.example"]))
    }

    #[test]
    fn requests_go_to_the_worker_or_to_the_api() {
        let hold = "GET /c/a?via=sse HTTP/1.1\r\nHost: x\r\n\r\n";
        assert!(matches!(asked(hold), Asked::Hold(_, length) if length == hold.len()));
        assert!(matches!(asked(&format!("{hold}GET /")), Asked::Hold(_, length) if length == hold.len()));
        let call = "POST /c/a HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\nContent-Length: 4\r\n\r\n";
        let expected = Call { head: call.len(), body: BodyLength::Length(4), origin: Some(0) };
        assert!(matches!(asked(&format!("{call}bod")), Asked::Call(call) if call == expected));
        let whole = call.len() + "body".len();
        let asker = Asker { origin: Some(0), name: None };
        assert!(
            matches!(asked(&format!("{call}body")), Asked::Publish(_, from, next) if (&from, next) == (&asker, whole))
        );
        assert!(matches!(asked(&call[..call.len() - 1]), Asked::More));
    }

    #[test]
    fn a_refusal_keeps_the_connection_if_the_next_request_can_be_found() {
        let next = |text: &str| match asked(text) {
            Asked::Refused(refused) => refused.next,
            other => panic!("{other:?}"),
        };
        let semantic = "GET /c/a?via=sse&nonsense=1 HTTP/1.1\r\nHost: x\r\n\r\n";
        assert_eq!(next(semantic), Some(semantic.len()));
        assert_eq!(next("GET /c/a?via=no HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"), None);
        assert_eq!(next("GET /c/a?via=no HTTP/1.0\r\nHost: x\r\n\r\n"), None);
        assert_eq!(next("GET /c/a HTTP/1.1\r\n\r\n"), None);
        assert_eq!(next("GET /c/<a> HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n\r\n"), None);
        assert_eq!(next("HEAD /c/<a> HTTP/1.1\r\nHost: x\r\n\r\n"), None);
        assert!(next("POST /c/<a> HTTP/1.1\r\nHost: x\r\n\r\n").is_some());
    }
}
