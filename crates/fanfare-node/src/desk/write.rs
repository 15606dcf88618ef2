//! One session's share of a turn.

use super::run::Run;
use super::session::{Ending, Extra, Line, Session};
use super::step::Step;
use super::turn::fall_behind;
use super::{Desk, Outcome, SessionKey, Sink};
use bytes::{Buf, Bytes};
use fanfare_proto::{Event, Time, limits};
use std::io::{self, ErrorKind};
use std::sync::Arc;

/// What is begun waits for what follows it, up to so many bytes.
pub(super) const TOGETHER: usize = limits::TURN_BYTES / 4;
/// What a step costs of the share, in bytes: some write nothing and take time nevertheless.
const STEP: usize = limits::TURN_BYTES / 32;

impl Desk {
    /// Writes one session's share.
    pub fn write(&mut self, key: SessionKey, now: Time, sink: &mut dyn Sink) -> Outcome {
        let mut share = limits::TURN_BYTES;
        // The head of a stream goes out with what follows it; what is left of an earlier turn goes first.
        let mut first = self.extra(key).is_none_or(|extra| extra.greet.is_none());
        loop {
            let pressing = self.extra(key).is_some_and(|extra| {
                extra.ending.is_some() || extra.rest.len() >= TOGETHER || share < limits::TURN_BYTES / 2
            });
            if (std::mem::take(&mut first) || pressing)
                && let Some(outcome) = self.write_rest(key, sink, &mut share)
            {
                return outcome;
            }
            if share < limits::TURN_BYTES / 2 {
                self.leave_line(key, Line::Out);
                self.enter(key);
                return Outcome::Again;
            }
            share = share.saturating_sub(STEP);
            match self.step(key, now) {
                Step::Rest => {}
                step @ (Step::Idle | Step::Wait | Step::Later | Step::Tick) => {
                    return self.write_rest(key, sink, &mut share).unwrap_or_else(|| self.pause(key, &step));
                }
                Step::Run(run, from) => {
                    let moves = Desk::advance;
                    if let Some(outcome) = self.write_run(key, &run, from, moves, sink, &mut share) {
                        return outcome;
                    }
                }
                Step::Past(run, from) => {
                    let moves = Desk::advance_past;
                    if let Some(outcome) = self.write_run(key, &run, from, moves, sink, &mut share) {
                        return outcome;
                    }
                }
            }
        }
    }

    fn extra(&self, key: SessionKey) -> Option<&Extra> {
        self.sessions.get(key)?.extra.as_deref()
    }

    /// Nothing more can be written for now.
    fn pause(&mut self, key: SessionKey, step: &Step) -> Outcome {
        match step {
            Step::Wait => {
                self.leave_line(key, Line::Waiting);
                Outcome::Waiting
            }
            Step::Tick => {
                self.leave_line(key, Line::Tick);
                self.park(key);
                Outcome::Idle
            }
            Step::Later => {
                self.leave_line(key, Line::Out);
                self.enter(key);
                Outcome::Again
            }
            _ => {
                self.leave_line(key, Line::Out);
                Outcome::Idle
            }
        }
    }

    fn leave_line(&mut self, key: SessionKey, line: Line) {
        if let Some(session) = self.sessions.get_mut(key) {
            session.line = line;
            session.tidy();
        }
    }

    /// Writes what was begun. Answers an outcome if the share ends here.
    fn write_rest(&mut self, key: SessionKey, sink: &mut dyn Sink, share: &mut usize) -> Option<Outcome> {
        let Some(session) = self.sessions.get_mut(key) else { return Some(Outcome::Idle) };
        let extra = session.extra.as_deref_mut()?;
        while !extra.rest.is_empty() {
            match sink.write(&extra.rest) {
                Ok(written) => {
                    self.board.counts.bytes.add(written as u64);
                    extra.rest.advance(written);
                    *share = share.saturating_sub(written);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(self.block(key)),
                Err(error) => {
                    self.close(key);
                    return Some(Outcome::Failed(error));
                }
            }
        }
        extra.rest = Bytes::new();
        let ending = extra.ending?;
        self.close(key);
        Some(match ending {
            Ending::Reuse => Outcome::Done,
            Ending::Close => Outcome::Close,
        })
    }

    /// Writes a run, behind what was begun, and moves the read point over what was written. What is left of a frame that was cut is kept;
    /// the frames after it are made again when there is room.
    fn write_run(
        &mut self,
        key: SessionKey,
        run: &Arc<Run>,
        from: u64,
        moves: fn(&mut Desk, SessionKey, u64),
        sink: &mut dyn Sink,
        share: &mut usize,
    ) -> Option<Outcome> {
        let (tried, before, mut tail) = self.offer(key, run, sink);
        let written = match tried {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::Interrupted => return None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(self.block(key)),
            Err(error) => {
                self.close(key);
                return Some(Outcome::Failed(error));
            }
        };
        self.board.counts.bytes.add(written as u64);
        *share = share.saturating_sub(written);
        if before > 0
            && let Some(session) = self.sessions.get_mut(key)
        {
            let rest = &mut session.extra().rest;
            rest.advance(written.min(before));
            if rest.is_empty() {
                *rest = Bytes::new();
            }
            if written <= before {
                return None;
            }
        }
        let written = written - before;
        if written >= run.bytes.len() {
            self.board.counts.deliveries.add(run.cuts.len() as u64);
            moves(self, key, run.to);
            if written > run.bytes.len()
                && let Some(session) = self.sessions.get_mut(key)
            {
                session.extra().announce = false;
                session.extra().add(tail.split_off(written - run.bytes.len()));
            }
            return None;
        }
        let (begun, place) = run.begun(written, from);
        let heard = run.cuts.partition_point(|(_, heard)| *heard <= place);
        self.board.counts.deliveries.add(heard as u64);
        moves(self, key, place);
        if let Some(session) = self.sessions.get_mut(key)
            && let Some(end) = begun
        {
            session.extra().rest = match run.cuts.len() {
                1 => run.bytes.slice(written..end),
                _ => Bytes::copy_from_slice(&run.bytes[written..end]),
            };
        }
        Some(self.block(key))
    }

    /// Offers a socket what was begun, a run, and what follows it. Answers how that went, how much was begun, and what follows.
    fn offer(
        &mut self,
        key: SessionKey,
        run: &Run,
        sink: &mut dyn Sink,
    ) -> (io::Result<usize>, usize, Vec<u8>) {
        // Most readers have nothing beside their read point.
        let Some(extra) = self.extra(key) else { return (sink.write(&run.bytes), 0, Vec::new()) };
        let announces = extra.announce && !extra.behind;
        let tail = if announces { self.tail(key, run) } else { Vec::new() };
        let rest: &[u8] = self.extra(key).map_or(&[], |extra| &extra.rest);
        (sink.write_parts(&[rest, &run.bytes, &tail]), rest.len(), tail)
    }

    /// What is to be said behind a run that brings a reader of the window to the head.
    fn tail(&mut self, key: SessionKey, run: &Run) -> Vec<u8> {
        let mut out = Vec::new();
        let arrives = |session: &&Session| session.at < session.until && run.to == session.until;
        let Some(session) = self.sessions.get(key).filter(arrives) else { return out };
        let heard = session.own().unwrap_or_default().max(&self.window.head());
        let cursor = self.node.inner().places.cursor(&heard, session.logs);
        self.encoder.event(session.wire, &Event::CaughtUp(&cursor, None), &mut out);
        out
    }

    /// The socket is full. The session keeps its place and at most the rest of one frame, nothing of the window
    /// and no page.
    fn block(&mut self, key: SessionKey) -> Outcome {
        if let Some(session) = self.sessions.get_mut(key) {
            fall_behind(session, &self.window);
            let extra = session.extra();
            extra.shown.iter_mut().for_each(|shown| shown.displace());
            // What is read anew may have newer messages of keys that this tick has given.
            if extra.page.take().is_some() {
                extra.pace.iter_mut().for_each(|paced| paced.end_tick());
            }
            session.extra().talk.iter_mut().for_each(|talk| talk.block());
            session.line = Line::Blocked;
        }
        Outcome::Blocked
    }
}
