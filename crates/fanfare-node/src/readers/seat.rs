//! Where a session of an acked reader sits: what it is given waits here until its socket takes it.

use super::Shared;
use fanfare_hub::MemberId;
use fanfare_proto::{Cursor, Gap, Message, ReaderName, Refusal};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One session of a reader, as the thread of readers knows it.
pub(crate) struct Seat {
    pub(crate) member: MemberId,
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
}

/// A message that is given.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) message: Arc<Message>,
    pub(crate) cursor: Cursor,
    /// Which time this is, from 1.
    pub(crate) attempt: u32,
}

impl Seat {
    pub(crate) fn new(member: MemberId, tell: Box<dyn Fn(Word) + Send + Sync>) -> Seat {
        Seat { member, waits: Mutex::default(), tell }
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

    pub(crate) fn lose(&self, gaps: &[Gap]) {
        self.waits().gaps.extend_from_slice(gaps);
    }

    pub(crate) fn set_floor(&self, floor: &Cursor) {
        self.waits().floor.clone_from(floor);
    }

    /// Everything up to here is done.
    pub(crate) fn floor(&self) -> Cursor {
        self.waits().floor.clone()
    }

    /// What was lost before what is next.
    pub(crate) fn take_gaps(&self) -> Vec<Gap> {
        std::mem::take(&mut self.waits().gaps)
    }

    /// What is next.
    pub(crate) fn take(&self) -> Option<Given> {
        self.waits().messages.pop_front()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waits().messages.len()
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

impl Drop for Seated {
    fn drop(&mut self) {
        let (name, member, answered) = (self.name.clone(), self.seat.member, self.answered);
        let unseen = self.seat.waiting();
        self.readers.put(Box::new(move |keeper, hands| keeper.leave(hands, &name, member, answered, unseen)));
    }
}
