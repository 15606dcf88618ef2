//! Requests that are answered at once, by the API.

use super::body::Incoming;
use crate::call::{Api, Calls};
use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::{HttpDate, limits};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderValue, Request, header};
use http_body_util::BodyExt;
use std::future::poll_fn;
use std::rc::Rc;
use tokio::time::timeout;
use tower::ServiceExt;

/// Answers one request.
pub(super) async fn serve(
    node: Node,
    api: Api,
    calls: Rc<Calls>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let _running = calls.running();
    let grace = calls.terms.body_grace;
    let mut request = request.map(|stream| Incoming::new(stream, grace).boxed_unsync());
    // What HTTP/1.1 has in a header, for who answers both.
    let host = request.uri().authority().and_then(|host| HeaderValue::from_str(host.as_str()).ok());
    if let Some(host) = host {
        request.headers_mut().insert(header::HOST, host);
    }
    let gone = poll_fn(|cx| respond.poll_reset(cx));
    let answer = tokio::select! {
        answer = api.oneshot(request) => answer,
        // Nobody waits for it any more.
        _ = gone => return,
    };
    let Ok(answer) = answer;
    let (mut head, mut body) = answer.into_parts();
    for name in [header::CONNECTION, header::TRANSFER_ENCODING] {
        head.headers.remove(name);
    }
    // RFC 9110 section 6.6.1; for HTTP/1.1 hyper does it.
    if let Ok(date) = HeaderValue::from_str(&HttpDate(node.now()).to_string()) {
        head.headers.entry(header::DATE).or_insert(date);
    }
    let empty = hyper::body::Body::is_end_stream(&body);
    let Ok(mut send) = respond.send_response(http::Response::from_parts(head, ()), empty) else { return };
    if empty {
        return;
    }
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return send.send_reset(Reason::INTERNAL_ERROR) };
        let Ok(data) = frame.into_data() else { continue };
        if write(&mut send, data).await.is_none() {
            return send.send_reset(Reason::CANCEL);
        }
    }
    let _ = send.send_data(Bytes::new(), true);
}

/// Writes as the peer takes it. `None` if it is gone, or takes nothing for long.
async fn write(send: &mut SendStream<Bytes>, mut data: Bytes) -> Option<()> {
    while !data.is_empty() {
        send.reserve_capacity(data.len());
        let granted = match send.capacity() {
            0 => timeout(limits::ANSWER_TIME, poll_fn(|cx| send.poll_capacity(cx))).await.ok()??.ok()?,
            granted => granted,
        };
        send.send_data(data.split_to(granted.min(data.len())), false).ok()?;
    }
    Some(())
}
