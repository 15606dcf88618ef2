//! HTTP/2 (RFC 9113) in clear, by prior knowledge. A connection is a task of its own; a stream that is held open is a
//! session at the worker's desk, as a socket is; every other request goes to the API. The strict parser decides here,
//! too: what a request asks for is read from the head that HTTP/1.1 would have.

mod body;
mod call;
mod head;
mod io;
mod stream;

pub(crate) use head::refuse;
pub(crate) use stream::{Link, Stream};

use crate::call::{Api, Calls};
use crate::front::{Asked, Refused, ask};
use crate::mailbox::Mailbox;
use bytes::Bytes;
use fanfare_node::Node;
use fanfare_proto::{Code, Framing, Hold, Refusal, limits};
use h2::RecvStream;
use h2::server::{Builder, SendResponse};
use http::Request;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;

/// What streams tell their worker.
#[expect(
    clippy::large_enum_variant,
    reason = "few wait at a time, and a box for each stream would cost more"
)]
pub(crate) enum News {
    /// A request that is to be held open.
    Open(Hold, SendResponse<Bytes>, RecvStream),
    /// There is room to write again.
    Room(u32),
    /// Its deadline has come.
    Due(u32),
    /// The peer of a WebSocket said this.
    Said(u32, Bytes),
    /// The peer has left.
    Gone(u32),
}

/// The HTTP/2 connections of one worker.
pub(crate) struct Http2 {
    builder: Builder,
    api: Api,
    calls: Rc<Calls>,
    node: Node,
    connections: Cell<usize>,
    news: RefCell<VecDeque<News>>,
    mailbox: Arc<Mailbox>,
    drain: Notify,
}

impl Http2 {
    pub(crate) fn new(node: Node, api: Api, calls: Rc<Calls>, mailbox: Arc<Mailbox>) -> Http2 {
        let mut builder = Builder::new();
        builder
            .max_concurrent_streams(limits::STREAMS)
            .max_header_list_size(limits::HEAD_BYTES as u32)
            .max_concurrent_reset_streams(limits::STREAMS_RESET)
            .max_pending_accept_reset_streams(limits::STREAMS_RESET)
            .max_local_error_reset_streams(Some(limits::STREAMS_RESET))
            .max_send_buffer_size(limits::STREAM_BYTES)
            .initial_window_size(limits::STREAM_WINDOW)
            .initial_connection_window_size(limits::CONNECTION_WINDOW)
            .enable_connect_protocol();
        let (connections, news, drain) = (Cell::new(0), RefCell::default(), Notify::new());
        Http2 { builder, node, api, calls, connections, news, mailbox, drain }
    }

    /// Connections that are open.
    pub(crate) fn len(&self) -> usize {
        self.connections.get()
    }

    /// The oldest news.
    pub(crate) fn take(&self) -> Option<News> {
        self.news.borrow_mut().pop_front()
    }

    fn tell(&self, news: News) {
        self.news.borrow_mut().push_back(news);
        self.mailbox.wake();
    }

    /// Ends every connection once its streams have ended.
    pub(crate) fn drain(&self) {
        self.drain.notify_waiters();
    }

    /// Serves a connection of which these bytes were read. To be called within the worker's task set.
    pub(crate) fn start(self: &Rc<Self>, stream: TcpStream, bytes: Vec<u8>) {
        let counted = Counted::new(self.clone());
        tokio::task::spawn_local(async move {
            if let Err(error) = counted.http2.serve(stream, bytes).await {
                tracing::debug!(%error, "an HTTP/2 connection ended");
            }
        });
    }

    async fn serve(self: &Rc<Self>, stream: TcpStream, bytes: Vec<u8>) -> Result<(), h2::Error> {
        let Ok(stream) = tokio::net::TcpStream::from_std(stream) else { return Ok(()) };
        let shaken = self.builder.handshake(io::Prefixed::new(stream, bytes));
        let Ok(shaken) = tokio::time::timeout(limits::HEAD_TIME, shaken).await else { return Ok(()) };
        let mut connection = shaken?;
        let mut ending = self.mailbox.draining().is_some();
        if ending {
            connection.graceful_shutdown();
        }
        loop {
            let idle = tokio::time::sleep(limits::IDLE_TIME);
            tokio::select! {
                request = connection.accept() => match request {
                    None => return Ok(()),
                    Some(request) => {
                        let (request, respond) = request?;
                        self.take_request(request, respond);
                    }
                },
                () = self.drain.notified(), if !ending => {
                    ending = true;
                    connection.graceful_shutdown();
                }
                // Nobody uses it.
                () = idle, if !ending && !connection.has_streams() => {
                    ending = true;
                    connection.graceful_shutdown();
                }
            }
        }
    }

    fn take_request(self: &Rc<Self>, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let busy = Refused::closing(Code::BUSY, None);
        let refused = match self.asked(&request) {
            Ok(Some(hold)) if self.news.borrow().len() < limits::ORDERS => {
                return self.tell(News::Open(hold, respond, request.into_body()));
            }
            Ok(None) if self.calls.has_room() => {
                let (node, api, calls) = (self.node.clone(), self.api.clone(), self.calls.clone());
                tokio::task::spawn_local(call::serve(node, api, calls, request, respond));
                return;
            }
            Ok(_) => busy,
            Err(refused) => refused,
        };
        self.mailbox.counts.refused.of(refused.refusal.code).add(1);
        refuse(&self.node, &refused.refusal, refused.origin, &mut respond);
    }

    /// What is to be held open, if it is that.
    fn asked(&self, request: &Request<RecvStream>) -> Result<Option<Hold>, Refused> {
        let closing = |refusal| Refused::closing(refusal, None);
        let bad = |detail: &str| Err(closing(Refusal::new(Code::BAD_REQUEST, detail)));
        let head = head::of(request).map_err(closing)?;
        match ask(&head, &self.node.origins()) {
            Asked::Hold(hold, _) if hold.handshake.is_none() && !request.body().is_end_stream() => {
                bad("a request that is held open has no body")
            }
            Asked::Hold(mut hold, _) => {
                // Streams delimit themselves.
                hold.wire.framing = match hold.wire.framing {
                    Framing::WebSocket(bits) => Framing::WebSocket(bits),
                    Framing::Chunked | Framing::Close => Framing::Close,
                    Framing::Length | Framing::LengthClose => Framing::Length,
                };
                Ok(Some(hold))
            }
            Asked::Publish(..) | Asked::Call(_) => Ok(None),
            Asked::Refused(refused) => Err(refused),
            Asked::More | Asked::Http2 => bad("the head is not one"),
        }
    }
}

/// Counts a connection for as long as it is open.
struct Counted {
    http2: Rc<Http2>,
}

impl Counted {
    fn new(http2: Rc<Http2>) -> Counted {
        http2.connections.set(http2.connections.get() + 1);
        Counted { http2 }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.http2.connections.set(self.http2.connections.get() - 1);
        self.http2.mailbox.closed();
        self.http2.mailbox.wake();
    }
}
