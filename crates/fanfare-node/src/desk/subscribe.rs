//! What a session hears changes while it goes on.

use super::backfill::Backfill;
use super::latest::Past;
use super::session::Session;
use super::talk::talk;
use super::{Desk, Line, SessionKey};
use crate::locate::{Located, locate_at_once};
use fanfare_proto::{
    Code, Filter, LogSet, Mark, Pattern, Refusal, RequestId, Selection, Start, Subscribe, Time, View, limits,
};
use std::collections::HashSet;

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
        if subscribe.reader.is_some() || self.seated(key).is_some() {
            let detail =
                "an acked reader has a session of its own, which is opened as such and hears nothing else";
            return Err(Refusal::new(Code::BAD_REQUEST, detail));
        }
        let before = self.heard(key);
        // What comes later is seen as everything else, unless it says how that is to be seen from now on.
        let view = before.with(&subscribe.selection()).view();
        let selection = subscribe.selection().viewed((view == View::Current).then_some(view));
        let mut start = subscribe.start;
        let (pace, mut latest) = (subscribe.preferences.pace, subscribe.preferences.latest);
        if start == Start::Now && self.node.namespaces().begins_with_latest(selection.patterns()) {
            (start, latest) = (Start::Oldest, true);
        }
        let Some(session) = self.sessions.get(key) else { return Ok(subscribe.patterns) };
        let logs = self.node.logs_for(&session.grant, selection.patterns())?;
        let heard = before.with(&selection);
        check(&heard)?;
        self.appear(key, &subscribe.patterns, subscribe.presence.as_ref(), now)?;
        self.take();
        let begun = match before.is_empty() {
            true => self.begin(key, selection, logs, (start, latest), now),
            false => self.begin_later(key, request, selection, logs, (start, latest), now),
        };
        begun.inspect_err(|_| self.disappear(key, &subscribe.patterns, now))?;
        self.show(key, &subscribe.patterns, now)?;
        let pace = pace.or_else(|| self.pace(key));
        if let Some(pace) = self.node.namespaces().pace_of(pace, heard.patterns()) {
            self.set_pace(key, pace, now);
        }
        // What is new has its turn.
        if self.sessions.get(key).is_some_and(|session| session.line != Line::Blocked) {
            self.enter(key);
        }
        Ok(heard.patterns().collect())
    }

    fn begin(
        &mut self,
        key: SessionKey,
        selection: Selection,
        logs: LogSet,
        (start, latest): (Start, bool),
        now: Time,
    ) -> Result<(), Refusal> {
        self.select(key, selection.clone(), logs)?;
        let head = Located::at(self.window.head());
        let ticket = self.ticket();
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        // What was asked before is of another beginning.
        session.ticket = ticket;
        session.start(head);
        let extra = session.extra();
        (extra.page, extra.told, extra.announce) = (None, Mark::default(), start != Start::Now);
        extra.past = None;
        if start == Start::Now {
            // Its place, before there is a message to bring one.
            extra.alive = true;
            return Ok(());
        }
        if latest {
            self.want_latest(key);
        }
        let begun = self.start(key, selection, start, now);
        if begun.is_err()
            && let Some(session) = self.sessions.get_mut(key)
        {
            (session.extra().announce, session.extra().past) = (false, None);
            let all = self.node.logs_for(&session.grant, std::iter::empty::<Pattern>())?;
            self.select(key, Selection::default(), all)?;
        }
        begun
    }

    fn begin_later(
        &mut self,
        key: SessionKey,
        request: Option<RequestId>,
        selection: Selection,
        logs: LogSet,
        (start, latest): (Start, bool),
        now: Time,
    ) -> Result<(), Refusal> {
        let (inner, beside, since) = (self.node.inner(), self.heard(key), self.window.head());
        let mut backfill = Backfill::new(request, selection.clone(), logs, beside, since, self.window.end());
        backfill.latest = latest.then(|| Past::new(since));
        match locate_at_once(&inner.logs, &inner.places, logs, &start, selection.view()) {
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
        let heard = self.heard(key);
        if let Some(other) = patterns.iter().find(|pattern| heard.place_of(pattern.as_str()).is_none()) {
            return Err(Refusal::new(Code::NOT_FOUND, format!("this session does not hear `{other}`")));
        }
        let rest = |selection: &Selection| selection.without(patterns);
        let heard = rest(&heard).patterns().collect();
        let Some(session) = self.sessions.get_mut(key) else { return Ok(heard) };
        if let Some(talk) = session.extra.as_deref_mut().and_then(|extra| extra.talk.as_deref_mut()) {
            talk.backfills.iter_mut().for_each(|backfill| backfill.narrow(rest));
            talk.backfills.retain(|backfill| !backfill.sieve.selection().is_empty());
        }
        let interest = self.interests.get(session.membership.interest);
        let left = interest.map(|interest| rest(&interest.selection)).unwrap_or_default();
        let logs = self.node.logs_for(&session.grant.clone(), left.patterns())?;
        self.select(key, left, logs)?;
        Ok(heard)
    }

    /// Adds to what a session hears from where it is: it is at the head.
    pub(super) fn merge(&mut self, key: SessionKey, more: &Selection, logs: LogSet) -> Result<(), Refusal> {
        let Some(session) = self.sessions.get(key) else { return Ok(()) };
        let Some(interest) = self.interests.get(session.membership.interest) else { return Ok(()) };
        let hears_nothing = interest.selection.is_empty();
        let logs = if hears_nothing { logs } else { LogSet(session.logs.0 | logs.0) };
        self.select(key, interest.selection.with(more), logs)
    }

    /// Changes what a session hears from its place on. If there is no room for its filters, nothing changes.
    fn select(&mut self, key: SessionKey, selection: Selection, logs: LogSet) -> Result<(), Refusal> {
        let (head, end, ticket) = (self.window.head(), self.window.end(), self.ticket());
        self.join_another(key, &selection, logs)?;
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        session.give_from(end);
        let Session { logs: old, line, .. } = *session;
        let mut asks_again = false;
        if let Some(extra) = session.extra.as_deref_mut()
            && let Some(own) = &mut extra.own
        {
            logs.iter().filter(|log| !old.contains(*log)).for_each(|log| own.set(log, head.get(log)));
            // A page at hand or asked for is of what was heard before.
            extra.page = None;
            extra.past.iter_mut().for_each(|past| past.forget());
            session.ticket = ticket;
            asks_again = line == Line::Waiting;
        }
        session.logs = logs;
        if asks_again {
            self.enter(key);
        }
        Ok(())
    }

    /// Moves a session from those of its selection to those of another; it stays if that has no room.
    fn join_another(&mut self, key: SessionKey, selection: &Selection, logs: LogSet) -> Result<(), Refusal> {
        let Some(session) = self.sessions.get(key) else { return Ok(()) };
        let (old, old_logs, paced) = (session.membership, session.logs, session.is_paced());
        let interest = self.interests.get(old.interest);
        let left = interest.map(|interest| interest.selection.clone()).unwrap_or_default();
        self.leave(old, paced);
        let (membership, moved) = match self.join(key, selection, logs) {
            Ok(membership) => (membership, Ok(())),
            // What was there a moment ago has room.
            Err(refusal) => (self.join(key, &left, old_logs)?, Err(refusal)),
        };
        if paced {
            self.read_list(membership.interest);
            if let Some(session) = self.sessions.get_mut(key) {
                session.extra().pace.iter_mut().for_each(|paced| paced.lose_place());
            }
        }
        if let Some(session) = self.sessions.get_mut(key) {
            session.membership = membership;
        }
        moved
    }
}

/// Whether one session may hear so much.
fn check(heard: &Selection) -> Result<(), Refusal> {
    let too_many = |count: usize, what: &str, most: usize| match count > most {
        true => Err(Refusal::new(Code::TOO_MANY, format!("{count} {what}; at most {most}"))),
        false => Ok(()),
    };
    too_many(heard.names().count(), "subscriptions", limits::SUBSCRIPTIONS)?;
    let filters: HashSet<&Filter> = heard.filters().iter().map(|(_, filter)| filter).collect();
    too_many(filters.len(), "filters", limits::SESSION_FILTERS)
}
