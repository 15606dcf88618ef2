//! The past of a subscription that began after its session (design rule 4): read beside the session's place, while that
//! is at the head, until both are at the same place. From then on they are one.

use super::latest::Past;
use super::mailbox::{Answer, Letter};
use super::reader::{Reader, page_run, window_run};
use super::run::Run;
use super::session::{Session, Sessions};
use super::step::Step;
use super::turn::away;
use super::viewed::Join;
use super::wish::Wish;
use super::{Desk, Line, SessionKey};
use crate::lent::Lent;
use crate::locate::Located;
use crate::places::Places;
use fanfare_proto::{
    Encoder, Event, Gap, LogId, LogSet, Mark, Position, Refusal, RequestId, Selection, Sieve, Time, Wire,
    limits,
};
use fanfare_store::{Order, Read};
use std::sync::Arc;

/// What a later subscription still has to bring.
pub(crate) struct Backfill {
    /// Which request asked for it.
    request: Option<RequestId>,
    pub(crate) sieve: Sieve,
    logs: LogSet,
    /// Everything up to here was brought; `None` until the start is found.
    own: Option<Mark>,
    /// It was shown nothing of what lies up to here.
    began: Mark,
    /// Gaps to tell.
    gaps: Vec<Gap>,
    /// Gaps up to here were told.
    told: Mark,
    /// A page being written, its log, and how much of it was.
    pub(crate) page: Option<(LogId, Arc<Lent>, usize)>,
    /// Of what lies before a place, only the newest of each key is wanted.
    pub(crate) latest: Option<Past>,
    /// What the session heard already when this was asked for...
    beside: Sieve,
    /// ...it brings by itself after this place.
    since: Mark,
    /// The window's end then: what expired at once before was not said to this subscription.
    joined: u64,
    /// Of the question that is under way; zero if none is.
    pub(crate) ticket: u32,
}

impl Backfill {
    /// What a session that hears something already and is told of everything up to a mark asks for beside it.
    pub(crate) fn new(
        request: Option<RequestId>,
        selection: Selection,
        logs: LogSet,
        beside: Selection,
        since: Mark,
        joined: u64,
    ) -> Backfill {
        let (own, began, gaps) = (None, Mark::default(), Vec::new());
        let (told, page, latest, ticket) = (Mark::default(), None, None, 0);
        let (sieve, beside) = (Sieve::new(selection), Sieve::new(beside));
        Backfill { request, sieve, logs, own, began, gaps, told, page, latest, beside, since, joined, ticket }
    }

    /// Begins where it was located.
    pub(crate) fn start(&mut self, located: Located) {
        (self.own, self.began, self.gaps) = (Some(located.mark), located.began, located.gaps);
    }

    /// Brings less from now on.
    pub(crate) fn narrow(&mut self, narrowed: impl Fn(&Selection) -> Selection) {
        self.sieve = Sieve::new(narrowed(self.sieve.selection()));
        self.beside = Sieve::new(narrowed(self.beside.selection()));
        self.page = None;
        self.latest.iter_mut().for_each(Past::forget);
        // What was asked for has too much; but where to begin is still to be found.
        if self.own.is_some() {
            self.ticket = 0;
        }
    }

    /// For whom its runs are made.
    fn reader<'a>(
        &'a mut self,
        wire: Wire,
        own: Mark,
        places: &'a Places,
        encoder: &'a mut Encoder,
        now: Time,
    ) -> Reader<'a> {
        let Backfill { sieve, logs, beside, since, joined, .. } = self;
        let (wish, past) = (Wish::Own(sieve), Some((beside, *since)));
        Reader {
            wish,
            logs: *logs,
            wire,
            own: Some(own),
            joined: *joined,
            past,
            places,
            encoder,
            now,
            share: None,
            changes: None,
        }
    }

    /// What the page at hand has up to the head: what lies beyond, the session's own place brings.
    fn within(&self, head: &Mark) -> usize {
        let Some((log, page, _)) = &self.page else { return 0 };
        page.messages.partition_point(|message| message.position <= head.get(*log))
    }
}

/// The past that a session reads, and how its bytes look.
fn past(sessions: &mut Sessions, key: SessionKey) -> Option<(&mut Backfill, Wire)> {
    let session = sessions.get_mut(key)?;
    let talk = session.extra.as_deref_mut()?.talk.as_deref_mut()?;
    Some((talk.backfills.front_mut()?, session.wire))
}

impl Desk {
    fn first(&mut self, key: SessionKey) -> Option<&mut Backfill> {
        past(&mut self.sessions, key).map(|(backfill, _)| backfill)
    }

    /// What is next of the past. The session is at the head.
    pub(super) fn backfill(&mut self, key: SessionKey, now: Time) -> Step {
        let (head, end) = (self.window.head(), self.window.end());
        let ahead = |session: &Session| session.own().is_some_and(|own| !own.reached_by(&head, session.logs));
        let ahead = self.sessions.get(key).is_some_and(ahead);
        let Some(backfill) = self.first(key) else { return Step::Idle };
        let (Some(own), logs, asks) = (backfill.own, backfill.logs, backfill.ticket != 0) else {
            return Step::Idle;
        };
        let view = backfill.sieve.selection().view();
        if !backfill.gaps.is_empty() {
            return self.tell_past_gaps(key);
        }
        if backfill.page.is_some() {
            return self.read_past_page(key, now);
        }
        let latest = backfill.latest.as_ref().and_then(|past| past.log(&own, logs));
        if let Some(log) = latest {
            return if asks { Step::Idle } else { self.ask_past_latest(key, log, own) };
        }
        if ahead || !own.reached_by(&head, logs) {
            // A commit is in the log already and not yet in the tail.
            return Step::Later;
        }
        match self.join_at(view, &own, logs) {
            Some(Join::Window(at)) if at == end => self.caught_up(key),
            Some(Join::Window(at)) => self.read_past_window(key, at, own, now),
            Some(Join::Log(log)) if !asks => self.ask_past(key, log, own),
            _ => Step::Idle,
        }
    }

    fn tell_past_gaps(&mut self, key: SessionKey) -> Step {
        let gaps = self.first(key).map(|backfill| std::mem::take(&mut backfill.gaps)).unwrap_or_default();
        self.count_gaps(&gaps);
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (wire, encoder) = (session.wire, &mut self.encoder);
        session.extra().write(|out| {
            gaps.iter().for_each(|gap| encoder.event(wire, &Event::Gap(gap, None), out));
        });
        Step::Rest
    }

    fn read_past_page(&mut self, key: SessionKey, now: Time) -> Step {
        let head = self.window.head();
        let Some((backfill, wire)) = past(&mut self.sessions, key) else { return Step::Idle };
        let within = backfill.within(&head);
        let (Some((log, page, from)), Some(own)) = (backfill.page.clone(), backfill.own) else {
            return Step::Idle;
        };
        let places = &self.node.inner().places;
        let mut reader = backfill.reader(wire, own, places, &mut self.encoder, now);
        let run = page_run(&page, log, from..within.max(from), own, &mut reader);
        self.use_past(key, run, from as u64)
    }

    fn read_past_window(&mut self, key: SessionKey, at: u64, own: Mark, now: Time) -> Step {
        let Some((backfill, wire)) = past(&mut self.sessions, key) else { return Step::Idle };
        let places = &self.node.inner().places;
        let mut reader = backfill.reader(wire, own, places, &mut self.encoder, now);
        let run = window_run(at, self.window.end(), &mut self.window, &mut reader);
        self.use_past(key, run, at)
    }

    fn use_past(&mut self, key: SessionKey, run: Run, from: u64) -> Step {
        if run.bytes.is_empty() {
            self.advance_past(key, run.to);
            return Step::Rest;
        }
        Step::Past(Arc::new(run), from)
    }

    /// Moves the place of the past within the page at hand, or within the window.
    pub(super) fn advance_past(&mut self, key: SessionKey, place: u64) {
        let (head, mark) = (self.window.head(), self.window.mark_before(place));
        let Some(backfill) = self.first(key) else { return };
        let within = backfill.within(&head);
        let Some(own) = &mut backfill.own else { return };
        let Some((log, page, index)) = &mut backfill.page else {
            *own = own.max(&mark);
            return;
        };
        *index = place as usize;
        if *index >= within {
            own.raise(*log, page.through.min(head.get(*log)));
            backfill.page = None;
        } else if let Some(message) = index.checked_sub(1).and_then(|last| page.messages.get(last)) {
            own.raise(*log, message.position);
        }
    }

    fn ask_past(&mut self, key: SessionKey, log: LogId, own: Mark) -> Step {
        let (ticket, mailbox, removals) = (self.ticket(), self.mailbox.clone(), self.lost.removals);
        let Some(backfill) = self.first(key) else { return Step::Idle };
        backfill.ticket = ticket;
        let read = Read {
            selection: backfill.sieve.selection().unfiltered(),
            from: own.get(log),
            began: backfill.began.get(log),
            order: Order::Forward,
            messages: limits::STEP_MESSAGES,
            bytes: limits::TURN_BYTES,
        };
        let to = move |page: Result<_, _>| {
            mailbox.put(Letter { key, ticket, answer: page.map(|page| Answer::Page(log, page, removals)) });
        };
        self.node.inner().reading.page(log, read, &self.lost, Box::new(to));
        Step::Idle
    }

    fn ask_past_latest(&mut self, key: SessionKey, log: LogId, own: Mark) -> Step {
        let Some(mut past) = self.first(key).and_then(|backfill| backfill.latest.take()) else {
            return Step::Idle;
        };
        let selection = self.first(key).map(|backfill| backfill.sieve.selection().clone());
        let began = self.first(key).map_or(Position::START, |backfill| backfill.began.get(log));
        let from = (own.get(log), began);
        let asked = self.ask_latest(key, &mut past, selection.unwrap_or_default(), log, from);
        let Some(backfill) = self.first(key) else { return Step::Idle };
        backfill.latest = Some(past);
        match asked {
            Ok(ticket) => {
                backfill.ticket = ticket;
                Step::Idle
            }
            Err(refusal) => {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.extra().dismissed = Some(Box::new(away(refusal)));
                }
                Step::Rest
            }
        }
    }

    /// An answer to a question about the past, if it is still asked.
    pub(super) fn open_past(&mut self, key: SessionKey, ticket: u32, answer: Result<Answer, Refusal>) {
        let removals = self.lost.removals;
        let Some(session) = self.sessions.get_mut(key) else { return };
        let (line, Some(extra)) = (session.line, session.extra.as_deref_mut()) else { return };
        let Some(talk) = extra.talk.as_deref_mut() else { return };
        let Some(backfill) = talk.backfills.iter_mut().find(|backfill| backfill.ticket == ticket) else {
            return;
        };
        backfill.ticket = 0;
        match answer {
            Ok(Answer::Located(located)) => backfill.start(located),
            Ok(Answer::Latest(log, latest)) => {
                backfill.latest.iter_mut().for_each(|past| past.find(log, latest.clone()));
            }
            // It may show what was removed since, or there is no room for it: it is asked for again.
            Ok(Answer::Page(.., then)) if then != removals || line == Line::Blocked => {}
            Ok(Answer::Page(log, page, _)) => {
                if let Some(gap) = page.gap.filter(|gap| gap.to > backfill.told.get(log)) {
                    backfill.told.set(log, gap.to);
                    backfill.gaps.push(gap);
                }
                backfill.page = Some((log, page, 0));
            }
            Ok(Answer::Reply(..) | Answer::Seat(_)) => {}
            Err(refusal) => extra.dismissed = Some(Box::new(away(refusal))),
        }
        if line == Line::Out {
            self.enter(key);
        }
    }

    /// The past has reached the session's place.
    fn caught_up(&mut self, key: SessionKey) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let talk = session.extra.as_deref_mut().and_then(|extra| extra.talk.as_deref_mut());
        let Some(backfill) = talk.and_then(|talk| talk.backfills.pop_front()) else { return Step::Idle };
        if let Err(refusal) = self.merge(key, backfill.sieve.selection(), backfill.logs) {
            if let Some(session) = self.sessions.get_mut(key) {
                session.extra().dismissed = Some(Box::new(away(refusal)));
            }
            return Step::Rest;
        }
        let cursor = self.cursor(key);
        self.say_event(key, &Event::CaughtUp(&cursor, backfill.request.as_ref()))
    }
}
