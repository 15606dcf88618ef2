//! What comes in: new sockets, sockets that come back from hyper, and bytes.

use super::Worker;
use crate::call::{Back, Then};
use crate::front::{Asked, Refused, ask};
use crate::socket::{SocketId, State};
use fanfare_proto::{Code, Refusal, limits};
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

/// How a read ended.
#[derive(PartialEq)]
pub(super) enum Filled {
    /// There is no more for now; an event tells when there is.
    Drained,
    /// The buffer is full.
    Full,
    /// The peer will send nothing more.
    Ended,
}

impl Worker {
    /// Takes a turn's share of what has come. Answers whether there may be more.
    pub(super) fn take_in(&mut self) -> bool {
        let mut taken = 0;
        while taken < limits::TURN_SOCKETS
            && let Some(stream) = self.mailbox.take()
        {
            let draining = self.untold.is_some();
            let within = if draining { limits::LINGER_TIME } else { self.options.patience.head };
            self.adopt(stream, State::Head, Vec::new(), within);
            self.mailbox.counts.sockets.add(1);
            taken += 1;
        }
        let mut back = 0;
        while back < limits::TURN_SOCKETS
            && let Some(socket) = self.calls.take_back()
        {
            self.take_back(socket);
            back += 1;
        }
        let more = self.take_events() | self.take_news() | self.take_posted();
        self.posts.count = 0;
        for _ in 0..limits::TURN_READS {
            if self.posts.count >= limits::TURN_ALL_POSTS {
                break;
            }
            let Some(id) = self.reads.pop_front() else { break };
            self.read(id);
        }
        self.post_live();
        self.start_calls();
        more || !self.reads.is_empty() || taken.max(back) == limits::TURN_SOCKETS
    }

    /// Looks at events of the worker's sockets. Answers whether there may be more.
    fn take_events(&mut self) -> bool {
        if let Err(error) = self.epoll.get_mut().poll(&mut self.events, Some(Duration::ZERO)) {
            if error.kind() != ErrorKind::Interrupted {
                tracing::error!(%error, "a worker cannot ask for events");
            }
            return error.kind() == ErrorKind::Interrupted;
        }
        let mut count = 0;
        for event in &self.events {
            count += 1;
            let id = SocketId::of(event.token());
            let Some(socket) = self.sockets.get(id) else { continue };
            socket.ended |= event.is_read_closed() || event.is_write_closed() || event.is_error();
            if event.is_writable() {
                match socket.state {
                    State::Owing => self.owing.push(id),
                    state if state.is_held() => self.desk.writable(id.index),
                    _ => {}
                }
            }
            if (event.is_readable() || socket.ended) && !std::mem::replace(&mut socket.queued, true) {
                self.reads.push_back(id);
            }
        }
        for id in std::mem::take(&mut self.owing) {
            self.pay(id);
        }
        count == limits::TURN_READS
    }

    /// Puts a socket in line to be read.
    pub(super) fn queue(&mut self, id: SocketId) {
        if let Some(socket) = self.sockets.get(id)
            && !std::mem::replace(&mut socket.queued, true)
        {
            self.reads.push_back(id);
        }
    }

    /// Takes a socket into the slab, with the bytes that were read of it, and has a first look at it.
    fn adopt(
        &mut self,
        stream: TcpStream,
        state: State,
        bytes: Vec<u8>,
        within: Duration,
    ) -> Option<SocketId> {
        match self.sockets.insert(stream, state) {
            Ok(id) => {
                self.sockets.keep(id, &bytes);
                self.sockets.expect(id, within);
                self.queue(id);
                Some(id)
            }
            Err(error) => {
                tracing::warn!(%error, "a socket cannot be watched and is closed");
                self.mailbox.closed();
                None
            }
        }
    }

    fn take_back(&mut self, Back { stream, then }: Back) {
        match then {
            Then::Front(bytes) => {
                let within = self.idle_time(bytes.len());
                self.adopt(stream, State::Head, bytes, within);
            }
            Then::Refuse(refused) => {
                if let Some(id) = self.adopt(stream, State::Head, Vec::new(), limits::LINGER_TIME) {
                    self.refuse(id, &refused);
                }
            }
            Then::Linger => {
                if let Some(id) = self.adopt(stream, State::Lingering, Vec::new(), limits::LINGER_TIME) {
                    self.linger(id);
                }
            }
        }
    }

    /// How long a connection may wait for the rest of the next head, of which so many bytes are here.
    pub(super) fn idle_time(&self, bytes: usize) -> Duration {
        let patience = self.options.patience;
        match bytes {
            0 if self.untold.is_some() => limits::FAREWELL_TIME,
            _ if self.untold.is_some() => limits::LINGER_TIME,
            0 if self.mailbox.room.is_tight() => patience.idle.min(limits::CALL_IDLE_TIME),
            0 => patience.idle,
            _ => patience.head,
        }
    }

    fn read(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get(id) else { return };
        socket.queued = false;
        match socket.state {
            State::Head => self.read_head(id),
            State::InLine | State::Publishing | State::Stream | State::Answer => self.read_ahead(id),
            // What comes is read once the answers are taken; if the peer has gone, nobody takes them.
            State::Owing => socket.deaf = true,
            State::Talk { .. } => self.read_talk(id),
            State::Lingering => self.read_away(id),
        }
    }

    /// Reads a request head and does what it asks for.
    fn read_head(&mut self, id: SocketId) {
        let rest = self.sockets.take_rest(id);
        let kept = rest.len().min(self.lent.len());
        self.lent[..kept].copy_from_slice(&rest[..kept]);
        // While room is short, little is read of what nobody may keep.
        let short = self.sockets.kept() > limits::HEADS_BYTES / 2;
        let end = if short { self.lent.len().min(kept + limits::AHEAD_BYTES) } else { self.lent.len() };
        let Some(socket) = self.sockets.get(id) else { return };
        let (read, filled) = fill(&socket.stream, &mut self.lent[kept..end], socket.ended);
        let length = kept + read;
        let ended = filled == Filled::Ended;
        match ask(&self.lent[..length], &self.node.origins()) {
            // Whoever has left needs no answer.
            Asked::More | Asked::Hold(..) if ended => return self.close(id),
            Asked::More => self.wait_for_head(id, kept, length),
            Asked::Hold(hold, next) => {
                // Half of the room is left for heads that are on their way.
                if next < length && self.sockets.kept() + length > limits::HEADS_BYTES / 2 {
                    return self.refuse(id, &Refused::closing(Code::BUSY, hold.wire.origin));
                }
                self.sockets.keep(id, &self.lent[next..length]);
                self.hold(id, hold);
            }
            Asked::Publish(publish, asker, next) => {
                if next < length && self.sockets.kept() + length > limits::HEADS_BYTES {
                    return self.refuse(id, &Refused::closing(Code::BUSY, asker.origin));
                }
                let drained = filled == Filled::Drained;
                return self.publish(id, (publish, asker, next), length, drained);
            }
            Asked::Call(_) => return self.call(id, length),
            Asked::Http2 => {
                if let Some((stream, _)) = self.sockets.remove(id) {
                    self.http2.start(stream, self.lent[..length].to_vec());
                }
                return;
            }
            Asked::Refused(refused) => {
                let next = refused.next.unwrap_or(length);
                self.sockets.keep(id, &self.lent[next..length]);
                self.refuse(id, &refused);
            }
        }
        let Some(socket) = self.sockets.get(id).filter(|_| filled == Filled::Full) else { return };
        match socket.state {
            State::Head => self.queue(id),
            _ => socket.deaf = true,
        }
    }

    /// Keeps half a head until there is more of it.
    fn wait_for_head(&mut self, id: SocketId, kept: usize, length: usize) {
        if length > 0 && self.sockets.kept() + length > limits::HEADS_BYTES {
            let refusal = Refusal::new(Code::BUSY, "half-sent requests take all the room there is");
            return self.refuse(id, &Refused::closing(refusal, None));
        }
        self.sockets.keep(id, &self.lent[..length]);
        if kept == 0 && length > 0 {
            self.sockets.expect_sooner(id, self.options.patience.head);
        }
    }

    /// Hands a request for the API to hyper, or lets it wait in line.
    fn call(&mut self, id: SocketId, length: usize) {
        if self.calls.has_room() && self.line.is_empty() {
            if let Some((stream, _)) = self.sockets.remove(id) {
                self.calls.start(stream, self.lent[..length].to_vec());
            }
            return;
        }
        if self.sockets.kept() + length > limits::HEADS_BYTES {
            return self.refuse(id, &Refused::closing(Code::BUSY, None));
        }
        self.sockets.keep(id, &self.lent[..length]);
        if let Some(socket) = self.sockets.get(id) {
            socket.state = State::InLine;
            self.line.push_back(id);
            self.sockets.expect(id, self.options.patience.head);
        }
    }

    /// Starts calls that waited, as far as there is room.
    fn start_calls(&mut self) {
        while self.calls.has_room()
            && let Some(id) = self.line.pop_front()
        {
            let waiting = self.sockets.get(id).is_some_and(|socket| socket.state == State::InLine);
            if let (true, Some((stream, bytes))) = (waiting, self.sockets.remove(id)) {
                self.calls.start(stream, bytes);
            }
        }
        self.calls.terms.crowded.set(!self.line.is_empty());
    }

    /// Reads while a request is in hand, to notice the end, and keeps a little of what is sent ahead.
    fn read_ahead(&mut self, id: SocketId) {
        let kept = self.sockets.rest_len(id);
        let full = kept >= limits::AHEAD_BYTES || self.sockets.kept() >= limits::HEADS_BYTES / 2;
        let Some(socket) = self.sockets.get(id) else { return };
        if full || socket.deaf {
            socket.deaf = true;
            // A request for the API is answered even if nothing follows it.
            if socket.ended && !socket.state.is_called() {
                self.close(id);
            }
            return;
        }
        let (length, filled) = fill(&socket.stream, &mut self.lent[..limits::AHEAD_BYTES], socket.ended);
        let ended = filled == Filled::Ended || (filled == Filled::Full && socket.ended);
        if ended && !socket.state.is_called() {
            return self.close(id);
        }
        if socket.state == State::Stream {
            // Nothing follows a response without end.
            socket.deaf = length > 0;
            return;
        }
        socket.deaf = ended;
        self.sockets.keep(id, &self.lent[..length]);
    }

    /// Throws away what comes after the last response.
    fn read_away(&mut self, id: SocketId) {
        let Some(socket) = self.sockets.get(id) else { return };
        match fill(&socket.stream, &mut self.lent, socket.ended).1 {
            Filled::Ended => self.close(id),
            Filled::Full => self.queue(id),
            Filled::Drained => {}
        }
    }
}

/// Reads until the buffer is full or nothing is there. A short read drains a socket, unless its end is to be found.
pub(super) fn fill(mut stream: &TcpStream, buffer: &mut [u8], to_end: bool) -> (usize, Filled) {
    let mut length = 0;
    while length < buffer.len() {
        match stream.read(&mut buffer[length..]) {
            Ok(0) => return (length, Filled::Ended),
            Ok(read) => {
                length += read;
                if length < buffer.len() && !to_end {
                    return (length, Filled::Drained);
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return (length, Filled::Drained),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return (length, Filled::Ended),
        }
    }
    (length, Filled::Full)
}
