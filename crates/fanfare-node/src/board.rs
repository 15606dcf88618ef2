//! What a desk shows to whoever watches: what it has counted, and its last survey. The desk is never waited for: it
//! makes a new survey in its own time, and until it has, the last one stands.

use crate::count::{Count, Gaps, Refusals};
use crate::tail::Wake;
use fanfare_proto::ProtocolId;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::oneshot;

/// What sessions have in common that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionKind {
    /// What their bytes mean.
    pub protocol: ProtocolId,
    /// Whether they are WebSockets.
    pub talks: bool,
    /// Of the two rows of [keys](crate::SessionKey), that of the others than sockets.
    pub second_row: bool,
}

/// Readers of a namespace that have not heard everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lag {
    /// How many they are.
    pub sessions: u64,
    /// How many positions of its log lie between the one that is furthest behind and the head: so many messages it still
    /// has to hear at the most.
    pub positions: u64,
}

/// What a desk sees when it looks at all its sessions.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// Sessions of each kind.
    pub sessions: HashMap<SessionKind, u64>,
    /// By the namespace's place in the list.
    pub lags: Vec<Lag>,
    /// Bytes of contents in the window; the desks' windows share them.
    pub window_bytes: u64,
}

impl Survey {
    /// The lag of a namespace.
    pub(crate) fn lag(&mut self, namespace: usize) -> &mut Lag {
        if self.lags.len() <= namespace {
            self.lags.resize(namespace + 1, Lag::default());
        }
        &mut self.lags[namespace]
    }

    /// Adds what another desk sees.
    pub(crate) fn add(&mut self, other: &Survey) {
        for (kind, sessions) in &other.sessions {
            *self.sessions.entry(*kind).or_default() += sessions;
        }
        for (namespace, lag) in other.lags.iter().enumerate() {
            let all = self.lag(namespace);
            all.sessions += lag.sessions;
            all.positions = all.positions.max(lag.positions);
        }
        self.window_bytes = self.window_bytes.max(other.window_bytes);
    }
}

/// What a desk counts; its worker alone adds.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Messages given to sessions.
    pub(crate) deliveries: Count,
    /// Bytes given to sessions, of whatever.
    pub(crate) bytes: Count,
    pub(crate) gaps: Gaps,
    pub(crate) refusals: Refusals,
}

/// One desk's.
pub(crate) struct Board {
    pub(crate) counts: Counts,
    wanted: AtomicBool,
    shown: Mutex<Shown>,
    wake: Wake,
}

#[derive(Default)]
struct Shown {
    survey: Survey,
    /// Who waits for the next; no more than there are requests in progress.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Board {
    pub(crate) fn new(wake: Wake) -> Board {
        Board { counts: Counts::default(), wanted: AtomicBool::new(false), shown: Mutex::default(), wake }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a new survey; tells when it is there.
    pub(crate) fn ask(&self) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        let mut shown = self.shown();
        shown.waiting.push(sender);
        self.wanted.store(true, Relaxed);
        drop(shown);
        (self.wake)();
        receiver
    }

    /// Whether somebody waits for a survey.
    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    /// The survey goes on with the desk's next turn.
    pub(crate) fn go_on(&self) {
        (self.wake)();
    }

    /// Shows a new survey.
    pub(crate) fn show(&self, survey: Survey) {
        let mut shown = self.shown();
        shown.survey = survey;
        self.wanted.store(false, Relaxed);
        for waiting in shown.waiting.drain(..) {
            let _ = waiting.send(());
        }
    }

    /// Looks at the last one.
    pub(crate) fn look<T>(&self, at: impl FnOnce(&Survey) -> T) -> T {
        at(&self.shown().survey)
    }
}

/// The boards of a node's desks.
#[derive(Default)]
pub(crate) struct Boards(Mutex<Vec<Arc<Board>>>);

impl Boards {
    pub(crate) fn add(&self, board: &Arc<Board>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(board.clone());
    }

    pub(crate) fn all(&self) -> Vec<Arc<Board>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
