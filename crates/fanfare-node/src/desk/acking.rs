//! Sessions of acked readers (design rule 16). What they are given and by whom is the node's thread of readers; here it is
//! written, in the session's own frames: these are few, and each says which attempt it is. Other sessions cost nothing here.

use super::mailbox::{Answer, Letter};
use super::session::Ending;
use super::step::Step;
use super::talk::{Task, refused, talk, written};
use super::write::TOGETHER;
use super::{Desk, Line, SessionKey};
use crate::readers::{Asking, Seated, Word};
use fanfare_proto::{
    Ack, AsReader, Code, Event, ReaderRules, Refusal, Reply, RequestId, Start, Subscribe, Time,
    refusal_response,
};
use std::time::Duration;

impl Desk {
    /// The session of this key, which was just opened and hears nothing, is to hear as an acked reader. Nothing is written
    /// until it may: a refusal is its response.
    pub fn hear_as(
        &mut self,
        key: SessionKey,
        reader: AsReader,
        rules: ReaderRules,
        start: Start,
    ) -> Result<(), Refusal> {
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        session.line = Line::Waiting;
        let (mailbox, ticket) = (self.mailbox.clone(), session.serial);
        self.sit_down(key, reader, rules, start, move |done| {
            let word = done.map_or_else(Word::Ended, |_| Word::Seated);
            mailbox.put(Letter { key, ticket, answer: Ok(Answer::Seat(word)) });
        })
    }

    fn sit_down(
        &mut self,
        key: SessionKey,
        reader: AsReader,
        rules: ReaderRules,
        start: Start,
        then: impl FnOnce(Result<Vec<fanfare_proto::Pattern>, Refusal>) + Send + 'static,
    ) -> Result<(), Refusal> {
        let Some(session) = self.sessions.get_mut(key) else { return Ok(()) };
        let (mailbox, ticket, grant) = (self.mailbox.clone(), session.serial, session.grant.clone());
        let tell = move |word| mailbox.put(Letter { key, ticket, answer: Ok(Answer::Seat(word)) });
        let readers = &self.node.inner().readers;
        let seated = readers.seat(&reader, Box::new(tell));
        let (seat, then) = (seated.seat.clone(), Box::new(then));
        readers.attach(Asking { reader, rules, start, grant, seat, then })?;
        talk(session).seated = Some(Box::new(seated));
        Ok(())
    }

    /// A session that hears nothing yet asks to hear as an acked reader.
    pub(super) fn subscribe_as(
        &mut self,
        key: SessionKey,
        id: Option<&RequestId>,
        subscribe: Subscribe,
    ) -> Result<(), Refusal> {
        subscribe.check_reader()?;
        let Subscribe { patterns, preferences, start, reader, .. } = subscribe;
        let Some(reader) = reader else { return Ok(()) };
        if !self.heard(key).is_empty() || self.seated(key).is_some() {
            let detail = "this session hears something; an acked reader has a session of its own";
            return Err(Refusal::new(Code::BAD_REQUEST, detail));
        }
        let Some(session) = self.sessions.get(key) else { return Ok(()) };
        let (mailbox, ticket, id) = (self.mailbox.clone(), session.serial, id.cloned());
        let rules = ReaderRules::new(patterns, preferences.filter);
        self.sit_down(key, reader, rules, start, move |done| {
            let word = if done.is_ok() { Word::Seated } else { Word::Refused };
            let text = match &done {
                Ok(patterns) => written(id.as_ref(), &Reply::Subscribe(patterns)),
                Err(refusal) => written(id.as_ref(), &Reply::Refused(refusal)),
            };
            mailbox.put(Letter { key, ticket, answer: Ok(Answer::Reply(text, 1)) });
            mailbox.put(Letter { key, ticket, answer: Ok(Answer::Seat(word)) });
        })?;
        if let Some(session) = self.sessions.get_mut(key) {
            talk(session).wait_for(1);
        }
        Ok(())
    }

    pub(super) fn seated(&self, key: SessionKey) -> Option<&Seated> {
        self.sessions.get(key)?.extra.as_deref()?.talk.as_deref()?.seated.as_deref()
    }

    fn seated_mut(&mut self, key: SessionKey) -> Option<&mut Seated> {
        self.sessions.get_mut(key)?.extra.as_deref_mut()?.talk.as_deref_mut()?.seated.as_deref_mut()
    }

    /// Takes note of what a session has done, or wants to be given again.
    pub(super) fn acknowledge(
        &mut self,
        key: SessionKey,
        id: Option<RequestId>,
        ack: Ack,
    ) -> Result<Task, Refusal> {
        let session = self.sessions.get(key).map(|session| session.grant.clone());
        let (Some(grant), Some(seated)) = (session, self.seated(key)) else {
            let detail = "this session is none of an acked reader: subscribe with `reader`";
            return Err(Refusal::new(Code::BAD_REQUEST, detail));
        };
        let (name, member, again) = (seated.name.clone(), seated.seat.member, ack.again.is_some());
        let readers = &self.node.inner().readers;
        // In line before anything else that this session says, its end included.
        let answer =
            readers.question(move |keeper, hands| keeper.ack(hands, &grant, &name, &ack, Some(member)))?;
        let (letter, board) = (self.letter(key, 1), self.board.clone());
        Ok(Box::pin(async move {
            letter(match answer.await.unwrap_or_else(|_| Err(Code::DRAINING.into())) {
                Ok(count) if again => written(id.as_ref(), &Reply::Nack(count)),
                Ok(count) => written(id.as_ref(), &Reply::Ack(count)),
                Err(refusal) => refused(&board, id.as_ref(), &refusal),
            });
        }))
    }

    /// What the thread of readers says.
    pub(super) fn open_word(&mut self, key: SessionKey, word: Word) {
        let line = self.sessions.get(key).map(|session| session.line);
        match word {
            Word::Seated => {
                self.seated_mut(key).into_iter().for_each(|seated| seated.begun = true);
            }
            Word::Given if self.seated(key).is_none_or(|seated| !seated.begun) => return,
            Word::Given => {}
            Word::Refused => {
                if let Some(session) = self.sessions.get_mut(key) {
                    talk(session).seated = None;
                }
            }
            Word::Ended(why) if self.seated(key).is_some_and(|seated| !seated.begun) => {
                return self.refuse_opening(key, &why);
            }
            Word::Ended(why) => return self.dismiss(key, &why, Duration::ZERO),
        }
        if line != Some(Line::Blocked) {
            self.enter(key);
        }
    }

    /// Nothing of a response was written yet: it is this refusal.
    fn refuse_opening(&mut self, key: SessionKey, why: &Refusal) {
        self.board.counts.refusals.of(why.code).add(1);
        let (origins, now) = (self.node.origins(), self.node.now());
        let Some(session) = self.sessions.get_mut(key) else { return };
        let (wire, mut out) = (session.wire, Vec::new());
        let retry = why.code.retry_after().unwrap_or_default();
        refusal_response(why, wire, &origins, now, retry, &mut out);
        let extra = session.extra();
        (extra.rest, extra.greet, extra.ending) = (out.into(), None, Some(Ending::Close));
        drop(origins);
        self.enter(key);
    }

    /// What is next for a session of an acked reader.
    pub(super) fn hand_over(&mut self, key: SessionKey, stream: bool) -> Step {
        let now = self.node.now();
        match self.seated(key) {
            Some(seated) if seated.begun && stream => self.hand_to_stream(key, now),
            Some(seated) if seated.begun => self.hand_to_answer(key, now),
            _ => Step::Idle,
        }
    }

    fn hand_to_stream(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(seat) = self.seated(key).map(|seated| seated.seat.clone()) else { return Step::Idle };
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (wire, gaps, mut out, mut messages) = (session.wire, seat.take_gaps(), Vec::new(), 0);
        for gap in &gaps {
            self.encoder.event(wire, &Event::Gap(gap, None), &mut out);
        }
        while out.len() < TOGETHER
            && let Some(given) = seat.take()
        {
            // Whoever gave it finds that it has expired when its time is over.
            if !given.message.is_expired(now) {
                let event = Event::Handed(&given.message, &given.cursor, given.attempt);
                self.encoder.event(wire, &event, &mut out);
                messages += 1;
            }
        }
        if out.is_empty() && std::mem::take(&mut session.extra().alive) {
            self.encoder.event(wire, &Event::Alive(&seat.floor()), &mut out);
        }
        if out.is_empty() {
            self.seated(key).into_iter().for_each(Seated::go_on);
            return Step::Idle;
        }
        session.extra().add(out);
        self.board.counts.deliveries.add(messages);
        self.count_gaps(&gaps);
        Step::Rest
    }

    fn hand_to_answer(&mut self, key: SessionKey, now: Time) -> Step {
        let Some(seat) = self.seated(key).map(|seated| seated.seat.clone()) else { return Step::Idle };
        let Some(session) = self.sessions.get_mut(key) else { return Step::Idle };
        let (wire, hurry) = (session.wire, session.extra().hurry);
        if !hurry && seat.is_idle() {
            return Step::Idle;
        }
        // What is given from now on comes too late.
        seat.fill();
        let gaps = seat.take_gaps();
        let (mut frames, mut cursor) = (Vec::new(), seat.floor());
        while let Some(given) = seat.take() {
            if !given.message.is_expired(now) {
                let mut frame = Vec::new();
                let event = Event::Handed(&given.message, &given.cursor, given.attempt);
                self.encoder.event(wire, &event, &mut frame);
                frames.push(frame);
                cursor = given.cursor;
            }
        }
        if frames.is_empty() && gaps.is_empty() {
            if !hurry {
                // What was given has expired meanwhile.
                self.seated(key).into_iter().for_each(Seated::go_on);
                return Step::Idle;
            }
            let bytes = self.answer_empty(key, &cursor);
            return self.end_with(key, bytes);
        }
        let bytes = self.respond(key, &mut frames.iter().map(Vec::as_slice), &gaps, &cursor);
        self.board.counts.deliveries.add(frames.len() as u64);
        self.count_gaps(&gaps);
        self.seated_mut(key).into_iter().for_each(|seated| seated.answered = true);
        self.end_with(key, bytes)
    }
}
