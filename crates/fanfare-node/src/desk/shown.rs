//! Readers of which each message replaces the last: they are given the newest that there is, and what was skipped is no loss.
//!
//! Nothing is told of place or time in what they read, so a sign of life is the newest once more.

use super::run::Run;
use super::step::Step;
use super::turn::away;
use super::{Desk, SessionKey};
use fanfare_proto::{LogId, Mark, Position, Start, Time};

/// What such a reader has been sent.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// What was promised of the next message...
    promised: Option<Box<str>>,
    /// ...and what is, once the run at hand is begun.
    next: Option<Option<Box<str>>>,
    /// It reads on from the newest message that there was when the logs were here: behind that, up to here, nothing is
    /// wanted. Otherwise it is behind because it was slow, and goes to the newest first.
    placed: Option<Box<Mark>>,
    /// What it had heard before it went there: it is not shown again.
    heard: Option<Box<Mark>>,
}

impl Shown {
    /// A run is begun.
    pub(super) fn begin(&mut self) {
        if let Some(next) = self.next.take() {
            self.promised = next;
        }
    }

    /// It is slow, or has come to where everybody is: what it reads next is not from the newest on.
    pub(super) fn displace(&mut self) {
        self.placed = None;
    }

    /// The page behind its place is used up: where the log was when it was placed.
    pub(super) fn placed(&self, log: LogId) -> Position {
        self.placed.as_ref().map_or(Position::START, |placed| placed.get(log))
    }

    /// What it is not shown again.
    pub(super) fn heard(&mut self) -> Option<Mark> {
        self.heard.take().map(|heard| *heard)
    }
}

impl Desk {
    /// What comes before a run, for those who need it.
    pub(super) fn lead(&mut self, key: SessionKey, run: &Run) {
        let (Some(session), Some(message)) = (self.sessions.get_mut(key), run.shows.as_deref()) else {
            return;
        };
        let (wire, encoder) = (session.wire, &mut self.encoder);
        let Some(extra) = session.extra.as_deref_mut() else { return };
        let Some(shown) = extra.shown.as_deref_mut() else { return };
        let (protocol, mut lead) = (wire.protocol(), Vec::new());
        // It goes out before its frame is begun, and the frame of a newer message may be what follows.
        shown.promised = protocol.lead(shown.promised.as_deref(), &message.content, &mut lead).map(Box::from);
        shown.next = Some(protocol.promise(&message.content).map(Box::from));
        if !lead.is_empty() {
            let mut bytes = Vec::with_capacity(lead.len() + 16);
            encoder.say(wire, &lead, &mut bytes);
            extra.add(bytes);
        }
    }

    /// A run that is used has nothing in it.
    #[inline]
    pub(super) fn pass(&mut self, key: SessionKey) {
        let extra = self.sessions.get_mut(key).and_then(|session| session.extra.as_deref_mut());
        if let Some(shown) = extra.and_then(|extra| extra.shown.as_deref_mut()) {
            shown.next = None;
        }
    }

    /// A session of which each message replaces the last begins at the newest, unless it goes on from a cursor.
    pub(super) fn begin_shown(&mut self, key: SessionKey, start: &Start) {
        let placed = *start == Start::Newest;
        let heads = self.window.head();
        if let Some(session) = self.sessions.get_mut(key) {
            let placed = placed.then(|| Box::new(heads));
            session.extra().shown = Some(Box::new(Shown { placed, ..Shown::default() }));
        }
    }

    /// Whether a reader that is behind is to go to the newest message instead of on from where it stopped.
    pub(super) fn skips(&self, key: SessionKey) -> bool {
        let extra = self.sessions.get(key).and_then(|session| session.extra.as_deref());
        extra.and_then(|extra| extra.shown.as_deref()).is_some_and(|shown| shown.placed.is_none())
    }

    /// Goes to the newest message; `again` if it is to be shown even if it was.
    pub(super) fn show_newest(&mut self, key: SessionKey, again: bool, now: Time) -> Step {
        let heads = self.window.head();
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (interest, own) = (session.membership.interest, session.own());
        if let Some(shown) = session.extra().shown.as_deref_mut() {
            shown.placed = Some(Box::new(heads));
            shown.heard = own.filter(|_| !again).map(Box::new);
        }
        let Some(interest) = self.interests.get(interest) else { return Step::Idle };
        let selection = interest.selection.clone();
        if let Err(refusal) = self.start(key, selection, Start::Newest, now)
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.extra().dismissed = Some(Box::new(away(refusal)));
        }
        Step::Rest
    }
}
