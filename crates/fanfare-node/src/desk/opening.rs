//! How a session begins: who it is, what it wants, and from where.

use super::mailbox::{Answer, Letter};
use super::session::{Line, Session};
use super::{Desk, SessionKey};
use crate::commit::unread;
use crate::locate::{heads, locate, locate_at_once};
use fanfare_proto::{Grant, LogSet, Manner, Pace, Refusal, Selection, Sieve, Start, Time, Wire};
use std::sync::Arc;
use std::time::Duration;

/// What a session asks for.
pub struct Opening<'a> {
    /// What it may hear.
    pub grant: &'a Arc<Grant>,
    /// What it wants to hear.
    pub selection: Selection,
    /// Where it starts.
    pub start: Start,
    /// Whether, of what it has not heard by now, it wants only the newest message of each channel and key.
    pub latest: bool,
    /// How fast it hears at the most.
    pub pace: Option<Pace>,
    /// How its bytes look.
    pub wire: Wire,
    /// Bytes before the first event: the response head of a stream; empty for an answer, which brings its own.
    pub head: Vec<u8>,
    /// How long the client should wait before it reconnects.
    pub retry: Duration,
    /// How its protocol is to be spoken, if not as usual.
    pub manner: Option<Box<Manner>>,
}

impl Desk {
    /// Adds a session under a key that is free. It is in line to be written at once.
    pub fn open(&mut self, key: SessionKey, mut opening: Opening<'_>, now: Time) -> Result<(), Refusal> {
        let logs = self.node.logs_for(opening.grant, opening.selection.patterns())?;
        if opening.start == Start::Now
            && self.node.namespaces().begins_with_latest(opening.selection.patterns())
        {
            (opening.start, opening.latest) = (Start::Oldest, true);
        }
        let secret = self.secrets.next()?;
        self.close(key);
        self.take();
        let membership = self.join(key, &opening.selection, logs)?;
        let stream = opening.wire.protocol().shape().goes_on();
        let mut session = Session {
            membership,
            at: self.window.end(),
            until: self.window.end(),
            ticket: 0,
            serial: self.ticket(),
            secret,
            grant: opening.grant.clone(),
            wire: opening.wire,
            logs,
            line: Line::Out,
            extra: None,
        };
        session.give_from(self.window.end());
        let extra = session.extra();
        if stream {
            let usual = Manner::default();
            let manner = opening.manner.as_deref().unwrap_or(&usual);
            self.encoder.begin(opening.wire, manner, opening.retry, &mut opening.head);
        }
        extra.rest = std::mem::take(&mut opening.head).into();
        extra.manner = opening.manner.filter(|_| !stream);
        extra.greet = stream.then_some(opening.retry);
        extra.announce = stream && opening.start != Start::Now;
        self.sessions.insert(key, session);
        if opening.wire.protocol().replaces() {
            self.begin_shown(key, &opening.start);
        }
        if let Some(pace) = self.node.namespaces().pace_of(opening.pace, opening.selection.patterns()) {
            self.set_pace(key, pace, now);
        }
        if opening.start != Start::Now {
            let (selection, start) = (opening.selection, opening.start);
            self.start(key, selection, start, now).inspect_err(|_| self.close(key))?;
        }
        if opening.latest {
            self.want_latest(key);
        }
        if let Some(session) = self.sessions.get_mut(key) {
            session.line = Line::In;
            self.lines.of(1).push_back(key);
        }
        Ok(())
    }

    /// Begins in the past: at once if that needs no reading, else when a reader thread has found the place.
    pub(super) fn start(
        &mut self,
        key: SessionKey,
        selection: Selection,
        start: Start,
        now: Time,
    ) -> Result<(), Refusal> {
        let inner = self.node.inner();
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        let set = session.logs;
        if let Some(located) = locate_at_once(&inner.logs, &inner.places, set, &start, selection.view()) {
            self.begin_at(key, located);
            return Ok(());
        }
        let ticket = self.find(key, selection, set, start, now)?;
        if let Some(session) = self.sessions.get_mut(key) {
            session.ticket = ticket;
            (session.extra().behind, session.extra().own) = (true, None);
        }
        Ok(())
    }

    /// Has a reader thread find a start. Answers the ticket of the question.
    pub(super) fn find(
        &mut self,
        key: SessionKey,
        selection: Selection,
        set: LogSet,
        start: Start,
        now: Time,
    ) -> Result<u32, Refusal> {
        let (ticket, mailbox) = (self.ticket(), self.mailbox.clone());
        let inner = self.node.inner();
        let (places, heads) = (inner.places, heads(&inner.logs, set));
        inner.reading.task(Box::new(move |logs| {
            let mut wanted = Sieve::new(selection);
            let located = locate(logs, &places, &mut wanted, set, heads, &start, now);
            let answer = located.map(Answer::Located).map_err(|error| unread(&error));
            mailbox.put(Letter { key, ticket, answer });
        }))?;
        Ok(ticket)
    }
}
