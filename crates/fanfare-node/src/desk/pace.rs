//! Readers that hear at most so often, or so much: what lies before them is given in ticks (design rule 8).
//!
//! Such a reader is always behind: its place is its own mark, and it reads the [`Newest`] of its selection, or, where that
//! does not go back so far, a fold of the log. At each tick it is given what there is, in order; if its socket is full meanwhile,
//! the rest once there is room, as far as it is not superseded by then.

use super::bases::{Given, Ticked};
use super::mailbox::{Answer, Letter};
use super::newest::Newest;
use super::reader::{Changes, Reader, Share};
use super::run::{Run, WindowKey};
use super::session::{Line, Session};
use super::step::Step;
use super::turn::{away, fall_behind};
use super::wish::Wish;
use super::{Desk, SessionKey};
use crate::commit::unread;
use crate::fold::fold;
use fanfare_hub::{InterestId, Slot};
use fanfare_proto::{Event, LogId, LogSet, Mark, Pace, Sieve, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a session's ticks stand.
pub(crate) struct Paced {
    pub(crate) pace: Pace,
    /// Nothing is given before.
    next: Time,
    /// The one under way.
    tick: Option<Tick>,
    /// When it is to be looked at again.
    parked: Option<Time>,
    /// Everything before this place of the node's order was heard, if that is known.
    place: Option<u64>,
    /// Where the window ended when something of the list was given last.
    made: u64,
}

/// What one tick may still give.
struct Tick {
    /// Nothing that came later.
    until: u64,
    /// What the ticks before it gave, if that is known.
    before: Option<Ticked>,
    share: Share,
    written: usize,
    /// Nothing more.
    done: bool,
}

/// When sessions are to be looked at again.
#[derive(Default)]
pub(crate) struct Ticks(BTreeMap<Time, Vec<SessionKey>>);

/// Where a session reads on.
pub(super) enum Place {
    /// It has heard everything.
    Head,
    Page,
    /// What its list does not have.
    Log(LogId),
    List(u64),
}

impl Place {
    pub(super) fn is_head(&self) -> bool {
        matches!(self, Place::Head)
    }
}

impl Paced {
    fn new(pace: Pace, next: Time) -> Paced {
        Paced { pace, next, tick: None, parked: None, place: None, made: 0 }
    }

    /// Whether something may be given now.
    fn is_due(&mut self, now: Time, until: u64, hurry: bool) -> bool {
        let mut written = 0;
        if let Some(tick) = &self.tick {
            if !tick.done {
                return true;
            }
            written = tick.written;
            (self.next, self.tick) = (self.pace.after(now, written), None);
        }
        if now < self.next && !hurry && !self.pace.is_beyond(self.next, now, written) {
            return false;
        }
        let share = Share { bytes: self.pace.tick_bytes(), counts: self.pace.counts(), keyless: true };
        let before = self.place.map(|to| Ticked { to, made: self.made });
        self.tick = Some(Tick { until, before, share, written: 0, done: false });
        true
    }

    /// The session begins elsewhere.
    pub(crate) fn lose_place(&mut self) {
        self.place = None;
        self.tick.iter_mut().for_each(|tick| tick.before = None);
    }

    /// Nothing more is given in this tick.
    pub(crate) fn end_tick(&mut self) {
        self.tick.iter_mut().for_each(|tick| tick.done = true);
    }

    /// What may be given now.
    pub(crate) fn share(&self) -> Option<Share> {
        self.tick.as_ref().map(|tick| tick.share)
    }

    /// A run is given; `last` if nothing comes behind it for now.
    pub(crate) fn give(&mut self, run: &Run, last: bool) {
        let Some(tick) = &mut self.tick else { return };
        tick.written += run.bytes.len();
        tick.share.bytes = tick.share.bytes.saturating_sub(run.bytes.len() as u32);
        tick.share.keyless &= !run.keyless;
        tick.done |= last || run.paused || tick.share.bytes == 0;
    }
}

impl Desk {
    /// From now on a session is given what it wants at this pace.
    pub(super) fn set_pace(&mut self, key: SessionKey, pace: Pace, now: Time) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        if let Some(paced) = session.extra.as_deref_mut().and_then(|extra| extra.pace.as_deref_mut()) {
            (paced.pace, paced.next) = (pace, paced.next.min(pace.next(now)));
            return;
        }
        fall_behind(session, &self.window);
        let stream = session.wire.protocol().shape().goes_on();
        // A poll is one of many, and has no memory of the one before: it waits for the tick that all have in common.
        let next = if stream { now } else { pace.next(now) };
        let end = self.window.end();
        (session.at, session.until) = (end, end);
        session.give_from(end);
        let extra = session.extra();
        (extra.joined, extra.pace) = (end, Some(Box::new(Paced::new(pace, next))));
        let interest = session.membership.interest;
        self.read_list(interest);
    }

    /// How fast a session hears, if that is limited.
    pub(super) fn pace(&self, key: SessionKey) -> Option<Pace> {
        let extra = self.sessions.get(key)?.extra.as_deref()?;
        extra.pace.as_deref().map(|paced| paced.pace)
    }

    /// One session more reads the list of a selection.
    pub(super) fn read_list(&mut self, interest: InterestId) {
        let head = self.window.head();
        self.newest.entry(interest).or_insert_with(|| Newest::new(head)).readers += 1;
    }

    /// One session less does.
    pub(super) fn leave_list(&mut self, interest: InterestId) {
        if let Some(list) = self.newest.get_mut(&interest) {
            list.readers -= 1;
            if list.readers == 0 {
                self.newest.remove(&interest);
            }
        }
    }

    /// What a session that hears in ticks is given next.
    #[cold]
    pub(super) fn step_paced(&mut self, key: SessionKey, stream: bool, now: Time) -> Step {
        let Some(session) = self.sessions.get(key) else { return Step::Idle };
        if let Some(list) = self.newest.get_mut(&session.membership.interest) {
            list.tidy();
        }
        let Some(place) = self.sessions.get(key).map(|session| self.place(session)) else {
            return Step::Idle;
        };
        let (head, end) = (self.window.head(), self.window.end());
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let extra = session.extra();
        let hurry = extra.hurry;
        let Some(paced) = extra.pace.as_deref_mut() else { return Step::Idle };
        if let Place::Head = place {
            paced.end_tick();
            paced.place = Some(end);
            extra.own = extra.own.map(|own| own.max(&head));
            return self.at_head(key, stream);
        }
        if !paced.is_due(now, end, hurry) {
            return match stream && std::mem::take(&mut extra.alive) {
                true => {
                    let cursor = self.cursor(key);
                    self.say_event(key, &Event::Alive(&cursor))
                }
                false => Step::Tick,
            };
        }
        match place {
            Place::Page => self.read_page(key, now),
            Place::Log(log) => {
                paced.lose_place();
                self.ask_fold(key, log)
            }
            Place::List(from) => self.read_newest(key, from, now),
            Place::Head => Step::Idle,
        }
    }

    /// Where a session reads on.
    pub(super) fn place(&self, session: &Session) -> Place {
        let Some(list) = self.newest.get(&session.membership.interest) else { return Place::Head };
        let (own, logs) = (session.own().unwrap_or_default(), session.logs);
        if session.extra.as_deref().is_some_and(|extra| extra.page.is_some()) {
            return Place::Page;
        }
        if let Some(log) = logs.iter().find(|log| !list.covers(&own, LogSet::default().with(*log))) {
            return Place::Log(log);
        }
        let place = session.extra.as_deref().and_then(|extra| extra.pace.as_deref()?.place);
        let first = place.map_or_else(|| list.first_after(&own, logs), |place| list.first_from(place));
        first.map_or(Place::Head, Place::List)
    }

    /// Asks for what a log has before the list begins: of each key the newest.
    fn ask_fold(&mut self, key: SessionKey, log: LogId) -> Step {
        let (ticket, mailbox, removals) = (self.ticket(), self.mailbox.clone(), self.lost.removals);
        let (head, joined) = (self.window.head().get(log), self.window.end());
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let Some(interest) = self.interests.get(session.membership.interest) else { return Step::Idle };
        let mut sieve = Sieve::new(interest.selection.clone());
        let from = (session.own().unwrap_or_default().get(log), session.began(log));
        session.give_from(joined);
        (session.ticket, session.extra().joined) = (ticket, joined);
        let reading = &self.node.inner().reading;
        let lending = reading.lending();
        let asked = reading.task(Box::new(move |logs| {
            let page = fold(&**logs.get(log), &mut sieve, from, head);
            let answer = page.map(|page| Answer::Page(log, Arc::new(lending.lend(page)), removals));
            mailbox.put(Letter { key, ticket, answer: answer.map_err(|error| unread(&error)) });
        }));
        match asked {
            Ok(()) => {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.line = Line::Waiting;
                }
                Step::Wait
            }
            Err(refusal) => {
                if let Some(session) = self.sessions.get_mut(key) {
                    session.extra().dismissed = Some(Box::new(away(refusal)));
                }
                Step::Rest
            }
        }
    }

    /// Gives what the list has.
    fn read_newest(&mut self, key: SessionKey, from: u64, now: Time) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (interest, wire, logs, own, joined) =
            (session.membership.interest, session.wire, session.logs, session.own(), session.joined());
        let given_from = session.given_from();
        let Some(list) = self.newest.get(&interest) else { return Step::Idle };
        let Some((wished, filters)) = self.interests.asking(interest) else { return Step::Idle };
        let Some(paced) = session.extra.as_deref_mut().and_then(|extra| extra.pace.as_deref_mut()) else {
            return Step::Idle;
        };
        let Some((to, share, before)) = paced.tick.as_ref().map(|tick| (tick.until, tick.share, tick.before))
        else {
            return Step::Idle;
        };
        paced.made = self.window.end();
        // Whoever has heard nothing of what comes is like everybody who has not.
        let first = list.range(from, from + 1).next();
        let own = own.filter(|own| {
            !first.is_some_and(|(_, Slot { log, message, mark, .. })| {
                own.reached_by(mark, logs) && message.position > own.get(*log)
            })
        });
        // What it had heard elsewhere is skipped here.
        let skips = own.is_some();
        let (places, encoder) = (&self.node.inner().places, &mut self.encoder);
        let wish = Wish::Shared(wished, filters);
        let before = before.filter(|_| given_from.is_some());
        let given = given_from.map(|since| Given { since, ticks: before });
        let changes = Changes::of(&mut self.bases, given.filter(|_| before.is_some()));
        let shared = WindowKey { interest, wire, from, to, joined: joined.max(from) };
        let mut reader = Reader {
            wish,
            logs,
            wire,
            own,
            joined,
            past: None,
            places,
            encoder,
            now,
            share: Some(share),
            changes,
        };
        let run = self.runs.of_list((shared, share, list.version(), before), list, &mut reader);
        let last = list.range(run.to, to).next().is_none();
        paced.give(&run, last);
        if skips {
            session.give_from(self.window.end());
        }
        self.use_run(key, run, from, None)
    }

    /// Moves the read point to a place of the list.
    #[cold]
    pub(super) fn advance_in_list(&mut self, key: SessionKey, place: u64) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let list = self.newest.get(&session.membership.interest);
        let Some(heard) = list.and_then(|list| list.mark_before(place)) else { return };
        let extra = session.extra();
        extra.own = Some(extra.own.map_or(heard, |own| own.max(&heard)));
        extra.pace.iter_mut().for_each(|paced| paced.place = Some(place));
    }

    /// Has a session looked at again at its next tick.
    #[cold]
    pub(super) fn park(&mut self, key: SessionKey) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let Some(extra) = session.extra.as_deref_mut() else { return };
        if self.node.inner().reading.lending().are_many() {
            extra.page = None;
        }
        let Some(paced) = extra.pace.as_deref_mut() else { return };
        if paced.parked != Some(paced.next) {
            paced.parked = Some(paced.next);
            self.ticks.0.entry(paced.next).or_default().push(key);
        }
    }

    /// Puts those whose tick has come in line.
    pub(super) fn tick(&mut self, now: Time) {
        while let Some(first) = self.ticks.0.first_entry().filter(|first| *first.key() <= now) {
            let (at, keys) = first.remove_entry();
            for key in keys {
                let Some(session) = self.sessions.get_mut(key) else { continue };
                let line = session.line;
                let paced = session.extra.as_deref_mut().and_then(|extra| extra.pace.as_deref_mut());
                let Some(paced) = paced.filter(|paced| paced.parked == Some(at)) else { continue };
                paced.parked = None;
                if line == Line::Tick {
                    self.enter(key);
                }
            }
        }
    }

    /// When the next tick of a session that has something to hear comes.
    pub fn next_tick(&self) -> Option<Time> {
        self.ticks.0.first_key_value().map(|(at, _)| *at)
    }

    /// The logs are to be read again by everybody: some of what is listed may be gone.
    pub(super) fn reset_lists(&mut self, base: Mark) {
        self.newest.values_mut().for_each(|list| list.reset(base));
    }
}

impl Session {
    pub(crate) fn is_paced(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| extra.pace.is_some())
    }
}
