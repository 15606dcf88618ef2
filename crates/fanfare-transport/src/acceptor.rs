//! The acceptor: one thread with the one listener. It reads no byte; each socket goes to the worker with the fewest.

use crate::mailbox::Mailbox;
use fanfare_proto::limits;
use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token, Waker};
use socket2::SockRef;
use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long accepting pauses when there are no descriptors or no memory for more: nothing tells when there are again.
const PAUSE: Duration = Duration::from_millis(50);
/// How long it pauses when no worker takes more.
const FULL_PAUSE: Duration = Duration::from_millis(1);
/// Sockets that come faster than one in this time are taken together: a storm costs one wake-up for many.
const TOGETHER: Duration = Duration::from_micros(200);

const LISTENER: Token = Token(0);
const STOP: Token = Token(1);

/// Ends the acceptor's thread.
pub(crate) struct Stop {
    told: Arc<AtomicBool>,
    waker: Waker,
}

impl Stop {
    /// Accepts no more. The listener is closed soon.
    pub(crate) fn stop(&self) {
        self.told.store(true, Relaxed);
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "the acceptor cannot be woken");
        }
    }
}

struct Acceptor {
    listener: TcpListener,
    poll: Poll,
    mailboxes: Vec<Arc<Mailbox>>,
    told: Arc<AtomicBool>,
    /// Accepting fails for want of something; said once.
    short: bool,
}

/// Starts the acceptor.
pub(crate) fn start(
    listener: std::net::TcpListener,
    mailboxes: Vec<Arc<Mailbox>>,
) -> io::Result<(Stop, JoinHandle<()>)> {
    prepare(&listener)?;
    listener.set_nonblocking(true)?;
    let mut listener = TcpListener::from_std(listener);
    let poll = Poll::new()?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let waker = Waker::new(poll.registry(), STOP)?;
    let told = Arc::new(AtomicBool::new(false));
    let acceptor = Acceptor { listener, poll, mailboxes, told: told.clone(), short: false };
    let thread = std::thread::Builder::new().name("acceptor".into()).spawn(move || acceptor.run())?;
    Ok((Stop { told, waker }, thread))
}

/// Sets on the listener what every accepted socket inherits (tcp(7)): small writes go at once, a dead peer is noticed,
/// and what the kernel holds unsent is bounded (design rule 13). And lets more wait than most listeners do: readers
/// that were cut together come back together.
fn prepare(listener: &std::net::TcpListener) -> io::Result<()> {
    let socket = SockRef::from(listener);
    socket.listen(limits::BACKLOG)?;
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_user_timeout(Some(limits::PEER_TIME))?;
    socket.set_tcp_notsent_lowat(limits::NOTSENT_BYTES)
}

impl Acceptor {
    fn run(mut self) {
        let mut events = Events::with_capacity(4);
        let (mut pause, mut last) = (None, Instant::now());
        while !self.told.load(Relaxed) {
            if let Err(error) = self.poll.poll(&mut events, pause)
                && error.kind() != ErrorKind::Interrupted
            {
                tracing::error!(%error, "the acceptor cannot ask for events");
                std::thread::sleep(PAUSE);
            }
            if last.elapsed() < TOGETHER {
                std::thread::sleep(TOGETHER);
            }
            last = Instant::now();
            pause = self.accept();
        }
    }

    /// Accepts what there is. Answers how long to pause if that failed.
    fn accept(&mut self) -> Option<Duration> {
        while !self.told.load(Relaxed) {
            if self.mailboxes.first().is_some_and(|mailbox| mailbox.room.is_full()) {
                return Some(PAUSE);
            }
            match self.listener.accept() {
                Ok((stream, _)) => {
                    if std::mem::take(&mut self.short) {
                        tracing::info!("connections are accepted again");
                    }
                    self.hand_over(stream.into());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error)
                    if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::ConnectionAborted) => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.short, true) {
                        tracing::warn!(%error, "connections wait: accepting one failed; is `ulimit -n` too low?");
                    }
                    return Some(PAUSE);
                }
            }
        }
        None
    }

    /// Gives a socket to the worker with the fewest. While all are full the kernel's backlog keeps what comes.
    fn hand_over(&self, mut stream: TcpStream) {
        loop {
            let Some(mailbox) = self.mailboxes.iter().min_by_key(|mailbox| mailbox.load()) else { return };
            match mailbox.put(stream) {
                Ok(()) => return,
                Err(_) if self.told.load(Relaxed) => return,
                Err(back) => stream = back,
            }
            std::thread::sleep(FULL_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_sockets_inherit_what_the_listener_was_given() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        prepare(&listener).unwrap();
        let _peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(limits::PEER_TIME));
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), limits::NOTSENT_BYTES);
    }
}
