//! What reader threads answer to a desk.

use super::SessionKey;
use crate::latest::Latest;
use crate::lent::Lent;
use crate::locate::Located;
use crate::readers::Word;
use crate::tail::Wake;
use bytes::Bytes;
use fanfare_proto::{LogId, Refusal};
use std::sync::{Arc, Mutex, PoisonError};

/// What was read.
pub(crate) enum Answer {
    Located(Located),
    /// Where the newest of each key lie in a log.
    Latest(LogId, Latest),
    /// A page of a log, and how often messages had been removed when it was asked for.
    Page(LogId, Arc<Lent>, u64),
    /// What a request is answered, as text, and how many requests it stands for.
    Reply(Bytes, usize),
    /// What the thread of readers says.
    Seat(Word),
}

/// An answer to a session's question. It is dropped if the session has asked another since.
pub(crate) struct Letter {
    pub(crate) key: SessionKey,
    /// The question's, or the session's serial number if it is a reply or a word.
    pub(crate) ticket: u32,
    pub(crate) answer: Result<Answer, Refusal>,
}

/// Letters to one desk; at most one is on its way for each session.
pub(crate) struct Mailbox {
    letters: Mutex<Vec<Letter>>,
    wake: Wake,
}

impl Mailbox {
    pub(crate) fn new(wake: Wake) -> Mailbox {
        Mailbox { letters: Mutex::default(), wake }
    }

    pub(crate) fn put(&self, letter: Letter) {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).push(letter);
        (self.wake)();
    }

    pub(crate) fn take(&self) -> Vec<Letter> {
        std::mem::take(&mut self.letters.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
