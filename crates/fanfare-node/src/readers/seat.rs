//! Where a session of an acked reader sits: what it is given waits here until its socket takes it.

use super::Shared;
use super::place::Place;
use fanfare_hub::MemberId;
use fanfare_proto::{Cursor, Gap, Message, ReaderName, Refusal, limits};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One session of a reader, as the thread of readers knows it.
pub(crate) struct Seat {
    pub(crate) member: MemberId,
    /// Messages that it has at the most which are not done.
    pub(super) hand: usize,
    waits: Mutex<Waiting>,
    tell: Box<dyn Fn(Word) + Send + Sync>,
}

/// What the thread tells a session's desk.
#[derive(Debug)]
pub(crate) enum Word {
    /// It is seated, and hears.
    Seated,
    /// What it asked for is refused; it goes on.
    Refused,
    /// Something waits for it.
    Given,
    /// It is to end.
    Ended(Refusal),
}

/// What waits for a session. As the window is its limit, it holds no more than that.
#[derive(Default)]
pub(super) struct Waiting {
    gaps: Vec<Gap>,
    pub(super) messages: VecDeque<Given>,
    floor: Cursor,
    /// Its socket takes nothing for now, or never more.
    full: bool,
}

/// A message that is given.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) message: Arc<Message>,
    pub(crate) place: Place,
    pub(crate) cursor: Cursor,
    /// Which time this is, from 1.
    pub(crate) attempt: u32,
}

impl Seat {
    pub(crate) fn new(member: MemberId, hand: usize, tell: Box<dyn Fn(Word) + Send + Sync>) -> Seat {
        Seat { member, hand, waits: Mutex::default(), tell }
    }

    pub(super) fn waits(&self) -> MutexGuard<'_, Waiting> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn tell(&self, word: Word) {
        (self.tell)(word);
    }

    pub(crate) fn give(&self, given: Given) {
        self.waits().messages.push_back(given);
    }

    /// Takes back what was given, if it waits here still.
    pub(crate) fn take_back(&self, place: Place) -> bool {
        let mut waits = self.waits();
        let waiting = waits.messages.iter().position(|given| given.place == place);
        waiting.and_then(|at| waits.messages.remove(at)).is_some()
    }

    /// Whether what was given waits here still.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.waits().messages.iter().any(|given| given.place == place)
    }

    /// Lets go of what is not meant.
    pub(crate) fn retain(&self, meant: impl Fn(Place) -> bool) {
        self.waits().messages.retain(|given| meant(given.place));
    }

    /// Tells what was lost; who hears nothing is told one long loss for many in the end.
    pub(crate) fn lose(&self, gaps: &[Gap]) {
        let mut waits = self.waits();
        for gap in gaps {
            match waits.gaps.len() < limits::READER_GAPS {
                true => waits.gaps.push(*gap),
                false => waits.gaps.last_mut().into_iter().for_each(|last| last.to = last.to.max(gap.to)),
            }
        }
    }

    /// Nothing more is to be given until all is taken.
    pub(crate) fn fill(&self) {
        self.waits().full = true;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.waits().full
    }

    pub(crate) fn set_floor(&self, floor: &Cursor) {
        self.waits().floor.clone_from(floor);
    }

    /// Everything up to here is done.
    pub(crate) fn floor(&self) -> Cursor {
        self.waits().floor.clone()
    }

    /// Whether nothing waits.
    pub(crate) fn is_idle(&self) -> bool {
        let waits = self.waits();
        waits.gaps.is_empty() && waits.messages.is_empty()
    }

    /// What was lost before what is next.
    pub(crate) fn take_gaps(&self) -> Vec<Gap> {
        std::mem::take(&mut self.waits().gaps)
    }

    /// What is next.
    pub(crate) fn take(&self) -> Option<Given> {
        self.waits().messages.pop_front()
    }
}

/// The session's end of a seat. When it is let go, the reader's other sessions are given what this one was.
pub(crate) struct Seated {
    pub(crate) name: ReaderName,
    pub(crate) seat: Arc<Seat>,
    /// The thread has said that it is.
    pub(crate) begun: bool,
    /// It was an answer, which is on its way: what it has stays with it.
    pub(crate) answered: bool,
    pub(super) readers: Arc<Shared>,
}

impl Seated {
    /// All that waited is written: if the socket was full before, more may be given.
    pub(crate) fn go_on(&self) {
        if std::mem::take(&mut self.seat.waits().full) {
            // Whatever the thread is told, it gives what there is to give.
            self.readers.put(Box::new(|_, _| ()));
        }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        let (name, member, answered) = (self.name.clone(), self.seat.member, self.answered);
        self.seat.fill();
        self.readers.put(Box::new(move |keeper, hands| keeper.leave(hands, &name, member, answered)));
    }
}
