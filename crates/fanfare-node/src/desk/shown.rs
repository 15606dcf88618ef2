//! Readers of which each message replaces the last: they are given the newest that there is, and what was skipped is no loss.
//!
//! Nothing is told of place or time in what they read, so a sign of life is the newest once more.

use super::run::Run;
use super::step::Step;
use super::turn::away;
use super::{Desk, SessionKey};
use fanfare_proto::{Start, Time};

/// What such a reader has been sent.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// What was promised of the next message...
    promised: Option<Box<str>>,
    /// ...and what is, once the run at hand is begun.
    next: Option<Option<Box<str>>>,
    /// It reads on from the newest message, not from where it stopped.
    pub(crate) is_placed: bool,
}

impl Shown {
    /// One that begins with the newest message, or not.
    pub(crate) fn new(is_placed: bool) -> Shown {
        Shown { is_placed, ..Shown::default() }
    }

    /// A run is begun, or there was nothing in it.
    pub(super) fn begin(&mut self) {
        if let Some(next) = self.next.take() {
            self.promised = next;
        }
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

    /// Whether a reader that is behind is to begin with the newest message instead of where it stopped.
    pub(super) fn skips(&mut self, key: SessionKey) -> bool {
        let extra = self.sessions.get_mut(key).and_then(|session| session.extra.as_deref_mut());
        let shown = extra.and_then(|extra| extra.shown.as_deref_mut());
        shown.is_some_and(|shown| !shown.is_placed)
    }

    /// Goes to the newest message, whether it was shown or not.
    pub(super) fn show_newest(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(session) = self.sessions.get(key) else { return Step::Idle };
        let Some(interest) = self.interests.get(session.membership.interest) else { return Step::Idle };
        let selection = interest.selection.clone();
        if let Some(shown) =
            self.sessions.get_mut(key).and_then(|session| session.extra().shown.as_deref_mut())
        {
            shown.is_placed = true;
        }
        if let Err(refusal) = self.start(key, selection, Start::Last(1), now)
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.extra().dismissed = Some(Box::new(away(refusal)));
        }
        Step::Rest
    }
}
