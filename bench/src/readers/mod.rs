//! Thousands of event streams or WebSockets on one thread: an epoll set, one read buffer for all, and no work per
//! delivery but finding where events end.

mod counting;
mod hearing;
mod socket;
mod stream;

pub use counting::{Counting, body};
pub use hearing::Hearing;
pub use stream::Event;

use crate::outcome::Result;
use mio::{Events, Interest, Poll, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use stream::Stream;

/// How long readers may hear nothing while something is awaited.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a turn waits, so that callers can look at the clock.
const TURN: Duration = Duration::from_millis(10);
/// One read. More than the server writes in one turn.
const READ_BYTES: usize = 256 * 1024;
/// Connections that are opened before their answers are read: fewer than the server's backlog takes.
const OPENING: usize = 64;
/// Connections of one source address: each has about 28,000 ports.
const PER_ADDRESS: usize = 5_000;

/// What asks for a WebSocket.
const SWITCH: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// Event streams that are all read by who calls [`Readers::pump`].
pub struct Readers {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    readers: Vec<Reader>,
    buffer: Vec<u8>,
}

struct Reader {
    socket: TcpStream,
    conversation: Conversation,
}

/// How a reader is told.
enum Conversation {
    Stream(Stream),
    WebSocket(socket::Socket),
}

/// What is done with what readers hear.
pub trait Audience {
    /// A reader, by its number, heard an event. An error ends the run.
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()>;
}

/// Nobody may hear anything.
pub struct Silence;

impl Audience for Silence {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        Err(format!("reader {reader} heard {event:?} before anything was said").into())
    }
}

impl Readers {
    /// None yet.
    pub fn new(address: SocketAddr) -> Result<Readers> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
        Ok(Readers { address, poll, events, readers: Vec::new(), buffer: vec![0; READ_BYTES] })
    }

    /// Opens `count` more event streams and waits until each was accepted. `opened` is told how many there are.
    pub fn connect(&mut self, count: usize, target: &str, opened: &mut dyn FnMut(usize)) -> Result<()> {
        let end = self.readers.len() + count;
        while self.readers.len() < end {
            let first = self.readers.len();
            for _ in 0..OPENING.min(end - first) {
                let number = self.open(target)?;
                self.watch(number)?;
            }
            while !self.readers[first..].iter().all(Reader::is_open) {
                self.turn(&mut Silence)?;
            }
            opened(self.readers.len());
        }
        Ok(())
    }

    /// Reads those from number `first` on no more, until [`Readers::thaw`].
    pub fn freeze(&mut self, first: usize) -> Result<()> {
        let registry = self.poll.registry();
        let mut frozen = self.readers[first..].iter_mut();
        Ok(frozen.try_for_each(|reader| registry.deregister(&mut reader.socket))?)
    }

    /// Reads those from number `first` on again.
    pub fn thaw(&mut self, first: usize) -> Result<()> {
        (first..self.readers.len()).try_for_each(|number| self.watch(number))
    }

    /// Reads until `done` is true, which is asked after each turn; fails when nothing comes for long.
    pub fn pump<A: Audience>(&mut self, audience: &mut A, mut done: impl FnMut(&A) -> bool) -> Result<()> {
        let mut quiet_since = Instant::now();
        while !done(audience) {
            if self.turn(audience)? {
                quiet_since = Instant::now();
            } else if quiet_since.elapsed() > PATIENCE {
                return Err("readers wait in vain for what was published".into());
            }
        }
        Ok(())
    }

    /// Waits a little for something to read, and reads it. Answers whether there was something.
    fn turn(&mut self, audience: &mut dyn Audience) -> Result<bool> {
        match self.poll.poll(&mut self.events, Some(TURN)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(false),
            polled => polled?,
        }
        for event in &self.events {
            let number = event.token().0;
            self.readers[number].read(number, &mut self.buffer, audience)?;
        }
        Ok(!self.events.is_empty())
    }

    /// Connects and asks; answers the reader's number.
    fn open(&mut self, target: &str) -> Result<usize> {
        let number = self.readers.len();
        let host = u8::try_from(2 + number / PER_ADDRESS)?;
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, host), 0)).into())?;
        socket.connect(&self.address.into())?;
        let mut socket = std::net::TcpStream::from(socket);
        let host = self.address;
        let (lines, conversation) = match target.contains("via=ws") {
            true => (SWITCH, Conversation::WebSocket(socket::Socket::default())),
            false => ("Accept: text/event-stream\r\n", Conversation::Stream(Stream::default())),
        };
        write!(socket, "GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n")?;
        socket.set_nonblocking(true)?;
        self.readers.push(Reader { socket: TcpStream::from_std(socket), conversation });
        Ok(number)
    }

    fn watch(&mut self, number: usize) -> Result<()> {
        let socket = &mut self.readers[number].socket;
        Ok(self.poll.registry().register(socket, Token(number), Interest::READABLE)?)
    }
}

impl Reader {
    fn is_open(&self) -> bool {
        match &self.conversation {
            Conversation::Stream(stream) => stream.is_open(),
            Conversation::WebSocket(socket) => socket.is_open(),
        }
    }

    fn take(&mut self, number: usize, bytes: &[u8], audience: &mut dyn Audience) -> Result<()> {
        let mut hear = |event: &Event<'_>| audience.hear(number, event);
        match &mut self.conversation {
            Conversation::Stream(stream) => stream.take(bytes, &mut hear),
            Conversation::WebSocket(socket) => {
                socket.take(bytes, &mut hear)?;
                for _ in 0..std::mem::take(&mut socket.pings) {
                    self.socket.write_all(socket::PONG)?;
                }
                Ok(())
            }
        }
    }

    /// Reads all there is. Readiness is told once (edge-triggered): a read that does not fill the buffer took it all.
    fn read(&mut self, number: usize, buffer: &mut [u8], audience: &mut dyn Audience) -> Result<()> {
        loop {
            match self.socket.read(buffer) {
                Ok(0) => return Err(format!("the server closed reader {number}").into()),
                Ok(length) => {
                    self.take(number, &buffer[..length], audience)?;
                    if length < buffer.len() {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("reader {number}: {error}").into()),
            }
        }
    }
}
