//! Requests that are answered at once: hyper on the worker's own thread, over the API's service. A socket comes here
//! with the first request for the API on it, and goes back to the worker when something else is next.

use crate::checked::{Checked, Left, Terms};
use crate::front::Refused;
use bytes::Bytes;
use fanfare_proto::limits;
use http::{Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper_util::rt::TokioTimer;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::net::TcpStream;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use tokio::sync::Notify;
use tower::util::BoxCloneSyncService;
use tower::{Service, ServiceExt};

use crate::mailbox::Mailbox;

/// Any error of a body.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The body of a request.
pub type RequestBody = UnsyncBoxBody<Bytes, BoxError>;

/// What answers every request that is not held open.
pub type Api =
    BoxCloneSyncService<Request<RequestBody>, Response<UnsyncBoxBody<Bytes, BoxError>>, Infallible>;

/// Makes an [`Api`] of any service over HTTP, such as a router.
pub fn api<S, B>(service: S) -> Api
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let boxed = |response: Response<B>| response.map(|body| body.map_err(Into::into).boxed_unsync());
    Api::new(service.map_response(boxed))
}

/// A socket that comes back from hyper.
pub(crate) struct Back {
    pub(crate) stream: TcpStream,
    pub(crate) then: Then,
}

/// What is to be done with it.
pub(crate) enum Then {
    /// The front goes on from these bytes.
    Front(Vec<u8>),
    /// It is refused, and closed.
    Refuse(Refused),
    /// It is closed as soon as the peer has read the last response.
    Linger,
}

/// The calls in progress at one worker.
pub(crate) struct Calls {
    api: Api,
    http: Builder,
    pub(crate) terms: Rc<Terms>,
    running: Cell<usize>,
    back: RefCell<VecDeque<Back>>,
    mailbox: Arc<Mailbox>,
    draining: Cell<bool>,
    drain: Notify,
}

impl Calls {
    pub(crate) fn new(api: Api, terms: Terms, mailbox: Arc<Mailbox>) -> Calls {
        let mut http = Builder::new();
        // The front has read every head already; these are a second line.
        http.timer(TokioTimer::new())
            .header_read_timeout(limits::IDLE_TIME)
            .max_buf_size(limits::READ_BYTES)
            .half_close(true);
        Calls {
            api,
            http,
            terms: Rc::new(terms),
            running: Cell::new(0),
            back: RefCell::default(),
            mailbox,
            draining: Cell::new(false),
            drain: Notify::new(),
        }
    }

    /// Calls in progress.
    pub(crate) fn len(&self) -> usize {
        self.running.get()
    }

    /// Whether none is in progress and none has come back.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0 && self.back.borrow().is_empty()
    }

    /// Whether there is room for another.
    pub(crate) fn has_room(&self) -> bool {
        self.len() < limits::CALLS
    }

    /// The next socket that has come back.
    pub(crate) fn take_back(&self) -> Option<Back> {
        self.back.borrow_mut().pop_front()
    }

    /// Ends connections when the request in hand is answered.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.drain.notify_waiters();
    }

    /// Counts a request that is answered elsewhere, until this is dropped.
    pub(crate) fn running(self: &Rc<Self>) -> impl Sized + use<> {
        let running = Running::new(self.clone());
        running.given.set(true);
        running
    }

    /// Serves the request at the start of these bytes, which were read from the socket, and those after it. To be
    /// called within the worker's task set.
    pub(crate) fn start(self: &Rc<Self>, stream: TcpStream, bytes: Vec<u8>) {
        let running = Running::new(self.clone());
        tokio::task::spawn_local(async move {
            if let Some(back) = running.calls.serve(stream, bytes).await {
                running.back(back);
            }
        });
    }

    async fn serve(&self, stream: TcpStream, bytes: Vec<u8>) -> Option<Back> {
        let stream = tokio::net::TcpStream::from_std(stream).ok()?;
        let broken = Rc::new(Cell::new(false));
        let checked = Checked::new(stream, bytes, self.terms.clone(), broken.clone());
        let service = service_fn(|request: Request<Incoming>| {
            let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
            self.api.clone().oneshot(request)
        });
        let mut connection = self.http.serve_connection(checked, service);
        let mut drained = pin!(self.drain.notified());
        drained.as_mut().enable();
        let mut told = false;
        poll_fn(|cx| {
            // How it ended is read from what is left.
            let mut ended = Pin::new(&mut connection).poll(cx).is_ready();
            // Not before hyper has seen the request that brought the socket here: it would not be answered.
            if !ended && !told && (self.draining.get() || drained.as_mut().poll(cx).is_ready()) {
                told = true;
                Pin::new(&mut connection).graceful_shutdown();
                ended = Pin::new(&mut connection).poll(cx).is_ready();
            }
            if ended || broken.get() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        back(connection.into_parts().io)
    }
}

/// What becomes of a socket after hyper.
fn back(checked: Checked) -> Option<Back> {
    let between = checked.is_between_requests();
    let (stream, left, bytes, origin) = checked.into_parts();
    let then = match left {
        Some(Left::Ended) => return None,
        Some(Left::Front) => Then::Front(bytes),
        Some(Left::Refused(refusal)) => Then::Refuse(Refused::closing(refusal, origin)),
        // Nothing is on its way that the peer's kernel could answer with a reset.
        None if between && bytes.is_empty() => return None,
        None => Then::Linger,
    };
    Some(Back { stream: stream.into_std().ok()?, then })
}

/// Counts a call for as long as it runs, whatever ends it.
struct Running {
    calls: Rc<Calls>,
    /// The socket was given back, not closed.
    given: Cell<bool>,
}

impl Running {
    fn new(calls: Rc<Calls>) -> Running {
        calls.running.set(calls.running.get() + 1);
        Running { calls, given: Cell::new(false) }
    }

    fn back(&self, back: Back) {
        self.given.set(true);
        self.calls.back.borrow_mut().push_back(back);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.calls.running.set(self.calls.running.get() - 1);
        if !self.given.get() {
            self.calls.mailbox.closed();
        }
        self.calls.mailbox.wake();
    }
}
