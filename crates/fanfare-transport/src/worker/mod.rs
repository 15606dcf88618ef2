//! A worker: one thread with its sockets, its sessions and its calls. A worker never waits for anything but events.
//!
//! A turn is bounded in everything, so that a connection that is quiet does not feel a hot channel:
//! 1. new sockets, sockets that come back from hyper, and reads: `read`, `talk`;
//! 2. whatever calls can go on with;
//! 3. deadlines: `expire`; the end: `drain`;
//! 4. what was committed is marked, and then written for a moment, first in, first out: `write`.
//!
//! The worker's sockets are in an epoll set of its own, which the runtime sees as one descriptor. A socket is put into
//! it once; no call is made to it per wait.

mod answer;
mod drain;
mod expire;
mod publish;
mod read;
mod stream;
mod talk;
mod write;

use crate::call::{Api, Calls};
use crate::checked::Terms;
use crate::http2::{Http2, Stream};
use crate::mailbox::Mailbox;
use crate::options::Options;
use crate::socket::{SocketId, Sockets};
use fanfare_node::{Desk, Node};
use fanfare_proto::limits;
use fanfare_proto::websocket::Inflater;
use mio::{Events, Poll, Registry};
use publish::Posts;
use slab::Slab;
use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::Runtime;
use tokio::task::LocalSet;

/// What a worker starts with.
pub(crate) struct Seat {
    pub(crate) node: Node,
    pub(crate) api: Api,
    pub(crate) options: Options,
    pub(crate) mailbox: Arc<Mailbox>,
}

/// One worker.
struct Worker {
    node: Node,
    options: Options,
    mailbox: Arc<Mailbox>,
    desk: Desk,
    epoll: AsyncFd<Poll>,
    events: Events,
    sockets: Sockets,
    /// Sockets with something to read, first in, first out, each once.
    reads: VecDeque<SocketId>,
    /// Sockets whose call waits until there is room. A socket that has gone meanwhile is skipped.
    line: VecDeque<SocketId>,
    calls: Rc<Calls>,
    http2: Rc<Http2>,
    /// Held-open streams of HTTP/2.
    streams: Slab<Stream>,
    /// Bytes of messages on these that are not complete.
    begun: usize,
    /// Lent to each read.
    lent: Box<[u8]>,
    /// Answers on their way to one socket.
    out: Vec<u8>,
    posts: Posts,
    /// Sockets that take answers again.
    owing: Vec<SocketId>,
    /// Lent to each compressed message.
    inflater: Inflater,
    /// The first place that was not told yet that the end has come.
    untold: Option<u32>,
}

/// Starts a worker. Its thread ends some time after its mailbox was told to drain.
pub(crate) fn start(index: usize, seat: Seat) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let poll = Poll::new()?;
    let registry = poll.registry().try_clone()?;
    let epoll = watch(&runtime, poll)?;
    let run = move || LocalSet::new().block_on(&runtime, Worker::new(seat, epoll, registry).run());
    std::thread::Builder::new().name(format!("worker-{index}")).spawn(run)
}

#[expect(
    deprecated,
    reason = "what it warns of cannot happen: a Poll keeps its one descriptor until it is dropped"
)]
fn watch(runtime: &Runtime, poll: Poll) -> io::Result<AsyncFd<Poll>> {
    let _inside = runtime.enter();
    AsyncFd::with_interest(poll, Interest::READABLE)
}

impl Worker {
    fn new(seat: Seat, epoll: AsyncFd<Poll>, registry: Registry) -> Worker {
        let Seat { node, api, options, mailbox } = seat;
        let woken = mailbox.clone();
        let desk = Desk::new(node.clone(), Arc::new(move || woken.wake()));
        let body_grace = options.patience.body;
        let terms = Terms { node: node.clone(), body_grace, crowded: Cell::new(false) };
        let calls = Rc::new(Calls::new(api.clone(), terms, mailbox.clone()));
        let http2 = Http2::new(node.clone(), api, calls.clone(), mailbox.clone());
        Worker {
            node,
            options,
            desk,
            epoll,
            events: Events::with_capacity(limits::TURN_READS),
            sockets: Sockets::new(registry, Instant::now()),
            reads: VecDeque::new(),
            line: VecDeque::new(),
            calls,
            http2: Rc::new(http2),
            streams: Slab::new(),
            begun: 0,
            mailbox,
            lent: vec![0; limits::READ_BYTES].into(),
            out: Vec::new(),
            posts: Posts::default(),
            owing: Vec::new(),
            inflater: Inflater::default(),
            untold: None,
        }
    }

    async fn run(mut self) {
        let mut busy = false;
        loop {
            self.sockets.set_now(Instant::now());
            let more = self.take_in();
            tokio::task::yield_now().await;
            if busy || more {
                // The first lets the runtime look at sockets, the second lets the calls go on that it woke.
                tokio::task::yield_now().await;
            }
            self.sockets.set_now(Instant::now());
            self.expire();
            busy = more | self.drain() | self.write() | !self.reads.is_empty();
            if self.is_over() {
                return;
            }
            if !busy {
                self.sleep().await;
            }
        }
    }

    /// Until there is something to do.
    async fn sleep(&mut self) {
        let end = self.mailbox.draining().map(|order| order.until);
        let tick = self.desk.next_tick().map(|tick| {
            let left = tick.0.saturating_sub(self.node.now().0);
            Instant::now() + Duration::from_millis(left)
        });
        let until = [self.sockets.next_expiry(), end, tick].into_iter().flatten().min();
        let expiry = async {
            match until {
                Some(until) => tokio::time::sleep_until(until.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.mailbox.woken() => {}
            // Cleared before the set is looked at, so nothing that comes in between is missed.
            readable = self.epoll.readable() => if let Ok(mut readable) = readable { readable.clear_ready() },
            () = expiry => {}
        }
    }
}
