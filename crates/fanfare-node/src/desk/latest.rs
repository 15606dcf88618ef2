//! A past of which only the newest message of each channel and key is wanted: the place of each is found, then they are
//! given like pages of the log. What comes after is heard as by everybody.

use super::mailbox::{Answer, Letter};
use super::shown::Shown;
use super::step::Step;
use super::turn::away;
use super::{Desk, Line, SessionKey};
use crate::commit::unread;
use crate::latest::{Latest, Seeking};
use crate::locate::Located;
use fanfare_proto::{Event, LogId, LogSet, Mark, Position, Refusal, Selection, Sieve, View, limits};
use std::sync::Arc;

/// What is left of it.
pub(crate) struct Past {
    /// It ends here.
    until: Mark,
    found: [Option<Latest>; limits::LOGS],
    /// The reader knows that it begins.
    told: bool,
    /// There is a look under way, which ends when this is dropped.
    look: Option<Arc<()>>,
}

impl Past {
    /// All that lies before a mark.
    pub(crate) fn new(until: Mark) -> Past {
        Past { until, found: Default::default(), told: false, look: None }
    }

    /// Another selection is wanted.
    pub(crate) fn forget(&mut self) {
        (self.found, self.look) = (Default::default(), None);
    }

    pub(crate) fn find(&mut self, log: LogId, latest: Latest) {
        (self.found[log.index()], self.look) = (Some(latest), None);
    }

    /// Whether the newest are looked for now.
    pub(crate) fn looks(&self) -> bool {
        self.look.is_some()
    }

    /// The first log of which something is left for a reader that has heard up to a mark.
    pub(crate) fn log(&self, own: &Mark, logs: LogSet) -> Option<LogId> {
        logs.iter().find(|log| own.get(*log) < self.until.get(*log))
    }
}

impl Desk {
    /// Of what a session has not heard by now, only the newest are wanted.
    pub(super) fn want_latest(&mut self, key: SessionKey) {
        let until = self.window.head();
        if let Some(session) = self.sessions.get_mut(key) {
            session.extra().past = Some(Box::new(Past::new(until)));
        }
    }

    /// Begins where it was located. Whoever comes back to a log that it does not know begins compact ones with all that stands.
    pub(super) fn begin_at(&mut self, key: SessionKey, located: Located) {
        let lost = !located.gaps.is_empty();
        let Some(session) = self.sessions.get_mut(key) else { return };
        session.start(located);
        let extra = session.extra();
        if let Some(heard) = extra.shown.as_deref_mut().and_then(Shown::heard) {
            extra.own = extra.own.map(|own| own.max(&heard));
        }
        if lost && session.extra().past.is_none() && self.hears_what_stands(key) {
            self.give_what_stands(key);
        }
    }

    /// What lies up to a place of a log is lost to a session that has heard less. Of compact channels it does not know any more
    /// which keys have ended: it is given all that stands, once more (design rule 9).
    pub(super) fn begin_anew(&mut self, key: SessionKey, log: LogId, lost: Position) {
        let Some(session) = self.sessions.get(key) else { return };
        let has_heard = session.own().is_some_and(|own| own.get(log) > Position::START);
        let past = session.extra.as_ref().and_then(|extra| extra.past.as_deref());
        // What it is being given already is as of this moment, unless even that is lost.
        let is_given = past.is_some_and(|past| lost <= past.until.get(log));
        if has_heard && !is_given && self.hears_what_stands(key) {
            self.give_what_stands(key);
        }
    }

    /// A session is to forget what it knew, and is given the newest of each key, of all logs that it reads.
    fn give_what_stands(&mut self, key: SessionKey) {
        self.want_latest(key);
        let Some(session) = self.sessions.get_mut(key) else { return };
        let logs = session.logs;
        let extra = session.extra();
        let own = extra.own.get_or_insert_default();
        for log in logs.iter() {
            // What was lost before it has heard, or was told.
            extra.told.set(log, extra.told.get(log).max(own.get(log)));
            own.set(log, Position::START);
        }
        (extra.page, extra.began, extra.announce) = (None, None, true);
        extra.pace.iter_mut().for_each(|paced| paced.lose_place());
    }

    /// Whether a session goes on for long and hears compact channels alone.
    fn hears_what_stands(&self, key: SessionKey) -> bool {
        let Some(session) = self.sessions.get(key) else { return false };
        let interest = self.interests.get(session.membership.interest);
        session.wire.protocol().shape().goes_on()
            && interest.is_some_and(|it| self.node.namespaces().are_compact(it.selection.patterns()))
    }

    /// What is next of such a past; no page of it is at hand.
    #[cold]
    pub(super) fn step_latest(&mut self, key: SessionKey, stream: bool) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (own, logs) = (session.own().unwrap_or_default(), session.logs);
        let interest = self.interests.get(session.membership.interest);
        let (Some(interest), Some(mut past)) = (interest, session.extra().past.take()) else {
            return Step::Rest;
        };
        let Some(log) = past.log(&own, logs) else {
            // Nothing stands: who has heard nothing is told that, too, and can forget what it knew before a restart.
            let nothing = logs.iter().all(|log| own.get(log) == Position::START);
            return if stream && nothing && !past.told {
                self.say_event(key, &Event::Snapshot)
            } else {
                Step::Rest
            };
        };
        if stream && !std::mem::replace(&mut past.told, true) {
            session.extra().past = Some(past);
            return self.say_event(key, &Event::Snapshot);
        }
        if past.look.is_some() {
            session.extra().past = Some(past);
            if stream && std::mem::take(&mut session.extra().alive) {
                let cursor = self.cursor(key);
                return self.say_event(key, &Event::Alive(&cursor));
            }
            session.line = Line::Waiting;
            return Step::Wait;
        }
        let selection = interest.selection.clone();
        let from = (own.get(log), session.began(log));
        let asked = self.ask_latest(key, &mut past, selection, log, from);
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        session.extra().past = Some(past);
        match asked {
            Ok(ticket) => {
                (session.ticket, session.line) = (ticket, Line::Waiting);
                Step::Wait
            }
            Err(refusal) => {
                session.extra().dismissed = Some(Box::new(away(refusal)));
                Step::Rest
            }
        }
    }

    /// Asks where the newest are, or for the next of them. Answers the ticket of the question.
    pub(super) fn ask_latest(
        &mut self,
        key: SessionKey,
        past: &mut Past,
        selection: Selection,
        log: LogId,
        (from, began): (Position, Position),
    ) -> Result<u32, Refusal> {
        let (ticket, mailbox, removals) = (self.ticket(), self.mailbox.clone(), self.lost.removals);
        // What is newest is so of what is current, whatever else the session is shown.
        let selection = selection.viewed(Some(View::Current));
        let reading = &self.node.inner().reading;
        if let Some(latest) = past.found[log.index()].clone() {
            let lending = reading.lending();
            reading.task(Box::new(move |logs| {
                let page = latest.page(&**logs.get(log), &selection, from);
                let answer = page.map(|page| Answer::Page(log, Arc::new(lending.lend(page)), removals));
                mailbox.put(Letter { key, ticket, answer: answer.map_err(|error| unread(&error)) });
            }))?;
            return Ok(ticket);
        }
        let until = past.until.get(log);
        let mut seeking = Seeking::new(Sieve::new(selection), (from, began), until, reading.placing());
        let look = Arc::new(());
        let wanted = Arc::downgrade(&look);
        reading.steps(Box::new(move |logs| {
            // Whoever asked has left, or asks for something else.
            if wanted.strong_count() == 0 {
                return false;
            }
            let answer = match seeking.step(&**logs.get(log)) {
                Ok(None) => return true,
                Ok(Some(latest)) => Ok(Answer::Latest(log, latest)),
                Err(refusal) => Err(refusal),
            };
            mailbox.put(Letter { key, ticket, answer });
            false
        }))?;
        past.look = Some(look);
        Ok(ticket)
    }
}
