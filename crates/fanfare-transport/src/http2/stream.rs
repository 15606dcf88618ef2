//! A stream that is held open: what the desk writes to, and a task that waits for the peer.

use super::head;
use super::{Http2, News};
use bytes::Bytes;
use fanfare_node::Sink;
use fanfare_proto::websocket::Decoder;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use tokio::time::{Sleep, sleep_until};

/// One held-open stream at its worker.
pub(crate) struct Stream {
    pub(crate) link: Rc<Link>,
    /// For a WebSocket: what the peer says.
    pub(crate) decoder: Option<Decoder>,
    /// What it said and the session has not heard.
    pub(crate) unheard: Bytes,
    /// A ping was sent, and nothing has come since.
    pub(crate) pinged: bool,
    /// An answer is held back, and not a stream.
    pub(crate) answers: bool,
}

/// What a stream and its task share.
pub(crate) struct Link {
    out: RefCell<Out>,
    /// The worker waits for room to write.
    blocked: Cell<bool>,
    /// The worker hears what the peer says.
    listening: Cell<bool>,
    due: Cell<Option<Instant>>,
    over: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

enum Out {
    /// The response has not begun.
    Head(SendResponse<Bytes>),
    Body(SendStream<Bytes>),
}

/// A stream as the desk sees it.
pub(crate) struct Writing<'a>(&'a Link);

impl Link {
    /// Begins the task of a stream.
    pub(crate) fn start(
        http2: &Rc<Http2>,
        key: u32,
        respond: SendResponse<Bytes>,
        body: Option<RecvStream>,
    ) -> Rc<Link> {
        let link = Rc::new(Link {
            out: RefCell::new(Out::Head(respond)),
            blocked: Cell::new(false),
            listening: Cell::new(body.is_some()),
            due: Cell::new(None),
            over: Cell::new(false),
            waker: RefCell::default(),
        });
        let (theirs, http2) = (link.clone(), http2.clone());
        tokio::task::spawn_local(async move { theirs.wait(&http2, key, body).await });
        link
    }

    pub(crate) fn sink(&self) -> Writing<'_> {
        Writing(self)
    }

    /// The socket is full: there is news when there is room.
    pub(crate) fn block(&self) {
        self.blocked.set(true);
        self.wake();
    }

    /// There is news after so long, unless this is called again before.
    pub(crate) fn expect(&self, within: Duration) {
        self.due.set(Some(Instant::now() + within));
        self.wake();
    }

    /// What the peer says is heard from now on, one piece at a time.
    pub(crate) fn listen(&self) {
        self.listening.set(true);
        self.wake();
    }

    /// Ends the stream and its task.
    pub(crate) fn end(&self, whole: bool) {
        self.over.set(true);
        if let Out::Body(send) = &mut *self.out.borrow_mut() {
            if whole {
                let _ = send.send_data(Bytes::new(), true);
            } else {
                send.send_reset(Reason::CANCEL);
            }
        }
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    async fn wait(&self, http2: &Http2, key: u32, mut body: Option<RecvStream>) {
        let mut timer = pin!(sleep_until(Instant::now().into()));
        let mut armed = None;
        poll_fn(|cx| {
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            if self.over.get() {
                return Poll::Ready(());
            }
            if self.poll_gone(cx).is_ready() {
                self.over.set(true);
                http2.tell(News::Gone(key));
                return Poll::Ready(());
            }
            if self.blocked.get() && self.poll_room(cx).is_ready() {
                self.blocked.set(false);
                http2.tell(News::Room(key));
            }
            self.poll_due(timer.as_mut(), &mut armed, cx, || http2.tell(News::Due(key)));
            if let Some(stream) = body.as_mut().filter(|_| self.listening.get())
                && let Poll::Ready(data) = stream.poll_data(cx)
            {
                self.listening.set(false);
                http2.tell(match data {
                    Some(Ok(data)) => {
                        let _ = stream.flow_control().release_capacity(data.len());
                        News::Said(key, data)
                    }
                    _ => News::Gone(key),
                });
            }
            Poll::Pending
        })
        .await;
    }

    fn poll_gone(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.out.borrow_mut() {
            Out::Head(respond) => respond.poll_reset(cx).map(drop),
            Out::Body(send) => send.poll_reset(cx).map(drop),
        }
    }

    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut *self.out.borrow_mut() {
            Out::Body(send) if send.capacity() == 0 => send.poll_capacity(cx).map(drop),
            _ => Poll::Ready(()),
        }
    }

    fn poll_due(
        &self,
        mut timer: Pin<&mut Sleep>,
        armed: &mut Option<Instant>,
        cx: &mut Context<'_>,
        tell: impl FnOnce(),
    ) {
        let Some(due) = self.due.get() else { return };
        // A deadline that moves away costs nothing until the earlier one comes.
        if armed.is_none_or(|armed| armed > due || armed <= Instant::now()) {
            timer.as_mut().reset(due.into());
            *armed = Some(due);
        }
        if timer.poll(cx).is_ready() && due <= Instant::now() {
            self.due.set(None);
            *armed = None;
            tell();
        }
    }
}

impl Sink for Writing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut out = self.0.out.borrow_mut();
        match &mut *out {
            Out::Head(respond) => {
                let (head, end) = head::response(bytes).ok_or(io::ErrorKind::InvalidData)?;
                let send = respond.send_response(head, false).map_err(io::Error::other)?;
                *out = Out::Body(send);
                Ok(end)
            }
            Out::Body(send) => {
                send.reserve_capacity(bytes.len());
                let granted = send.capacity().min(bytes.len());
                if granted == 0 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                let data = Bytes::copy_from_slice(&bytes[..granted]);
                send.send_data(data, false).map_err(io::Error::other)?;
                Ok(granted)
            }
        }
    }
}
