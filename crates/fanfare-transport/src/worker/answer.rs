//! What a socket is answered by the worker itself: a session begins, a refusal, the end.

use super::Worker;
use crate::front::Refused;
use crate::retry::{RETRY, RETRY_LATER, jitter};
use crate::socket::{SocketId, State};
use fanfare_node::{Opening, SessionKey};
use fanfare_proto::{
    Code, Framing, Hold, ReaderRules, Refusal, Selection, Start, Subscribe, refuse, stream_head,
};
use std::io::Write;
use std::net::Shutdown;
use std::time::Duration;

impl Worker {
    /// Holds a response open.
    pub(super) fn hold(&mut self, id: SocketId, hold: Hold) {
        let wire = hold.wire;
        let refusal = match self.open(id, hold) {
            Ok(()) => return,
            Err(refusal) => refusal,
        };
        let open = matches!(wire.framing, Framing::Chunked | Framing::Length) && refusal.code.status != 503;
        let next = open.then_some(0);
        self.refuse(id, &Refused { refusal, origin: wire.origin, next });
    }

    fn open(&mut self, id: SocketId, hold: Hold) -> Result<(), Refusal> {
        let Hold { wire, wait, handshake, .. } = hold;
        let stream = wire.protocol().shape().goes_on();
        self.begin(id.index, hold)?;
        let state = match handshake {
            Some(_) => State::Talk { pinged: false },
            None if stream => State::Stream,
            None => State::Answer,
        };
        // Nothing follows a response without end.
        let ahead = if state == State::Stream { self.sockets.take_rest(id).len() } else { 0 };
        if let Some(socket) = self.sockets.get(id) {
            socket.state = state;
            socket.deaf |= ahead > 0;
        }
        if handshake.is_some() {
            self.queue(id);
        }
        match wait {
            Some(wait) if wait.is_zero() => self.desk.give_up(id.index),
            Some(wait) => self.sockets.expect(id, wait),
            None => self.expect_alive(id),
        }
        Ok(())
    }

    /// Begins a session. It has its place until [`Room::release`](crate::room::Room::release).
    pub(super) fn begin(&mut self, key: SessionKey, hold: Hold) -> Result<(), Refusal> {
        let Hold { wire, subscribe, handshake, manner, .. } = hold;
        if self.untold.is_some() || self.node.is_draining() {
            return Err(Code::DRAINING.into());
        }
        if !self.mailbox.room.hold() {
            return Err(Code::TOO_MANY_SESSIONS.into());
        }
        let (mut head, counts) = (Vec::new(), &self.mailbox.counts);
        let begun = if handshake.is_some() { &counts.upgraded } else { &counts.held };
        match handshake {
            Some(handshake) => handshake.answer(&mut head),
            None if wire.protocol().shape().goes_on() => {
                stream_head(wire, &self.node.origins(), self.node.now(), &mut head);
            }
            None => {}
        }
        let reads_acked = subscribe.reader.is_some();
        let selection = if reads_acked { Selection::default() } else { subscribe.selection() };
        let Subscribe { patterns, preferences, start, presence, reader } = subscribe;
        let (start, begin) = if reads_acked { (Start::Now, start) } else { (start, Start::Now) };
        let opening = Opening {
            grant: &self.options.grant,
            selection,
            pace: preferences.pace,
            latest: preferences.latest,
            start,
            wire,
            head,
            retry: jitter(RETRY),
            manner,
        };
        let now = self.node.now();
        let opened = self.desk.open(key, opening, now).and_then(|()| {
            let attends = match reader {
                Some(reader) => {
                    let rules = ReaderRules::new(patterns, preferences.filter);
                    self.desk.hear_as(key, reader, rules, begin)
                }
                None => self.desk.attend(key, &patterns, presence.as_ref(), now),
            };
            attends.inspect_err(|_| self.desk.close(key))
        });
        begun.add(u64::from(opened.is_ok()));
        opened.inspect_err(|_| self.mailbox.room.release())
    }

    /// How long a quiet stream waits for its next sign of life.
    pub(super) fn alive_time(&self) -> Duration {
        self.options.patience.alive.mul_f64(0.75 + fastrand::f64() / 4.0)
    }

    /// The stream is quiet from now on.
    pub(super) fn expect_alive(&mut self, id: SocketId) {
        self.sockets.expect(id, self.alive_time());
    }

    /// Refuses what was asked. A connection that stays open goes on with the bytes that are kept of it.
    pub(super) fn refuse(&mut self, id: SocketId, refused: &Refused) {
        let Refused { refusal, origin, next } = refused;
        self.mailbox.counts.refused.of(refusal.code).add(1);
        tracing::debug!(refusal = refusal.code.name, "refused a request before it was routed");
        let framing = if next.is_some() { Framing::Length } else { Framing::LengthClose };
        let mut response = Vec::new();
        let (origins, now) = (self.node.origins(), self.node.now());
        // At the end everybody comes back within the time that was chosen for it.
        let window = self.mailbox.draining().map(|order| order.window.mul_f64(fastrand::f64()));
        let retry = window.unwrap_or_else(|| jitter(RETRY_LATER));
        refuse(refusal, framing, *origin, &origins, now, retry, &mut response);
        let Some(socket) = self.sockets.get(id) else { return };
        // A peer that has left so many answers unread that one more does not fit gets none.
        if !matches!((&socket.stream).write(&response), Ok(written) if written == response.len()) {
            return self.close(id);
        }
        match next {
            Some(_) => self.go_on(id),
            None => self.linger(id),
        }
    }

    /// The request in hand is answered; the next one may come, or is here already: then no event will tell of it.
    pub(super) fn go_on(&mut self, id: SocketId) {
        let kept = self.sockets.rest_len(id);
        let Some(socket) = self.sockets.get(id) else { return };
        socket.state = State::Head;
        let unread = std::mem::take(&mut socket.deaf) || socket.ended || kept > 0;
        self.sockets.expect(id, self.idle_time(kept));
        if unread {
            self.queue(id);
        }
    }

    /// The last response was sent: the peer reads it and leaves. A socket closed while bytes of the peer are unread
    /// would be reset, and the response lost.
    pub(super) fn linger(&mut self, id: SocketId) {
        self.sockets.take_rest(id);
        let Some(socket) = self.sockets.get(id) else { return };
        if socket.stream.shutdown(Shutdown::Write).is_err() {
            return self.close(id);
        }
        socket.state = State::Lingering;
        self.sockets.expect(id, fanfare_proto::limits::LINGER_TIME);
        self.queue(id);
    }

    /// Closes a socket, whatever it was doing.
    pub(super) fn close(&mut self, id: SocketId) {
        if self.sockets.get(id).is_some_and(|socket| socket.state.is_held()) {
            self.desk.close(id.index);
            self.mailbox.room.release();
        }
        if self.sockets.remove(id).is_some() {
            self.mailbox.closed();
        }
    }
}
