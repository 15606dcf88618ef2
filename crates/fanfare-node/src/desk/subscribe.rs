//! What a session hears changes while it goes on.

use super::backfill::Backfill;
use super::session::Session;
use super::talk::talk;
use super::{Desk, Line, SessionKey};
use crate::locate::{Located, locate_at_once};
use fanfare_proto::{
    Code, LogSet, Mark, Pattern, Refusal, RequestId, Selection, Start, Subscribe, Time, limits,
};

impl Desk {
    /// Hears more from now on. The first that a session hears is where it begins; what comes later begins beside it and
    /// joins it where it is (design rule 4).
    pub(super) fn subscribe(
        &mut self,
        key: SessionKey,
        request: Option<RequestId>,
        subscribe: Subscribe,
        now: Time,
    ) -> Result<Vec<Pattern>, Refusal> {
        let Subscribe { patterns, start } = subscribe;
        let Some(session) = self.sessions.get(key) else { return Ok(patterns) };
        let logs = self.node.logs_for(&session.grant, &patterns)?;
        let mut heard = self.heard(key);
        let first = heard.is_empty();
        heard.extend(patterns.iter().cloned());
        heard.sort_unstable();
        heard.dedup();
        if heard.len() > limits::SUBSCRIPTIONS {
            let detail = format!("{} subscriptions; at most {}", heard.len(), limits::SUBSCRIPTIONS);
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        self.take();
        let selection = Selection::new(patterns);
        if first {
            self.begin(key, selection, logs, start, now)?;
        } else {
            self.begin_later(key, request, selection, logs, start, now)?;
        }
        // What is new has its turn.
        if self.sessions.get(key).is_some_and(|session| session.line != Line::Blocked) {
            self.enter(key);
        }
        Ok(heard)
    }

    fn begin(
        &mut self,
        key: SessionKey,
        selection: Selection,
        logs: LogSet,
        start: Start,
        now: Time,
    ) -> Result<(), Refusal> {
        self.select(key, selection.clone(), logs);
        let head = Located { mark: self.window.head(), gaps: Vec::new() };
        let ticket = self.ticket();
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        // What was asked before is of another beginning.
        session.ticket = ticket;
        session.start(head);
        let extra = session.extra();
        (extra.page, extra.told, extra.announce) = (None, Mark::default(), start != Start::Now);
        if start == Start::Now {
            // Its place, before there is a message to bring one.
            extra.alive = true;
            return Ok(());
        }
        let begun = self.start(key, selection, start, now);
        if begun.is_err()
            && let Some(session) = self.sessions.get_mut(key)
        {
            session.extra().announce = false;
            let all = self.node.logs_for(&session.grant, std::iter::empty::<Pattern>())?;
            self.select(key, Selection::default(), all);
        }
        begun
    }

    fn begin_later(
        &mut self,
        key: SessionKey,
        request: Option<RequestId>,
        selection: Selection,
        logs: LogSet,
        start: Start,
        now: Time,
    ) -> Result<(), Refusal> {
        let inner = self.node.inner();
        let (beside, since) = (Selection::new(self.heard(key)), self.window.head());
        let mut backfill = Backfill::new(request, selection.clone(), logs, beside, since, self.window.end());
        match locate_at_once(&inner.logs, &inner.places, logs, &start) {
            Some(located) => backfill.start(located),
            None => backfill.ticket = self.find(key, selection, logs, start, now)?,
        }
        if let Some(session) = self.sessions.get_mut(key) {
            talk(session).backfills.push_back(backfill);
        }
        Ok(())
    }

    /// Hears less from now on.
    pub(super) fn unsubscribe(
        &mut self,
        key: SessionKey,
        patterns: &[Pattern],
    ) -> Result<Vec<Pattern>, Refusal> {
        let mut heard = self.heard(key);
        if let Some(other) = patterns.iter().find(|pattern| !heard.contains(pattern)) {
            return Err(Refusal::new(Code::NOT_FOUND, format!("this session does not hear `{other}`")));
        }
        heard.retain(|pattern| !patterns.contains(pattern));
        let Some(session) = self.sessions.get_mut(key) else { return Ok(heard) };
        let rest = |selection: &Selection| {
            Selection::new(selection.patterns().filter(|pattern| !patterns.contains(pattern)).collect())
        };
        if let Some(talk) = session.extra.as_deref_mut().and_then(|extra| extra.talk.as_deref_mut()) {
            talk.backfills.iter_mut().for_each(|backfill| backfill.narrow(rest));
            talk.backfills.retain(|backfill| !backfill.selection.is_empty());
        }
        let interest = self.interests.get(session.membership.interest);
        let left = interest.map(|interest| rest(&interest.selection)).unwrap_or_default();
        let logs = self.node.logs_for(&session.grant.clone(), left.patterns())?;
        self.select(key, left, logs);
        Ok(heard)
    }

    /// Adds to what a session hears from where it is: it is at the head.
    pub(super) fn merge(&mut self, key: SessionKey, more: &Selection, logs: LogSet) {
        let Some(session) = self.sessions.get(key) else { return };
        let Some(interest) = self.interests.get(session.membership.interest) else { return };
        let hears_nothing = interest.selection.is_empty();
        let patterns = interest.selection.patterns().chain(more.patterns()).collect();
        let logs = if hears_nothing { logs } else { LogSet(session.logs.0 | logs.0) };
        self.select(key, Selection::new(patterns), logs);
    }

    /// Changes what a session hears from its place on.
    fn select(&mut self, key: SessionKey, selection: Selection, logs: LogSet) {
        let (head, ticket) = (self.window.head(), self.ticket());
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Session { membership, logs: old, line, .. } = *session;
        let mut asks_again = false;
        if let Some(extra) = session.extra.as_deref_mut()
            && let Some(own) = &mut extra.own
        {
            logs.iter().filter(|log| !old.contains(*log)).for_each(|log| own.set(log, head.get(log)));
            // A page at hand or asked for is of what was heard before.
            extra.page = None;
            session.ticket = ticket;
            asks_again = line == Line::Waiting;
        }
        session.logs = logs;
        self.leave(membership);
        let membership = self.join(key, &selection, logs);
        if let Some(session) = self.sessions.get_mut(key) {
            session.membership = membership;
        }
        if asks_again {
            self.enter(key);
        }
    }
}
