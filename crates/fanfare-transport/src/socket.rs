//! The sockets of one worker: a slab whose chunks stay where they are, each socket with its deadline in the wheel and
//! its place in the worker's epoll set.

use crate::wheel::{TICK, Tick, Wheel};
use fanfare_proto::websocket::Decoder;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use std::io;
use std::net::TcpStream;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// A socket's place in the slab, and which of the sockets that had this place it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SocketId {
    /// The place: the key of its session, too.
    pub(crate) index: u32,
    generation: u32,
}

impl SocketId {
    /// The socket that an event is about.
    pub(crate) fn of(token: Token) -> SocketId {
        let bits = token.0 as u64;
        SocketId { index: bits as u32, generation: (bits >> 32) as u32 }
    }

    fn token(self) -> Token {
        Token((u64::from(self.generation) << 32 | u64::from(self.index)) as usize)
    }
}

/// What a socket is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// A request is awaited.
    Head,
    /// A request for the API waits until there is room for it.
    InLine,
    /// A publish waits until it is kept.
    Publishing,
    /// Answers wait until the socket takes them.
    Owing,
    /// A stream is held open.
    Stream,
    /// A WebSocket: a stream is held open, and the peer speaks, too.
    Talk {
        /// A ping was sent, and nothing has come since.
        pinged: bool,
    },
    /// An answer is held back until there is something to say.
    Answer,
    /// The last response was sent; what still comes is thrown away, so that the peer can read it.
    Lingering,
}

impl State {
    /// Whether the desk has a session for it.
    pub(crate) fn is_held(self) -> bool {
        matches!(self, State::Stream | State::Talk { .. } | State::Answer)
    }

    /// Whether a request that is answered even if nothing follows it is in hand.
    pub(crate) fn is_called(self) -> bool {
        matches!(self, State::InLine | State::Publishing)
    }
}

/// One socket.
pub(crate) struct Socket {
    pub(crate) stream: TcpStream,
    /// When something must have happened...
    deadline: Tick,
    /// ...and when its entry in the wheel comes out, no later than that.
    armed: Tick,
    pub(crate) state: State,
    /// It is in the line of sockets to be read.
    pub(crate) queued: bool,
    /// The peer has ended its side, or the socket has failed.
    pub(crate) ended: bool,
    /// Nothing more is read until the request in hand is answered.
    pub(crate) deaf: bool,
    /// Nearly every socket has none.
    kept: Option<Box<Kept>>,
}

/// What came of something that is not complete.
#[derive(Default)]
struct Kept {
    /// Bytes that were read too early: half a head, or requests sent ahead.
    rest: Vec<u8>,
    /// A WebSocket message that is not complete.
    decoder: Option<Decoder>,
    /// Answers that the socket has not taken.
    owed: Vec<u8>,
}

impl Kept {
    fn is_empty(&self) -> bool {
        self.rest.is_empty() && self.decoder.is_none() && self.owed.is_empty()
    }
}

struct Slot {
    generation: u32,
    socket: Option<Socket>,
}

const CHUNK: usize = 256;

/// The sockets of one worker.
pub(crate) struct Sockets {
    chunks: Vec<Box<[Slot]>>,
    free: Vec<u32>,
    len: usize,
    registry: Registry,
    wheel: Wheel<SocketId>,
    began: Instant,
    now: Duration,
    /// Bytes in all `rest` and all `owed`.
    kept: usize,
    /// Bytes in all `decoder`.
    begun: usize,
}

impl Sockets {
    /// For the epoll set of this registry.
    pub(crate) fn new(registry: Registry, now: Instant) -> Sockets {
        Sockets {
            chunks: Vec::new(),
            free: Vec::new(),
            len: 0,
            registry,
            wheel: Wheel::new(0),
            began: now,
            now: Duration::ZERO,
            kept: 0,
            begun: 0,
        }
    }

    /// Sets the clock, once a turn.
    pub(crate) fn set_now(&mut self, now: Instant) {
        self.now = now.saturating_duration_since(self.began);
    }

    /// Adds a socket and watches it, both ways, edge-triggered, until it is removed.
    pub(crate) fn insert(&mut self, stream: TcpStream, state: State) -> io::Result<SocketId> {
        let index = match self.free.last() {
            Some(index) => *index,
            None => self.grow(),
        };
        let slot = &mut self.chunks[index as usize / CHUNK][index as usize % CHUNK];
        let id = SocketId { index, generation: slot.generation };
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.registry.register(&mut SourceFd(&stream.as_raw_fd()), id.token(), interest)?;
        slot.socket = Some(Socket {
            stream,
            deadline: Tick::MAX,
            armed: Tick::MAX,
            state,
            queued: false,
            ended: false,
            deaf: false,
            kept: None,
        });
        self.free.pop();
        self.len += 1;
        Ok(id)
    }

    /// Makes room for more sockets; answers a free place, which is the last in `free`.
    fn grow(&mut self) -> u32 {
        let first = (self.chunks.len() * CHUNK) as u32;
        self.chunks.push((0..CHUNK).map(|_| Slot { generation: 0, socket: None }).collect());
        self.free.extend((first..first + CHUNK as u32).rev());
        first
    }

    fn slot(&mut self, id: SocketId) -> Option<&mut Slot> {
        let slot = self.chunks.get_mut(id.index as usize / CHUNK)?.get_mut(id.index as usize % CHUNK)?;
        (slot.generation == id.generation).then_some(slot)
    }

    /// The socket, if it is still there.
    pub(crate) fn get(&mut self, id: SocketId) -> Option<&mut Socket> {
        self.slot(id)?.socket.as_mut()
    }

    /// The socket at a place, if there is one.
    pub(crate) fn at(&mut self, index: u32) -> Option<(SocketId, &mut Socket)> {
        let slot = self.chunks.get_mut(index as usize / CHUNK)?.get_mut(index as usize % CHUNK)?;
        let id = SocketId { index, generation: slot.generation };
        slot.socket.as_mut().map(|socket| (id, socket))
    }

    /// Takes a socket out; it is not watched any more. Its kept bytes go with it.
    pub(crate) fn remove(&mut self, id: SocketId) -> Option<(TcpStream, Vec<u8>)> {
        let rest = self.take_rest(id);
        self.take_owed(id);
        self.take_begun(id);
        let slot = self.slot(id)?;
        let socket = slot.socket.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        self.len -= 1;
        let _ = self.registry.deregister(&mut SourceFd(&socket.stream.as_raw_fd()));
        Some((socket.stream, rest))
    }

    /// Keeps bytes that came too early, after those that are kept already.
    pub(crate) fn keep(&mut self, id: SocketId, bytes: &[u8]) {
        if let Some(socket) = self.get(id)
            && !bytes.is_empty()
        {
            socket.kept.get_or_insert_default().rest.extend_from_slice(bytes);
            self.kept += bytes.len();
        }
    }

    /// Bytes kept of this socket.
    pub(crate) fn rest_len(&mut self, id: SocketId) -> usize {
        self.get(id).and_then(|socket| socket.kept.as_ref()).map_or(0, |kept| kept.rest.len())
    }

    /// Takes the kept bytes.
    pub(crate) fn take_rest(&mut self, id: SocketId) -> Vec<u8> {
        let Some(socket) = self.get(id) else { return Vec::new() };
        let Some(kept) = socket.kept.as_deref_mut() else { return Vec::new() };
        let rest = std::mem::take(&mut kept.rest);
        if kept.is_empty() {
            socket.kept = None;
        }
        self.kept -= rest.len();
        rest
    }

    /// Bytes kept of all sockets, and of answers to them.
    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    /// Keeps the beginning of a message.
    pub(crate) fn keep_begun(&mut self, id: SocketId, decoder: Decoder) {
        let held = decoder.held();
        if let Some(socket) = self.get(id) {
            socket.kept.get_or_insert_default().decoder = Some(decoder);
            self.begun += held;
        }
    }

    /// Takes the beginning of a message.
    pub(crate) fn take_begun(&mut self, id: SocketId) -> Option<Decoder> {
        let socket = self.get(id)?;
        let decoder = socket.kept.as_deref_mut()?.decoder.take()?;
        if socket.kept.as_deref().is_some_and(Kept::is_empty) {
            socket.kept = None;
        }
        self.begun -= decoder.held();
        Some(decoder)
    }

    /// Keeps answers that the socket has not taken: those to the requests of one read.
    pub(crate) fn owe(&mut self, id: SocketId, answers: Vec<u8>) {
        self.take_owed(id);
        if let Some(socket) = self.get(id)
            && !answers.is_empty()
        {
            let bytes = answers.len();
            socket.kept.get_or_insert_default().owed = answers;
            self.kept += bytes;
        }
    }

    /// Whether the socket has not taken all answers.
    pub(crate) fn owes(&mut self, id: SocketId) -> bool {
        self.get(id).and_then(|socket| socket.kept.as_ref()).is_some_and(|kept| !kept.owed.is_empty())
    }

    /// Takes the answers that the socket has not taken.
    pub(crate) fn take_owed(&mut self, id: SocketId) -> Vec<u8> {
        let Some(socket) = self.get(id) else { return Vec::new() };
        let Some(kept) = socket.kept.as_deref_mut() else { return Vec::new() };
        let owed = std::mem::take(&mut kept.owed);
        if kept.is_empty() {
            socket.kept = None;
        }
        self.kept -= owed.len();
        owed
    }

    /// Bytes of messages that are not complete.
    pub(crate) fn begun(&self) -> usize {
        self.begun
    }

    /// Sets a socket's deadline, so long from now.
    pub(crate) fn expect(&mut self, id: SocketId, within: Duration) {
        let due = ticks(self.now.saturating_add(within)).saturating_add(1);
        let Some(socket) = self.get(id) else { return };
        socket.deadline = due;
        if due < socket.armed {
            let armed = self.wheel.insert(due, id);
            if let Some(socket) = self.get(id) {
                socket.armed = armed;
            }
        }
    }

    /// Sets a socket's deadline, unless it has a sooner one.
    pub(crate) fn expect_sooner(&mut self, id: SocketId, within: Duration) {
        let due = ticks(self.now.saturating_add(within)).saturating_add(1);
        if self.get(id).is_some_and(|socket| due < socket.deadline) {
            self.expect(id, within);
        }
    }

    /// Appends the sockets whose deadline has come, after looking at no more than `most` entries of the wheel.
    pub(crate) fn expire(&mut self, most: usize, out: &mut Vec<SocketId>) {
        let now = ticks(self.now);
        let mut entries = Vec::new();
        self.wheel.expire(now, most, &mut entries);
        for (tick, id) in entries {
            let Some(socket) = self.get(id) else { continue };
            if socket.armed != tick {
                continue;
            }
            socket.armed = Tick::MAX;
            let deadline = socket.deadline;
            if deadline <= now {
                out.push(id);
                continue;
            }
            let armed = self.wheel.insert(deadline, id);
            if let Some(socket) = self.get(id) {
                socket.armed = armed;
            }
        }
    }

    /// When the wheel has something next.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.wheel.soonest().and_then(|tick| self.began.checked_add(TICK.saturating_mul(tick)))
    }

    /// Sockets.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Places; every socket's index is below.
    pub(crate) fn places(&self) -> u32 {
        (self.chunks.len() * CHUNK) as u32
    }
}

fn ticks(time: Duration) -> Tick {
    Tick::try_from(time.as_millis() / TICK.as_millis()).unwrap_or(Tick::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn pair(listener: &TcpListener) -> (TcpStream, TcpStream) {
        let near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (near, listener.accept().unwrap().0)
    }

    #[test]
    fn a_socket_is_small() {
        assert!(size_of::<Slot>() <= 32, "{}", size_of::<Slot>());
        assert_eq!(size_of::<SocketId>(), 8);
    }

    #[test]
    fn deadlines_move_and_come_once() {
        let (poll, began) = (mio::Poll::new().unwrap(), Instant::now());
        let mut sockets = Sockets::new(poll.registry().try_clone().unwrap(), began);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let id = sockets.insert(pair(&listener).1, State::Head).unwrap();
        let expired = |sockets: &mut Sockets, seconds| {
            sockets.set_now(began + Duration::from_secs(seconds));
            let mut out = Vec::new();
            sockets.expire(usize::MAX / 2, &mut out);
            out
        };
        sockets.expect(id, Duration::from_secs(75));
        sockets.expect(id, Duration::from_secs(10));
        assert_eq!(expired(&mut sockets, 9), []);
        sockets.expect(id, Duration::from_secs(75));
        assert_eq!(expired(&mut sockets, 50), []);
        assert_eq!(expired(&mut sockets, 83), []);
        assert_eq!(expired(&mut sockets, 90), [id]);
        assert_eq!((expired(&mut sockets, 900), sockets.next_expiry()), (vec![], None));
        sockets.expect(id, Duration::from_secs(5));
        assert!(sockets.remove(id).is_some());
        assert_eq!(expired(&mut sockets, 2000), []);
    }

    #[test]
    fn places_are_used_again_and_old_names_mean_nothing() {
        let poll = mio::Poll::new().unwrap();
        let mut sockets = Sockets::new(poll.registry().try_clone().unwrap(), Instant::now());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let id = sockets.insert(pair(&listener).1, State::Head).unwrap();
        sockets.keep(id, b"GET ");
        sockets.keep(id, b"/");
        assert_eq!((sockets.rest_len(id), sockets.kept(), sockets.len()), (5, 5, 1));
        sockets.owe(id, b"HTTP/1.1 201".to_vec());
        sockets.owe(id, b"HTTP".to_vec());
        assert_eq!((sockets.kept(), sockets.owes(id)), (9, true));
        assert_eq!(sockets.remove(id).unwrap().1, b"GET /");
        assert_eq!((sockets.kept(), sockets.len()), (0, 0));
        let other = sockets.insert(pair(&listener).1, State::Head).unwrap();
        assert_eq!(other.index, id.index);
        assert!(sockets.get(id).is_none() && sockets.remove(id).is_none() && sockets.get(other).is_some());
        assert_eq!(SocketId::of(other.token()), other);
        assert_eq!(sockets.at(other.index).unwrap().0, other);
    }
}
