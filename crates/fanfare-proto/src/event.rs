//! What a session hears.

use crate::{Cursor, Message, Position, Refusal, RequestId, SessionId};
use bytes::Bytes;
use std::time::Duration;

/// What was lost before it could be heard (design rule 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Messages after this position...
    pub from: Position,
    /// ...up to this one may be missing.
    pub to: Position,
    /// Why.
    pub reason: GapReason,
}

/// Why messages are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// Retention let them go.
    Trimmed,
    /// Somebody removed them.
    Purged,
    /// The log of the cursor is gone: another store, or a live log of an earlier start.
    Epoch,
    /// The cursor is ahead of the log: the store went back.
    WentBack,
}

impl GapReason {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            GapReason::Trimmed => "trimmed",
            GapReason::Purged => "purged",
            GapReason::Epoch => "epoch",
            GapReason::WentBack => "went-back",
        }
    }

    /// Reads the word.
    pub fn parse(name: &str) -> Option<GapReason> {
        let all = [GapReason::Trimmed, GapReason::Purged, GapReason::Epoch, GapReason::WentBack];
        all.into_iter().find(|reason| reason.name() == name)
    }
}

/// A body as what has changed since that of an earlier message of the same channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delta {
    /// The earlier message.
    pub base: Position,
    /// What [`apply_delta`](crate::apply_delta) takes.
    pub change: Bytes,
}

/// One thing a session hears. A cursor beside an event says where the session is once it has heard it.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A message. One that a subscription brings from before its beginning has no cursor: the session is elsewhere
    /// (design rule 4).
    Message(&'a Message, Option<&'a Cursor>),
    /// A message as what has changed since another one, which the session was given.
    Delta(&'a Message, &'a Delta, &'a Cursor),
    /// A message that an acked reader is given, and which time this is, from 1. The cursor is what it is acknowledged by.
    Handed(&'a Message, &'a Cursor, u32),
    /// Messages were lost. Of several gaps that are told together only the last has a cursor.
    Gap(&'a Gap, Option<&'a Cursor>),
    /// What follows, up to [`Event::CaughtUp`], is the newest message of each channel and key, as far as the session has not
    /// heard it.
    Snapshot,
    /// Everything up to the head has been heard; what follows is live. If that is about what one request asked for
    /// later, this is the request.
    CaughtUp(&'a Cursor, Option<&'a RequestId>),
    /// The connection lives, and nothing new was said.
    Alive(&'a Cursor),
    /// Something asked for was refused; the session goes on.
    Error(&'a Refusal),
    /// The session ends; come back after this long.
    Closing(&'a Refusal, Duration),
}

/// The first thing that a session hears.
#[derive(Debug, Clone, Copy)]
pub struct Greeting<'a> {
    /// Where it begins.
    pub cursor: &'a Cursor,
    /// How long to wait before coming back.
    pub retry: Duration,
    /// Its name, for those who change what it hears.
    pub session: &'a SessionId,
}
