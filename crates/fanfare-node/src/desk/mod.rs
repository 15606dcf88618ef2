//! One worker's sessions. A session is a cursor: the desk decides what lies between it and the head and lends
//! the bytes to the worker's sockets. There is no queue per session.
//!
//! The worker's turn:
//! 1. [`Desk::turn`]: takes what was committed and what was read since, and marks sessions that have something
//!    to write;
//! 2. [`Desk::next_in_line`] and [`Desk::write`] until the turn's time is over: each gives one session one write;
//! 3. what [`Outcome`] says: wait for the socket, for a page, for a message, or end.

mod mailbox;
mod run;
mod session;
mod step;
mod turn;
mod write;

use crate::Node;
use crate::commit::refusal;
use crate::locate::{locate, locate_at_once};
use crate::tail::Lost;
use fanfare_hub::{Index, InterestId, Interests, Membership, Slot, Window};
use fanfare_proto::protocol::Shape;
use fanfare_proto::{Grant, Refusal, Selection, Start, Time, Wire};
use mailbox::{Answer, Letter, Mailbox};
use run::{Frames, Runs};
use session::{Extra, Line, Session, Sessions};
use std::collections::{HashMap, VecDeque};
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
pub struct Desk {
    node: Node,
    sessions: Sessions,
    interests: Interests,
    index: Index,
    /// This worker's copy of the newest messages.
    window: Window<Frames>,
    /// Sessions with something to write, first in, first out. A key whose session is not in line any more is
    /// skipped.
    line: VecDeque<SessionKey>,
    runs: Runs,
    /// Slots before this sequence number hold no frames.
    framed: u64,
    mailbox: Arc<Mailbox>,
    /// What [`Desk::turn`] works with; kept for its capacity.
    taken: Vec<Slot<()>>,
    hits: HashMap<InterestId, (u64, u64)>,
    /// What the logs had lost when the window was brought up to date.
    lost: Lost,
    tickets: u32,
}

impl Desk {
    /// The desk of one worker. `wake` is called from other threads when it has something to do; it must be
    /// quick and may come early, late or twice.
    pub fn new(node: Node, wake: Arc<dyn Fn() + Send + Sync>) -> Desk {
        let (start, base) = node.inner().tail.head();
        node.inner().tail.watch(wake.clone());
        Desk {
            node,
            sessions: Sessions::default(),
            interests: Interests::default(),
            index: Index::default(),
            window: Window::new(start, base),
            line: VecDeque::new(),
            runs: Runs::default(),
            framed: start,
            mailbox: Arc::new(Mailbox::new(wake)),
            taken: Vec::new(),
            hits: HashMap::new(),
            lost: Lost::default(),
            tickets: 0,
        }
    }

    /// Adds a session under a key that is free. It is in line to be written at once.
    pub fn open(&mut self, key: SessionKey, mut opening: Opening<'_>, now: Time) -> Result<(), Refusal> {
        let logs = self.node.logs_for(opening.grant, opening.selection.patterns())?;
        self.close(key);
        self.take();
        let (membership, new) = self.interests.join(&opening.selection, logs, key);
        if new {
            self.index.add(&opening.selection, membership.interest);
        }
        let stream = opening.wire.protocol().shape() == Shape::Stream;
        let mut session = Session {
            membership,
            at: self.window.end(),
            until: self.window.end(),
            ticket: 0,
            wire: opening.wire,
            logs,
            line: Line::Out,
            extra: None,
        };
        let extra = session.extra();
        extra.rest = std::mem::take(&mut opening.head).into();
        extra.greet = stream.then_some(opening.retry);
        extra.announce = stream && opening.start != Start::Now;
        self.sessions.insert(key, session);
        if opening.start != Start::Now {
            self.start(key, &opening, now).inspect_err(|_| self.close(key))?;
        }
        self.enter(key);
        Ok(())
    }

    /// Begins in the past: at once if that needs no reading, else when a reader thread has found the place.
    fn start(&mut self, key: SessionKey, opening: &Opening<'_>, now: Time) -> Result<(), Refusal> {
        let inner = self.node.inner();
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        if let Some(located) = locate_at_once(&inner.logs, &inner.places, session.logs, &opening.start) {
            session.start(located);
            return Ok(());
        }
        self.tickets += 1;
        session.ticket = self.tickets;
        session.extra().behind = true;
        let (mailbox, ticket, places, set) = (self.mailbox.clone(), self.tickets, inner.places, session.logs);
        let (selection, start) = (opening.selection.clone(), opening.start.clone());
        inner.reading.task(Box::new(move |logs| {
            let located = locate(logs, &places, &selection, set, &start, now);
            let answer = located.map(Answer::Located).map_err(|error| refusal(&error));
            mailbox.put(Letter { key, ticket, answer });
        }))
    }

    /// Forgets a session, if there is one of this key.
    pub fn close(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.remove(key) else { return };
        let Membership { interest, member } = session.membership;
        let sessions = &mut self.sessions;
        let gone = self.interests.leave(session.membership, |moved| {
            if let Some(moved) = sessions.get_mut(moved) {
                moved.membership.member = member;
            }
        });
        if let Some(selection) = gone {
            self.index.remove(&selection, interest);
        }
    }

    /// Puts a session in line.
    fn enter(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(key)
            && session.line != Line::In
        {
            session.line = Line::In;
            self.line.push_back(key);
        }
    }

    /// The next session in line to be written. First in, first out.
    pub fn next_in_line(&mut self) -> Option<SessionKey> {
        while let Some(key) = self.line.pop_front() {
            if self.sessions.get(key).is_some_and(|session| session.line == Line::In) {
                return Some(key);
            }
        }
        self.forget_frames();
        None
    }

    /// Frames are shared by those in line together; when nobody is, they go.
    fn forget_frames(&mut self) {
        self.runs.clear();
        for seq in self.framed.max(self.window.start())..self.window.end() {
            if let Some(slot) = self.window.get_mut(seq) {
                slot.beside = Frames::new();
            }
        }
        self.framed = self.window.end();
    }

    /// The session's socket is writable again after `Blocked`: puts it in line.
    pub fn writable(&mut self, key: SessionKey) {
        if self.sessions.get(key).is_some_and(|session| session.line == Line::Blocked) {
            self.enter(key);
        }
    }

    /// The session has been quiet: puts a sign of life with its cursor in line, unless something else is.
    pub fn alive(&mut self, key: SessionKey) {
        self.prompt(key, |extra| extra.alive = true);
        if let Some(session) = self.sessions.get_mut(key)
            && session.line == Line::Waiting
        {
            session.extra().alive = true;
        }
    }

    /// The wait of a long poll is over: it is answered with what there is, or with nothing.
    pub fn give_up(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.extra().hurry = true;
            self.prompt(key, |extra| extra.hurry = true);
        }
    }

    /// Asks something of a session that has nothing to write.
    fn prompt(&mut self, key: SessionKey, ask: impl FnOnce(&mut Extra)) {
        if let Some(session) = self.sessions.get_mut(key)
            && session.line == Line::Out
        {
            ask(session.extra());
            self.enter(key);
        }
    }

    /// Ends a session with a reason and the time after which to come back. A stream hears it as its last event;
    /// one whose socket is full ends when it is writable, or with its connection.
    pub fn dismiss(&mut self, key: SessionKey, why: &Refusal, retry: Duration) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.extra().dismissed = Some(Box::new((why.clone(), retry)));
            if session.line != Line::Blocked {
                self.enter(key);
            }
        }
    }

    /// Sessions at this desk.
    pub fn len(&self) -> usize {
        self.sessions.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
