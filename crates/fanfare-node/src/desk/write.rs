//! One session's share of a turn.

use super::run::Run;
use super::session::{Ending, Line};
use super::step::Step;
use super::turn::fall_behind;
use super::{Desk, Outcome, SessionKey, Sink};
use bytes::{Buf, Bytes};
use fanfare_proto::{Time, limits};
use std::io::ErrorKind;
use std::sync::Arc;

/// What a step costs of the share, in bytes: some write nothing and take time nevertheless.
const STEP: usize = limits::TURN_BYTES / 32;

impl Desk {
    /// Writes one session's share.
    pub fn write(&mut self, key: SessionKey, now: Time, sink: &mut dyn Sink) -> Outcome {
        let mut share = limits::TURN_BYTES;
        loop {
            if let Some(outcome) = self.write_rest(key, sink, &mut share) {
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
                Step::Idle => {
                    self.leave_line(key, Line::Out);
                    return Outcome::Idle;
                }
                Step::Wait => {
                    self.leave_line(key, Line::Waiting);
                    return Outcome::Waiting;
                }
                Step::Later => {
                    self.leave_line(key, Line::Out);
                    self.enter(key);
                    return Outcome::Again;
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

    /// Writes a run and moves the read point over what was written. What is left of a frame that was cut is kept;
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
        let written = match sink.write(&run.bytes) {
            Ok(written) => written,
            Err(error) if error.kind() == ErrorKind::Interrupted => return None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(self.block(key)),
            Err(error) => {
                self.close(key);
                return Some(Outcome::Failed(error));
            }
        };
        *share = share.saturating_sub(written);
        if written == run.bytes.len() {
            moves(self, key, run.to);
            return None;
        }
        let (begun, place) = run.begun(written, from);
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

    /// The socket is full. The session keeps its place and at most the rest of one frame, nothing of the window
    /// and no page.
    fn block(&mut self, key: SessionKey) -> Outcome {
        if let Some(session) = self.sessions.get_mut(key) {
            fall_behind(session, &self.window);
            session.extra().page = None;
            session.extra().talk.iter_mut().for_each(|talk| talk.drop_pages());
            session.line = Line::Blocked;
        }
        Outcome::Blocked
    }
}
