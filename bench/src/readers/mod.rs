//! Thousands of readers on one thread: an epoll set, one read buffer for all, and no work per delivery but finding where
//! messages end.

mod hearing;
mod numbers;

pub use hearing::Hearing;
pub use numbers::{body, number_of};

use crate::ears::{Ear, Event};
use crate::outcome::Result;
use crate::servers::{Kind, Way};
use mio::{Events, Interest, Poll, Registry, Token, net::TcpStream};
use socket2::{Domain, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

/// How long readers may hear nothing while something is awaited.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a turn waits, so that callers can look at the clock.
const TURN: Duration = Duration::from_millis(10);
/// One read. More than the server writes in one turn.
const READ_BYTES: usize = 256 * 1024;
/// Connections that are opened before their answers are read: fewer than the server's backlog takes.
const OPENING: usize = 128;
/// Connections of one source address, and the ports they use. The kernel would look for a free one each time.
const PER_ADDRESS: usize = 5_000;
const PORTS: std::ops::Range<u16> = 10_000..60_000;

/// What is watched beside the readers.
pub const BESIDE: Token = Token(usize::MAX);

/// What readers ask for.
pub struct Wish {
    /// What a reader says first, by its number.
    pub hello: Box<dyn Fn(usize) -> Vec<u8>>,
    pub ear: Box<dyn Fn() -> Ear>,
}

impl Wish {
    /// To hear a channel of this server.
    pub fn of(kind: &'static Kind, way: Way, address: SocketAddr) -> Wish {
        let hello = move |number| (kind.hello)(way, address, number);
        Wish { hello: Box::new(hello), ear: Box::new(move || (kind.ear)(way)) }
    }

    /// To hear what Fanfare gives at a target.
    pub fn target(target: &str, way: Way, address: SocketAddr) -> Wish {
        let ear = if way == Way::Ws { Ear::websocket } else { Ear::event_stream };
        let hello = crate::servers::get(target, way, address);
        Wish { hello: Box::new(move |_| hello.clone()), ear: Box::new(ear) }
    }
}

/// Readers that are all read by who calls [`Readers::pump`] or [`Readers::turn`].
pub struct Readers {
    address: SocketAddr,
    /// The third number of the first source address.
    net: u8,
    poll: Poll,
    events: Events,
    readers: Vec<Reader>,
    /// Readers that are not accepted yet.
    opening: usize,
    port: u16,
    buffer: Vec<u8>,
}

struct Reader {
    socket: TcpStream,
    ear: Ear,
}

/// What a turn saw.
#[derive(Debug, Default, Clone, Copy)]
pub struct Turn {
    pub heard: bool,
    pub beside: bool,
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
    /// None yet. They will come from addresses of 127.0.`net`.0.
    pub fn new(address: SocketAddr, net: u8) -> Result<Readers> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(1024));
        Ok(Readers {
            address,
            net,
            poll,
            events,
            readers: Vec::new(),
            opening: 0,
            port: PORTS.start,
            buffer: vec![0; READ_BYTES],
        })
    }

    /// Where something can be watched as [`BESIDE`].
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Readers.
    pub fn len(&self) -> usize {
        self.readers.len()
    }

    /// Lets all of them go.
    pub fn leave(&mut self) {
        self.readers.clear();
        self.opening = 0;
    }

    /// Opens `count` more and waits until each was accepted. `opened` is told how many there are.
    pub fn connect(
        &mut self,
        count: usize,
        wish: &Wish,
        audience: &mut dyn Audience,
        opened: &mut dyn FnMut(usize),
    ) -> Result<()> {
        let end = self.readers.len() + count;
        let (mut began, mut before) = (Instant::now(), self.opening);
        while self.open_up_to(end, wish)? {
            self.turn(audience, TURN)?;
            if self.opening != before {
                (began, before) = (Instant::now(), self.opening);
                opened(self.readers.len() - self.opening);
            } else if began.elapsed() > PATIENCE {
                return Err(format!("{} readers are not accepted", self.opening).into());
            }
        }
        Ok(())
    }

    /// Opens more until there are `end`, or as many as the server takes at a time. Answers whether some are not accepted yet.
    pub fn open_up_to(&mut self, end: usize, wish: &Wish) -> Result<bool> {
        while self.readers.len() < end && self.opening < OPENING {
            let number = self.open(wish)?;
            self.watch(number)?;
        }
        Ok(self.readers.len() < end || self.opening > 0)
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
            if self.turn(audience, TURN)?.heard {
                quiet_since = Instant::now();
            } else if quiet_since.elapsed() > PATIENCE {
                return Err("readers wait in vain for what was published".into());
            }
        }
        Ok(())
    }

    /// Waits up to `wait` for something to read, and reads it.
    pub fn turn(&mut self, audience: &mut dyn Audience, wait: Duration) -> Result<Turn> {
        match self.poll.poll(&mut self.events, Some(wait)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(Turn::default()),
            polled => polled?,
        }
        let mut turn = Turn::default();
        for event in &self.events {
            if event.token() == BESIDE {
                turn.beside = true;
            } else if let Some(reader) = self.readers.get_mut(event.token().0) {
                turn.heard = true;
                let was_open = reader.ear.is_open();
                reader.read(event.token().0, &mut self.buffer, audience)?;
                self.opening -= usize::from(!was_open && reader.ear.is_open());
            }
        }
        Ok(turn)
    }

    /// Connects and asks; answers the reader's number.
    fn open(&mut self, wish: &Wish) -> Result<usize> {
        let number = self.readers.len();
        let host = Ipv4Addr::new(127, 0, self.net, u8::try_from(2 + number / PER_ADDRESS)?);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        // Leaving is no part of what is measured, and leaves no port taken.
        socket.set_linger(Some(Duration::ZERO))?;
        loop {
            self.port = if self.port + 1 < PORTS.end { self.port + 1 } else { PORTS.start };
            match socket.bind(&SocketAddr::from((host, self.port)).into()) {
                Err(error) if error.kind() == ErrorKind::AddrInUse => {}
                bound => break bound?,
            }
        }
        socket.connect(&self.address.into())?;
        let mut socket = std::net::TcpStream::from(socket);
        socket.write_all(&(wish.hello)(number))?;
        socket.set_nonblocking(true)?;
        let (socket, ear) = (TcpStream::from_std(socket), (wish.ear)());
        self.opening += usize::from(!ear.is_open());
        self.readers.push(Reader { socket, ear });
        Ok(number)
    }

    fn watch(&mut self, number: usize) -> Result<()> {
        let socket = &mut self.readers[number].socket;
        Ok(self.poll.registry().register(socket, Token(number), Interest::READABLE)?)
    }
}

impl Reader {
    fn take(&mut self, number: usize, bytes: &[u8], audience: &mut dyn Audience) -> Result<()> {
        let mut answer = Vec::new();
        self.ear.take(bytes, &mut |event| audience.hear(number, event), &mut answer)?;
        if !answer.is_empty() {
            self.socket.write_all(&answer)?;
        }
        Ok(())
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
