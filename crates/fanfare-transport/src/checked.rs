//! What hyper sees of a socket: whole request heads and bodies that the strict parser passed, and nothing else.
//!
//! Where the next thing on the connection is not a request for the API (a held-open response, a malformed head, half a
//! head, a silence), hyper sees the end of the stream while it is idle, and ends. The socket and the bytes that hyper
//! did not see go back to the worker, whose front knows what to do. So there is one place that answers those.

use crate::front::{Asked, Call, ask};
use crate::pace::Pace;
use fanfare_node::Node;
use fanfare_proto::{BodyLength, Chunks, Code, Refusal, limits};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep_until};

/// Why hyper is to see no more of a connection.
#[derive(Debug)]
pub(crate) enum Left {
    /// What comes next is for the front.
    Front,
    /// The body broke a rule.
    Refused(Refusal),
    /// The peer has closed its side.
    Ended,
}

/// What the connections of one worker's calls have in common.
pub(crate) struct Terms {
    /// It knows which origins there are.
    pub(crate) node: Node,
    /// Any pace of a body will do within this time.
    pub(crate) body_grace: Duration,
    /// Others wait for room: nobody stays idle.
    pub(crate) crowded: Cell<bool>,
}

/// Where in the requests of the connection the next unread byte stands.
enum Place {
    Head,
    Length(u64),
    Chunks(Box<Chunks>),
}

/// The bytes read and not yet seen by hyper.
struct Inbox {
    bytes: Vec<u8>,
    at: usize,
    end: usize,
    /// So many of them may be seen.
    passed: usize,
}

/// One bounded read.
const READ: usize = 16 * 1024;

/// A socket as hyper may see it.
pub(crate) struct Checked {
    stream: TcpStream,
    terms: Rc<Terms>,
    inbox: Inbox,
    place: Place,
    pace: Pace,
    /// Where the request in hand comes from.
    origin: Option<u8>,
    /// The response to it has begun.
    answered: bool,
    left: Option<Left>,
    /// Whether a body broke a rule, for whoever drives hyper.
    broken: Rc<Cell<bool>>,
    reading: Timer,
    writing: Timer,
}

/// A deadline that is set only while something is awaited.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    fn poll(&mut self, until: impl FnOnce() -> Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.0.get_or_insert_with(|| Box::pin(sleep_until(until().into()))).as_mut().poll(cx)
    }

    fn stop(&mut self) {
        self.0 = None;
    }
}

impl Checked {
    /// A socket of which these bytes were read. `broken` is set once a body breaks a rule.
    pub(crate) fn new(
        stream: TcpStream,
        mut bytes: Vec<u8>,
        terms: Rc<Terms>,
        broken: Rc<Cell<bool>>,
    ) -> Checked {
        let end = bytes.len();
        bytes.resize(end.max(READ), 0);
        Checked {
            stream,
            inbox: Inbox { bytes, at: 0, end, passed: 0 },
            place: Place::Head,
            pace: Pace::new(terms.body_grace),
            terms,
            origin: None,
            answered: false,
            left: None,
            broken,
            reading: Timer::default(),
            writing: Timer::default(),
        }
    }

    /// The socket, why hyper saw no more of it, the bytes it did not see, and where the last request came from.
    /// Without a reason hyper ended by itself.
    pub(crate) fn into_parts(mut self) -> (TcpStream, Option<Left>, Vec<u8>, Option<u8>) {
        let left = match self.left {
            // Too late for another answer.
            Some(Left::Refused(_)) if self.answered => None,
            left => left,
        };
        self.inbox.bytes.truncate(self.inbox.end);
        self.inbox.bytes.drain(..self.inbox.at);
        (self.stream, left, self.inbox.bytes, self.origin)
    }

    /// Whether the last request was read to its end.
    pub(crate) fn is_between_requests(&self) -> bool {
        matches!(self.place, Place::Head)
    }

    fn leave(&mut self, left: Left) -> io::Result<()> {
        let broken = matches!(left, Left::Refused(_));
        self.left.get_or_insert(left);
        self.reading.stop();
        if broken {
            self.broken.set(true);
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(())
    }

    /// Looks at the bytes at hand. `Err` when hyper shall see no more.
    fn pass(&mut self) -> Result<(), Left> {
        let bytes = &self.inbox.bytes[self.inbox.at..self.inbox.end];
        match &mut self.place {
            Place::Head => {
                let Asked::Call(Call { head, body, origin }) = ask(bytes, &self.terms.node.origins()) else {
                    return Err(Left::Front);
                };
                self.inbox.passed = head;
                (self.origin, self.answered) = (origin, false);
                self.pace = Pace::new(self.terms.body_grace);
                self.place = match body {
                    BodyLength::None | BodyLength::Length(0) => Place::Head,
                    BodyLength::Length(length) => Place::Length(length),
                    BodyLength::Chunked => Place::Chunks(Box::default()),
                };
            }
            Place::Length(left) => {
                let passed = (*left).min(bytes.len() as u64);
                *left -= passed;
                // At most the length of a slice.
                self.inbox.passed = passed as usize;
                if *left == 0 {
                    self.place = Place::Head;
                }
            }
            Place::Chunks(chunks) => match chunks.read(bytes).map_err(Left::Refused)? {
                None => self.inbox.passed = bytes.len(),
                Some(end) => {
                    self.inbox.passed = end;
                    self.place = Place::Head;
                }
            },
        }
        Ok(())
    }

    /// Reads on. Ready when there are bytes, or a reason why hyper shall see no more.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Left>>> {
        let Inbox { bytes, at, end, .. } = &mut self.inbox;
        let mut buffer = ReadBuf::new(bytes);
        if Pin::new(&mut self.stream).poll_read(cx, &mut buffer)?.is_pending() {
            return self.poll_patience(cx).map(|left| Ok(Some(left)));
        }
        let filled = buffer.filled().len();
        (*at, *end) = (0, filled);
        self.reading.stop();
        if filled == 0 {
            return Poll::Ready(Ok(Some(Left::Ended)));
        }
        if !matches!(self.place, Place::Head) {
            self.pace.receive(filled, Instant::now());
        }
        Poll::Ready(Ok(None))
    }

    /// How long nothing may come: not long before the next request, and as long as it deserves within a body.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<Left> {
        if let Place::Head = self.place {
            if !self.terms.crowded.get() {
                ready!(self.reading.poll(|| Instant::now() + limits::CALL_IDLE_TIME, cx));
            }
            return Poll::Ready(Left::Front);
        }
        let pace = &mut self.pace;
        ready!(self.reading.poll(|| pace.wait(Instant::now()), cx));
        let detail = format!("the body arrived slower than {} bytes a second", limits::BODY_RATE);
        Poll::Ready(Left::Refused(Refusal::new(Code::TIMEOUT, detail)))
    }

    /// What a write came to. A peer that takes nothing of an answer for long is given up.
    fn written(
        &mut self,
        result: Poll<io::Result<usize>>,
        first: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        if result.is_pending() {
            ready!(self.writing.poll(|| Instant::now() + limits::ANSWER_TIME, cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.writing.stop();
        self.answered |= !first.starts_with(b"HTTP/1.1 100 ");
        result
    }

    /// Whether the answer to the request in hand will not be the API's: its body broke a rule.
    fn is_refused(&self) -> bool {
        self.broken.get() && !self.answered
    }
}

impl Read for Checked {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.left.is_some() {
                return Poll::Ready(Ok(()));
            }
            if this.inbox.passed > 0 {
                let seen = this.inbox.passed.min(buffer.remaining());
                buffer.put_slice(&this.inbox.bytes[this.inbox.at..this.inbox.at + seen]);
                this.inbox.at += seen;
                this.inbox.passed -= seen;
                return Poll::Ready(Ok(()));
            }
            let left =
                if this.inbox.at < this.inbox.end { this.pass().err() } else { ready!(this.poll_fill(cx))? };
            if let Some(left) = left {
                return Poll::Ready(this.leave(left));
            }
        }
    }
}

impl Write for Checked {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.is_refused() {
            return Poll::Pending;
        }
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.written(result, bytes, cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_refused() {
            return Poll::Pending;
        }
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.written(result, slices.first().map_or(&[], |slice| slice), cx)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// hyper is done; what becomes of the socket is not its decision.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
