//! What a session writes next. This is the whole reading side: a start in the past, a slow reader, a missed batch
//! and a plain live reader are one mechanism, a place that is before the head.

use super::bases::Given;
use super::mailbox::{Answer, Letter};
use super::pace::Paced;
use super::reader::{Changes, Reader};
use super::run::{Run, WindowKey};
use super::session::{Ending, Farewell, Line, Session};
use super::talk::Talk;
use super::viewed::Join;
use super::wish::Wish;
use super::{Desk, SessionKey};
use bytes::Bytes;
use fanfare_proto::{Cursor, Encoder, Event, Framing, Gap, Greeting, Time, limits, refusal_response};
use fanfare_store::{Order, Read};
use std::sync::Arc;

/// What to do next for a session.
pub(super) enum Step {
    /// Something was added to `rest`, or the place has moved: look again.
    Rest,
    /// Write this run, which starts at this place.
    Run(Arc<Run>, u64),
    /// Write this run of what lies before the beginning of a subscription.
    Past(Arc<Run>, u64),
    /// A page or a place was asked for.
    Wait,
    /// Nothing can be done until the next turn.
    Later,
    /// Nothing is given before the session's next tick.
    Tick,
    /// Everything was heard.
    Idle,
}

impl Desk {
    pub(super) fn step(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let stream = session.wire.protocol().shape().goes_on();
        if let Some(extra) = session.extra.as_deref_mut() {
            if let Some(answers) = extra.talk.as_deref_mut().and_then(Talk::take) {
                extra.add(answers);
                return Step::Rest;
            }
            if extra.dismissed.is_some() {
                return self.say_goodbye(key);
            }
            if extra.behind && extra.own.is_none() {
                return Step::Wait;
            }
            if stream && !extra.gaps.is_empty() {
                return self.tell_gaps(key);
            }
            if let Some(retry) = extra.greet.take() {
                let wire = session.wire;
                let (cursor, id) = (self.cursor(key), self.id(key));
                let greeting = Greeting { cursor: &cursor, retry, session: &id };
                return self.say(key, |encoder, out| encoder.greet(wire, &greeting, out));
            }
            if extra.past.is_some() && extra.page.is_none() {
                return self.step_latest(key, stream);
            }
            if extra.pace.is_some() {
                return self.step_paced(key, stream, now);
            }
            if extra.page.is_some() {
                return self.read_page(key, now);
            }
            // A long way through what is not wanted: the cursor moves, and a connection that is cut goes on from it.
            if stream && extra.behind && std::mem::take(&mut extra.alive) {
                let cursor = self.cursor(key);
                return self.say_event(key, &Event::Alive(&cursor));
            }
            if extra.behind {
                return self.catch_up(key);
            }
        }
        if session.at < session.until { self.read_window(key, now) } else { self.at_head(key, stream) }
    }

    /// Writes on from the page at hand.
    pub(super) fn read_page(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let id = session.membership.interest;
        let Some((interest, filters)) = self.interests.asking(id) else { return Step::Idle };
        let (wire, logs, own) = (session.wire, session.logs, session.own().unwrap_or_default());
        let Some((log, page, from)) = session.extra().page.clone() else { return Step::Rest };
        let share = session.extra().pace.as_deref().and_then(Paced::share);
        let filtered = interest.is_filtered().then_some(id);
        let (places, encoder) = (&self.node.inner().places, &mut self.encoder);
        let wish = Wish::Shared(interest, filters);
        let mut reader = Reader {
            wish,
            logs,
            wire,
            own: Some(own),
            joined: 0,
            past: None,
            places,
            encoder,
            now,
            share,
            changes: None,
        };
        let run = self.runs.of_page(&page, log, (from, filtered), own, &mut reader);
        if let Some(paced) =
            self.sessions.get_mut(key).and_then(|session| session.extra().pace.as_deref_mut())
        {
            paced.give(&run, run.to as usize >= page.messages.len() && !run.bytes.is_empty());
        }
        self.use_run(key, run, from as u64, None)
    }

    /// Joins the window if it goes back far enough, else asks for a page of the first log that is behind it.
    fn catch_up(&mut self, key: SessionKey) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (logs, own) = (session.logs, session.own().unwrap_or_default());
        let Some(interest) = self.interests.get(session.membership.interest) else { return Step::Idle };
        let (selection, view) = (interest.selection.unfiltered(), interest.selection.view());
        let log = match self.join_at(view, &own, logs) {
            Some(Join::Window(at)) => return self.join_window(key, at),
            Some(Join::Log(_)) if self.skips(key) => return self.show_newest(key, false, self.node.now()),
            Some(Join::Log(log)) => log,
            None => return Step::Idle,
        };
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        session.line = Line::Waiting;
        let began = session.began(log);
        let read = Read {
            selection,
            from: own.get(log),
            began,
            order: Order::Forward,
            messages: limits::STEP_MESSAGES,
            bytes: limits::TURN_BYTES,
        };
        let (ticket, mailbox, removals) = (self.ticket(), self.mailbox.clone(), self.lost.removals);
        if let Some(session) = self.sessions.get_mut(key) {
            session.ticket = ticket;
        }
        let to = move |page: Result<_, _>| {
            mailbox.put(Letter { key, ticket, answer: page.map(|page| Answer::Page(log, page, removals)) });
        };
        self.node.inner().reading.page(log, read, &self.lost, Box::new(to));
        Step::Wait
    }

    /// Reads on in the window, from a place on.
    fn join_window(&mut self, key: SessionKey, at: u64) -> Step {
        let (before, end) = (self.window.mark_before(at), self.window.end());
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        (session.at, session.until) = (at, end);
        let (logs, own) = (session.logs, session.own().unwrap_or_default());
        let extra = session.extra();
        (extra.behind, extra.joined) = (false, end);
        extra.shown.iter_mut().for_each(|shown| shown.displace());
        // It has heard what lies before and nothing else: from here on it is like everybody at this place.
        extra.own = Some(own).filter(|own| !own.reached_by(&before, logs));
        // Of what it has heard already it may hold nothing.
        let place = if extra.own.is_none() { at } else { end };
        session.give_from(place);
        Step::Rest
    }

    /// Writes on from the window.
    fn read_window(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let interest_id = session.membership.interest;
        let Some((interest, filters)) = self.interests.asking(interest_id) else { return Step::Idle };
        let (wire, logs, own, joined) = (session.wire, session.logs, session.own(), session.joined());
        let (from, to, given_from) = (session.at, session.until, session.given_from());
        let window_key = WindowKey { interest: interest_id, wire, from, to, joined: joined.max(from) };
        self.framed = self.framed.min(from);
        let places = &self.node.inner().places;
        let (wish, encoder) = (Wish::Shared(interest, filters), &mut self.encoder);
        let changes = Changes::of(
            &mut self.bases,
            given_from.map(|since| Given { since: since.min(from), ticks: None }),
        );
        let mut reader =
            Reader { wish, logs, wire, own, joined, past: None, places, encoder, now, share: None, changes };
        let run = self.runs.of_window(window_key, &mut self.window, &mut reader);
        self.use_run(key, run, window_key.from, own.is_none().then_some(window_key))
    }

    /// A stream writes the run; an answer is made of it. An empty run only moves the place.
    // Whoever hears in ticks does this, too, but it is for all others that it is here.
    #[inline(always)]
    pub(super) fn use_run(
        &mut self,
        key: SessionKey,
        run: Arc<Run>,
        from: u64,
        shared: Option<WindowKey>,
    ) -> Step {
        if run.bytes.is_empty() {
            self.pass(key);
            self.advance(key, run.to);
            return Step::Rest;
        }
        let Some(session) = self.sessions.get(key) else { return Step::Idle };
        if session.wire.protocol().shape().goes_on() {
            if run.shows.is_some() {
                self.lead(key, &run);
            }
            return Step::Run(run, from);
        }
        self.advance(key, run.to);
        self.board.counts.deliveries.add(run.cuts.len() as u64);
        let gaps = self.take_gaps(key);
        let own = self.sessions.get(key).is_some_and(Session::has_manner);
        let shared = shared.filter(|_| gaps.is_empty() && !own);
        if let Some(bytes) = shared.and_then(|shared| self.runs.answer(&shared)) {
            return self.end_with(key, bytes);
        }
        let bytes = self.answer(key, &run, &gaps);
        if let Some(shared) = shared {
            self.runs.keep_answer(shared, run, bytes.clone());
        }
        self.end_with(key, bytes)
    }

    /// Tells a stream what was lost. The cursor that lies behind all gaps comes with the last: who is cut before hears
    /// all of them again.
    fn tell_gaps(&mut self, key: SessionKey) -> Step {
        let (gaps, cursor, wire) = (self.take_gaps(key), self.cursor(key), session_wire(self, key));
        let Some(wire) = wire else { return Step::Idle };
        self.say(key, |encoder, out| {
            for (left, gap) in (0..gaps.len()).rev().zip(&gaps) {
                let cursor = (left == 0).then_some(&cursor);
                encoder.event(wire, &Event::Gap(gap, cursor), out);
            }
        })
    }

    fn take_gaps(&mut self, key: SessionKey) -> Vec<Gap> {
        let extra = self.sessions.get_mut(key).and_then(|session| session.extra.as_deref_mut());
        let gaps = extra.map(|extra| std::mem::take(&mut extra.gaps)).unwrap_or_default();
        self.count_gaps(&gaps);
        gaps
    }

    pub(super) fn count_gaps(&self, gaps: &[Gap]) {
        gaps.iter().for_each(|gap| self.board.counts.gaps.of(gap.reason).add(1));
    }

    /// The session has heard everything.
    // As above.
    #[inline(always)]
    pub(super) fn at_head(&mut self, key: SessionKey, stream: bool) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let logs = session.logs;
        let Some(extra) = session.extra.as_deref_mut() else { return Step::Idle };
        if extra.pace.is_none() && extra.own.is_some_and(|own| own.reached_by(&self.window.head(), logs)) {
            extra.own = None;
            // What it had heard elsewhere was skipped here.
            let end = self.window.end();
            extra.given_from = extra.given_from.map(|from| from.max(end));
        }
        if extra.talk.as_deref().is_some_and(|talk| talk.seated.is_some()) {
            return self.hand_over(key, stream);
        }
        if stream && std::mem::take(&mut extra.announce) {
            let cursor = self.cursor(key);
            return self.say_event(key, &Event::CaughtUp(&cursor, None));
        }
        if stream && std::mem::take(&mut extra.alive) {
            if extra.shown.is_some() {
                return self.show_newest(key, true, self.node.now());
            }
            let cursor = self.cursor(key);
            return self.say_event(key, &Event::Alive(&cursor));
        }
        if !stream && !extra.gaps.is_empty() {
            let gaps = self.take_gaps(key);
            let bytes = self.answer(key, &Run::default(), &gaps);
            return self.end_with(key, bytes);
        }
        if !stream && extra.hurry {
            let cursor = self.cursor(key);
            let bytes = self.answer_empty(key, &cursor);
            return self.end_with(key, bytes);
        }
        self.backfill(key, self.node.now())
    }

    /// The cursor of what the session has heard.
    pub(super) fn cursor(&self, key: SessionKey) -> Cursor {
        let Some(session) = self.sessions.get(key) else { return Cursor::default() };
        if let Some(seated) = self.seated(key) {
            return seated.seat.floor();
        }
        self.node.inner().places.cursor(&self.heard_to(session), session.logs)
    }

    /// Moves the read point to a place of the page at hand, or of the window.
    pub(super) fn advance(&mut self, key: SessionKey, place: u64) {
        let Some(session) = self.sessions.get_mut(key) else { return };
        let mut extra = session.extra.as_deref_mut();
        if let Some(shown) = extra.as_deref_mut().and_then(|extra| extra.shown.as_deref_mut()) {
            shown.begin();
        }
        let Some(extra) = extra.filter(|extra| extra.page.is_some()) else {
            return match session.is_paced() {
                true => self.advance_in_list(key, place),
                false => session.at = place,
            };
        };
        let (Some((log, page, index)), Some(own)) = (&mut extra.page, &mut extra.own) else { return };
        *index = place as usize;
        if *index >= page.messages.len() {
            own.raise(*log, page.through);
            if let Some(shown) = extra.shown.as_deref() {
                own.raise(*log, shown.placed(*log));
            }
            extra.page = None;
        } else if let Some(message) = index.checked_sub(1).and_then(|last| page.messages.get(last)) {
            own.raise(*log, message.position);
        }
    }

    /// Says something that belongs to this session alone.
    fn say(&mut self, key: SessionKey, encode: impl FnOnce(&mut Encoder, &mut Vec<u8>)) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let encoder = &mut self.encoder;
        session.extra().write(|out| encode(encoder, out));
        Step::Rest
    }

    pub(super) fn say_event(&mut self, key: SessionKey, event: &Event<'_>) -> Step {
        let Some(wire) = session_wire(self, key) else { return Step::Idle };
        self.say(key, |encoder, out| encoder.event(wire, event, out))
    }

    /// The last words of a session that is sent away.
    fn say_goodbye(&mut self, key: SessionKey) -> Step {
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (wire, extra) = (session.wire, session.extra());
        let Some(farewell) = extra.dismissed.take() else { return Step::Rest };
        extra.ending = Some(Ending::Close);
        let (why, retry) = match *farewell {
            Farewell::Told(why, retry) => (why, retry),
            Farewell::Frame(frame) => {
                extra.add(frame);
                return Step::Rest;
            }
        };
        self.board.counts.refusals.of(why.code).add(1);
        let mut out = Vec::new();
        if wire.protocol().shape().goes_on() {
            // A failure before anything was found is said on a stream too: its head is on its way already.
            self.encoder.close(wire, &why, retry, &mut out);
        } else {
            refusal_response(&why, wire, &self.node.origins(), self.node.now(), retry, &mut out);
        }
        extra.add(out);
        Step::Rest
    }

    /// The response is complete with these bytes.
    pub(super) fn end_with(&mut self, key: SessionKey, bytes: Bytes) -> Step {
        if let Some(session) = self.sessions.get_mut(key) {
            let close = session.wire.framing == Framing::LengthClose;
            let extra = session.extra();
            extra.add(bytes);
            extra.ending = Some(if close { Ending::Close } else { Ending::Reuse });
        }
        Step::Rest
    }
}

fn session_wire(desk: &Desk, key: SessionKey) -> Option<fanfare_proto::Wire> {
    desk.sessions.get(key).map(|session| session.wire)
}
