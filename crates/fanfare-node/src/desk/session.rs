//! One session: a read point, and beside it, only while it is needed, what a reader that is not at the head needs.

use super::SessionKey;
use super::latest::Past;
use super::pace::Paced;
use super::shown::Shown;
use super::talk::Talk;
use crate::lent::Lent;
use crate::locate::Located;
use bytes::Bytes;
use fanfare_hub::Membership;
use fanfare_proto::{Form, Gap, Grant, LogId, LogSet, Manner, Mark, Position, Refusal, Wire};
use std::sync::Arc;
use std::time::Duration;

/// One session. Small: there is one for every held-open socket.
pub(crate) struct Session {
    pub(crate) membership: Membership,
    /// Everything wanted before this sequence number of the window was heard...
    pub(crate) at: u64,
    /// ...and nothing wanted lies from here on. A session with `at == until` has heard everything.
    pub(crate) until: u64,
    /// Tells answers to this session's last question from answers to an earlier one, or to an earlier session.
    pub(crate) ticket: u32,
    /// Tells answers to its requests from those to an earlier session of this key.
    pub(crate) serial: u32,
    /// Of its name.
    pub(crate) secret: [u8; 16],
    pub(crate) grant: Arc<Grant>,
    pub(crate) wire: Wire,
    pub(crate) logs: LogSet,
    pub(crate) line: Line,
    /// `None` for a reader that is at the head or reads the window.
    pub(crate) extra: Option<Box<Extra>>,
}

/// Whether a session is in line to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// Nothing to write.
    Out,
    /// In line.
    In,
    /// Its socket is full.
    Blocked,
    /// It waits for a page or a place.
    Waiting,
    /// It waits for its next tick.
    Tick,
}

/// What a session has beside its read point while it is opening, behind, blocked or ending.
#[derive(Default)]
pub(crate) struct Extra {
    /// Bytes that are begun and come before anything else: a response head, or what is left of one frame.
    pub(crate) rest: Bytes,
    /// What the session has heard, where that is not the window's mark: while it is behind, and after it has
    /// joined the window until the window's marks have passed it.
    pub(crate) own: Option<Mark>,
    /// It was shown nothing of what lies up to here.
    pub(crate) began: Option<Box<Mark>>,
    /// Where it has joined the window.
    pub(crate) joined: u64,
    /// A reader of changes was given what it wanted from this place of the window on.
    pub(crate) given_from: Option<u64>,
    /// The read point is `own`, not the window's.
    pub(crate) behind: bool,
    /// Of what it has not heard, up to a place, only the newest of each key is wanted.
    pub(crate) past: Option<Box<Past>>,
    /// It hears in ticks.
    pub(crate) pace: Option<Box<Paced>>,
    /// What a reader of which each message replaces the last is shown.
    pub(crate) shown: Option<Box<Shown>>,
    /// Gaps to tell.
    pub(crate) gaps: Vec<Gap>,
    /// Gaps up to here were told.
    pub(crate) told: Mark,
    /// A page being written, its log, and how much of it was.
    pub(crate) page: Option<(LogId, Arc<Lent>, usize)>,
    /// A stream is to be greeted with its first cursor and this reconnection time.
    pub(crate) greet: Option<Duration>,
    /// How its protocol is to be spoken in an answer, if not as usual.
    pub(crate) manner: Option<Box<Manner>>,
    /// A stream that started in the past is told when it has caught up.
    pub(crate) announce: bool,
    /// A sign of life is due.
    pub(crate) alive: bool,
    /// An answer is to be given now, even an empty one.
    pub(crate) hurry: bool,
    /// The session is to end for this reason, and to come back after this long.
    pub(crate) dismissed: Option<Box<Farewell>>,
    /// What a peer that speaks asked for.
    pub(crate) talk: Option<Box<Talk>>,
    /// Once `rest` is written, the session is over.
    pub(crate) ending: Option<Ending>,
}

/// The last words of a session.
#[derive(Debug)]
pub(crate) enum Farewell {
    /// Why it ends, and after how long to come back.
    Told(Refusal, Duration),
    /// The frame that ends the conversation.
    Frame(Bytes),
}

/// What becomes of the connection after a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It may serve another request.
    Reuse,
    /// It is closed.
    Close,
}

impl Extra {
    /// Adds to what comes before anything else.
    pub(crate) fn add(&mut self, bytes: impl Into<Bytes>) {
        if self.rest.is_empty() {
            self.rest = bytes.into();
        } else {
            let bytes = bytes.into();
            self.write(|out| out.extend_from_slice(&bytes));
        }
    }

    /// Writes more behind what comes before anything else.
    pub(crate) fn write(&mut self, more: impl FnOnce(&mut Vec<u8>)) {
        let mut rest = Vec::from(std::mem::take(&mut self.rest));
        more(&mut rest);
        self.rest = rest.into();
    }
}

impl Session {
    pub(crate) fn extra(&mut self) -> &mut Extra {
        self.extra.get_or_insert_default()
    }

    /// Whether it is answered as no other is.
    pub(crate) fn has_manner(&self) -> bool {
        self.extra.as_deref().is_some_and(|extra| extra.manner.is_some())
    }

    pub(crate) fn is_behind(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.behind)
    }

    pub(crate) fn own(&self) -> Option<Mark> {
        self.extra.as_ref().and_then(|extra| extra.own)
    }

    pub(crate) fn joined(&self) -> u64 {
        self.extra.as_ref().map_or(0, |extra| extra.joined)
    }

    /// A reader of changes is given what it wants, and in order, from this place of the window on; what it has from before is
    /// nothing to build on.
    pub(crate) fn give_from(&mut self, place: u64) {
        if self.wire.form == Form::Delta {
            self.extra().given_from = Some(place);
        }
    }

    pub(crate) fn given_from(&self) -> Option<u64> {
        self.extra.as_ref()?.given_from
    }

    /// Up to where it was shown nothing of a log.
    pub(crate) fn began(&self, log: LogId) -> Position {
        let began = self.extra.as_deref().and_then(|extra| extra.began.as_deref());
        began.map_or(Position::START, |began| began.get(log))
    }

    /// Begins where it was located.
    pub(crate) fn start(&mut self, located: Located) {
        let extra = self.extra();
        extra.own = Some(located.mark);
        extra.began = (located.began != Mark::default()).then(|| Box::new(located.began));
        extra.gaps = located.gaps;
        extra.behind = true;
        extra.pace.iter_mut().for_each(|paced| paced.lose_place());
    }

    /// Lets go of what is needed no more.
    pub(crate) fn tidy(&mut self) {
        let at = self.at;
        let idle = |extra: &Extra| {
            extra.rest.is_empty()
                && extra.joined <= at
                && extra.own.is_none()
                && !extra.behind
                && extra.given_from.is_none()
                && extra.past.is_none()
                && extra.pace.is_none()
                && extra.shown.is_none()
                && extra.gaps.is_empty()
                && extra.page.is_none()
                && extra.greet.is_none()
                && extra.manner.is_none()
                && !(extra.announce || extra.alive || extra.hurry)
                && extra.dismissed.is_none()
                && extra.talk.as_deref().is_none_or(Talk::is_idle)
                && extra.ending.is_none()
        };
        if self.extra.as_deref().is_some_and(idle) {
            self.extra = None;
        }
    }
}

const CHUNK: usize = 256;
/// Keys from here on are of another row: each is dense from its beginning.
const SECOND: SessionKey = 1 << 31;

/// Sessions by key, in chunks so that growing copies nothing.
#[derive(Default)]
pub(crate) struct Sessions {
    rows: [Vec<Box<[Option<Session>]>>; 2],
    len: usize,
    /// Those that hear changes.
    changes: usize,
}

/// A key's row, chunk and place.
fn place(key: SessionKey) -> (usize, usize, usize) {
    let within = (key % SECOND) as usize;
    ((key / SECOND) as usize, within / CHUNK, within % CHUNK)
}

/// How many sessions that hear changes it is.
fn hears_changes(session: &Session) -> usize {
    usize::from(session.wire.form == Form::Delta)
}

impl Sessions {
    pub(crate) fn get(&self, key: SessionKey) -> Option<&Session> {
        let (row, chunk, place) = place(key);
        self.rows[row].get(chunk)?[place].as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: SessionKey) -> Option<&mut Session> {
        let (row, chunk, place) = place(key);
        self.rows[row].get_mut(chunk)?[place].as_mut()
    }

    /// Puts a session at a key; answers the one that was there.
    pub(crate) fn insert(&mut self, key: SessionKey, session: Session) -> Option<Session> {
        let (row, chunk, place) = place(key);
        let chunks = &mut self.rows[row];
        while chunks.len() <= chunk {
            chunks.push((0..CHUNK).map(|_| None).collect());
        }
        self.changes += hears_changes(&session);
        let old = chunks[chunk][place].replace(session);
        self.len += usize::from(old.is_none());
        self.changes -= old.as_ref().map_or(0, hears_changes);
        old
    }

    pub(crate) fn remove(&mut self, key: SessionKey) -> Option<Session> {
        let (row, chunk, place) = place(key);
        let session = self.rows[row].get_mut(chunk)?[place].take();
        self.len -= usize::from(session.is_some());
        self.changes -= session.as_ref().map_or(0, hears_changes);
        session
    }

    /// Whether one of them hears changes.
    pub(crate) fn hear_changes(&self) -> bool {
        self.changes > 0
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Chunks of both rows.
    pub(crate) fn chunks(&self) -> usize {
        self.rows.iter().map(Vec::len).sum()
    }

    /// The sessions of a chunk, each with whether it is of the second row.
    pub(crate) fn chunk(&self, index: usize) -> impl Iterator<Item = (bool, &Session)> {
        let [first, second] = &self.rows;
        let chunk = first.get(index).or_else(|| second.get(index.checked_sub(first.len())?));
        chunk.into_iter().flatten().flatten().map(move |session| (index >= first.len(), session))
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (SessionKey, &mut Session)> {
        self.rows.iter_mut().zip([0, SECOND]).flat_map(|(chunks, first)| {
            let slots = chunks.iter_mut().flat_map(|chunk| chunk.iter_mut());
            slots.zip(first..).filter_map(|(slot, key)| Some((key, slot.as_mut()?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_small() {
        assert!(size_of::<Option<Session>>() <= 88, "{}", size_of::<Option<Session>>());
        assert!(size_of::<Extra>() <= 352, "{}", size_of::<Extra>());
    }
}
