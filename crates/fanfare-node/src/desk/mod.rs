//! One worker's sessions. A session is a cursor: the desk decides what lies between it and the head and lends
//! the bytes to the worker's sockets. There is no queue per session.
//!
//! The worker's turn:
//! 1. [`Desk::turn`]: takes what was committed and what was read since, and marks sessions that have something
//!    to write;
//! 2. [`Desk::next`] and [`Desk::write`] until the turn's time is over: each gives one session one write;
//! 3. what [`Outcome`] says: wait for the socket, for a page, for a message, or end.

use fanfare_proto::{Grant, Refusal, Selection, Start, Time, Wire};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A session's place at its desk, chosen by the worker: the index of its socket.
pub type SessionKey = u32;

/// What a session asks for.
pub struct Opening<'a> {
    /// What it may hear.
    pub grant: &'a Arc<Grant>,
    /// What it wants to hear.
    pub selection: Selection,
    /// Where it starts.
    pub start: Start,
    /// How its bytes look.
    pub wire: Wire,
    /// Bytes before the first event: the response head of a stream; empty for an answer, which brings its own.
    pub head: Vec<u8>,
    /// How long the client should wait before it reconnects.
    pub retry: Duration,
}

/// Where bytes go: one socket.
pub trait Sink {
    /// Writes what it can; `WouldBlock` when the socket is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
}

/// How a session stands after [`Desk::write`].
#[derive(Debug)]
pub enum Outcome {
    /// It has heard everything; it waits for a message.
    Idle,
    /// The socket is full; write again when it is writable.
    Blocked,
    /// It has had its share of this turn and is last in line again.
    Again,
    /// It waits for a page of a log.
    Waiting,
    /// Its response is complete and the desk has forgotten it; the connection may serve another request.
    Done,
    /// Its response is complete and the desk has forgotten it; the connection is to be closed.
    Close,
    /// The socket failed; the desk has forgotten the session.
    Failed(io::Error),
}

/// One worker's sessions.
pub struct Desk {}

impl Desk {
    /// Adds a session under a key that is free. It is in line to be written at once.
    pub fn open(&mut self, _key: SessionKey, _opening: Opening<'_>, _now: Time) -> Result<(), Refusal> {
        todo!()
    }

    /// Forgets a session, if there is one of this key.
    pub fn close(&mut self, _key: SessionKey) {
        todo!()
    }

    /// Takes what was committed and what was read since the last turn.
    pub fn turn(&mut self, _now: Time) {
        todo!()
    }

    /// The next session in line to be written. First in, first out.
    pub fn next(&mut self) -> Option<SessionKey> {
        todo!()
    }

    /// Writes one session's share.
    pub fn write(&mut self, _key: SessionKey, _now: Time, _sink: &mut dyn Sink) -> Outcome {
        todo!()
    }

    /// The session's socket is writable again after `Blocked`: puts it in line.
    pub fn writable(&mut self, _key: SessionKey) {
        todo!()
    }

    /// The session has been quiet: puts a sign of life with its cursor in line, unless something else is.
    pub fn alive(&mut self, _key: SessionKey) {
        todo!()
    }

    /// The wait of a long poll is over: puts its empty answer in line, unless a full one is.
    pub fn give_up(&mut self, _key: SessionKey) {
        todo!()
    }

    /// Ends a session with a reason and the time after which to come back. A stream hears it as its last event.
    pub fn dismiss(&mut self, _key: SessionKey, _why: &Refusal, _retry: Duration) {
        todo!()
    }

    /// Sessions at this desk.
    pub fn len(&self) -> usize {
        todo!()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
