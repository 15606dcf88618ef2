//! Heads between the two versions: a request's as HTTP/1.1 would have it, for the one strict parser; and a response's
//! as HTTP/2 has it (RFC 9113 section 8).

use crate::retry::{RETRY_LATER, jitter};
use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::{Code, Framing, Refusal};
use h2::RecvStream;
use h2::ext::Protocol;
use h2::server::SendResponse;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use std::io::Write;

/// What an extended CONNECT (RFC 8441) has instead of a key.
const SWITCH: &[u8] =
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";

/// The head of a request, without its body.
pub(super) fn of(request: &Request<RecvStream>) -> Result<Vec<u8>, Refusal> {
    let bad = |detail: &str| Err(Refusal::new(Code::BAD_REQUEST, detail));
    let uri = request.uri();
    let switches = match (request.method(), request.extensions().get::<Protocol>()) {
        (&Method::CONNECT, Some(protocol)) if protocol.as_str() == "websocket" => true,
        (&Method::CONNECT, _) => return bad("CONNECT is for WebSocket alone (RFC 8441)"),
        _ => false,
    };
    let method = if switches { "GET" } else { request.method().as_str() };
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let host = request.headers().get("host").map(|host| host.as_bytes());
    let Some(authority) = uri.authority().map(|authority| authority.as_str().as_bytes()).or(host) else {
        return bad("the request has no :authority");
    };
    if host.is_some_and(|host| host != authority) {
        return bad("`host` differs from :authority");
    }
    let mut head = Vec::with_capacity(512);
    let _ = write!(head, "{method} {target} HTTP/1.1\r\nHost: ");
    head.extend_from_slice(authority);
    head.extend_from_slice(b"\r\n");
    if switches {
        head.extend_from_slice(SWITCH);
    }
    for (name, value) in request.headers() {
        // How long the body is, its stream says.
        if !matches!(name.as_str(), "host" | "content-length" | "sec-websocket-key" | "te") {
            head.extend_from_slice(name.as_str().as_bytes());
            head.extend_from_slice(b": ");
            head.extend_from_slice(value.as_bytes());
            head.extend_from_slice(b"\r\n");
        }
    }
    head.extend_from_slice(b"\r\n");
    Ok(head)
}

/// A response's head that was written for HTTP/1.1, and where it ends in these bytes.
pub(super) fn response(bytes: &[u8]) -> Option<(Response<()>, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let mut lines = std::str::from_utf8(&bytes[..end]).ok()?.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    // A WebSocket is agreed to by success (RFC 8441 section 5).
    let status = StatusCode::from_u16(if status == 101 { 200 } else { status }).ok()?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        let name = name.to_ascii_lowercase();
        if !matches!(&*name, "connection" | "transfer-encoding" | "upgrade" | "sec-websocket-accept") {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            response.headers_mut().append(name, HeaderValue::from_str(value).ok()?);
        }
    }
    Some((response, end))
}

/// Refuses a request.
pub(crate) fn refuse(node: &Node, refusal: &Refusal, origin: Option<u8>, respond: &mut SendResponse<Bytes>) {
    let mut text = Vec::new();
    let retry = jitter(RETRY_LATER);
    fanfare_proto::refuse(refusal, Framing::Length, origin, &node.origins(), node.now(), retry, &mut text);
    let Some((head, end)) = response(&text) else { return };
    if let Ok(mut send) = respond.send_response(head, false) {
        // A problem document is small, and the peer may read it when it likes.
        let _ = send.send_data(Bytes::from(text).slice(end..), true);
    }
}
