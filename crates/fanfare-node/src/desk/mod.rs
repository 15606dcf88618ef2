//! One worker's sessions. A session is a cursor: the desk decides what lies between it and the head and lends
//! the bytes to the worker's sockets. There is no queue per session.
//!
//! The worker's turn:
//! 1. [`Desk::turn`]: takes what was committed and what was read since, and marks sessions that have something
//!    to write;
//! 2. [`Desk::next_in_line`] and [`Desk::write`] until the turn's time is over: each gives one session one write;
//! 3. what [`Outcome`] says: wait for the socket, for a page, for a message, or end.

mod acking;
mod answering;
mod backfill;
mod bases;
mod latest;
mod lines;
mod mailbox;
mod newest;
mod opening;
mod order;
mod pace;
mod presence;
mod reader;
mod run;
mod session;
mod shown;
mod step;
mod subscribe;
mod survey;
mod talk;
mod turn;
mod viewed;
mod wish;
mod write;

use crate::Node;
use crate::board::Board;
use crate::orders::Orders;
use crate::tail::Lost;
use bases::Bases;
use fanfare_hub::{InterestId, Interests, Membership, Slot, Window};
use fanfare_proto::{Code, Encoder, LogSet, Refusal, Selection};
use latest::Past;
use lines::Lines;
use mailbox::Mailbox;
use newest::Newest;
pub use opening::Opening;
use order::Secrets;
use pace::Ticks;
use presence::Attending;
use run::{Frames, Runs};
use rustc_hash::FxHashMap;
use session::{Farewell, Line, Sessions};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use survey::Surveying;
pub use talk::{Task, Terms};

/// A session's place at its desk, chosen by the worker: the index of its socket, or of what else it has, from 2^31 on.
/// Both rows are to be dense.
pub type SessionKey = u32;

/// Where bytes go: one socket.
pub trait Sink {
    /// Writes what it can; `WouldBlock` when the socket is full.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Writes what it can of the parts, in their order; some may be empty. It may leave for later what comes after the
    /// first that is not.
    fn write_parts(&mut self, parts: &[&[u8]; 3]) -> io::Result<usize> {
        self.write(parts.iter().find(|part| !part.is_empty()).copied().unwrap_or_default())
    }
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
    /// This worker's copy of the newest messages.
    window: Window<Frames>,
    /// Sessions with something to write. A key whose session is not in line any more is skipped.
    lines: Lines,
    runs: Runs,
    /// What readers that hear in ticks have not heard, by selection.
    newest: FxHashMap<InterestId, Newest>,
    bases: Bases,
    ticks: Ticks,
    encoder: Encoder,
    /// Slots before this sequence number of the window hold no frames.
    framed: u64,
    mailbox: Arc<Mailbox>,
    orders: Arc<Orders>,
    secrets: Secrets,
    board: Arc<Board>,
    surveying: Option<Surveying>,
    attending: Attending,
    /// Among the node's desks.
    number: u16,
    /// What [`Desk::turn`] works with; kept for its capacity.
    taken: Vec<Slot<()>>,
    hits: FxHashMap<InterestId, (u64, u64)>,
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
        let (mailbox, orders) = (Arc::new(Mailbox::new(wake.clone())), Arc::new(Orders::new(wake.clone())));
        let (number, board) = (node.inner().desks.add(&orders), Arc::new(Board::new(wake)));
        node.inner().boards.add(&board);
        Desk {
            node,
            sessions: Sessions::default(),
            interests: Interests::default(),
            window: Window::new(start, base),
            lines: Lines::default(),
            runs: Runs::default(),
            newest: FxHashMap::default(),
            bases: Bases::default(),
            ticks: Ticks::default(),
            encoder: Encoder::default(),
            framed: start,
            mailbox,
            orders,
            secrets: Secrets::default(),
            board,
            surveying: None,
            attending: Attending::default(),
            number,
            taken: Vec::new(),
            hits: FxHashMap::default(),
            lost: Lost::default(),
            tickets: 0,
        }
    }

    fn ticket(&mut self) -> u32 {
        self.tickets = self.tickets.wrapping_add(1).max(1);
        self.tickets
    }

    /// Forgets a session, if there is one of this key.
    pub fn close(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.remove(key) {
            self.leave(session.membership, session.is_paced());
        }
        if !self.attending.is_empty() {
            self.vanish(key);
        }
    }

    /// Adds a session to those that share a selection.
    fn join(&mut self, key: SessionKey, selection: &Selection, logs: LogSet) -> Result<Membership, Refusal> {
        self.interests.join(selection, logs, key).ok_or_else(|| Code::FILTERS_FULL.into())
    }

    /// Takes a session out of those that share its selection.
    fn leave(&mut self, membership: Membership, paced: bool) {
        let member = membership.member;
        let sessions = &mut self.sessions;
        self.interests.leave(membership, |moved| {
            if let Some(moved) = sessions.get_mut(moved) {
                moved.membership.member = member;
            }
        });
        if paced {
            self.leave_list(membership.interest);
        }
        // Runs are shared by selection, and the selection's number may mean another one next.
        if self.interests.get(membership.interest).is_none() {
            self.runs.clear();
        }
    }

    /// Puts a session in line.
    fn enter(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(key)
            && session.line != Line::In
        {
            session.line = Line::In;
            self.lines.many.push_back(key);
        }
    }

    /// The next session in line to be written.
    pub fn next_in_line(&mut self) -> Option<SessionKey> {
        while let Some(key) = self.lines.next() {
            if self.sessions.get(key).is_some_and(|session| session.line == Line::In) {
                return Some(key);
            }
        }
        self.forget_frames();
        None
    }

    /// Frames are shared by those in line together; when nobody is, they go.
    fn forget_frames(&mut self) {
        self.runs.rest(self.window.end());
        self.bases.rest();
        self.interests.rest();
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
    /// Answers whether it will be said.
    pub fn alive(&mut self, key: SessionKey) -> bool {
        let Some(session) = self.sessions.get_mut(key) else { return false };
        let (quiet, waiting) = (session.line == Line::Out, session.line == Line::Waiting);
        let mut looks = false;
        if quiet || waiting {
            let extra = session.extra();
            extra.alive = true;
            looks = extra.past.as_deref().is_some_and(Past::looks);
        }
        if quiet || looks {
            self.enter(key);
        }
        quiet || waiting
    }

    /// The wait of a long poll is over: it is answered with what there is, or with nothing.
    pub fn give_up(&mut self, key: SessionKey) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.extra().hurry = true;
            if session.line == Line::Out {
                self.enter(key);
            }
        }
    }

    /// Ends a session with a reason and the time after which to come back. A stream hears it as its last event;
    /// one whose socket is full ends when it is writable, or with its connection.
    pub fn dismiss(&mut self, key: SessionKey, why: &Refusal, retry: Duration) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.extra().dismissed = Some(Box::new(Farewell::Told(why.clone(), retry)));
            if session.line != Line::Blocked {
                self.enter(key);
            }
            self.is_sent_away(key, why);
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
