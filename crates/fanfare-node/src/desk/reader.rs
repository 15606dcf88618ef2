//! Making runs: the frames that a reader is to be given, from the window or from a page.

use super::bases::{Bases, Given};
use super::newest::Newest;
use super::run::{Frames, LIST_BYTES, RUN_BYTES, Run};
use super::wish::Wish;
use crate::lent::Lent;
use crate::places::Places;
use bytes::Bytes;
use fanfare_hub::{Slot, Window};
use fanfare_proto::{Encoder, Event, LogId, LogSet, Mark, Message, Sieve, Time, View, Wire, limits};
use std::ops::Range;

/// For whom a run is made.
pub(crate) struct Reader<'a> {
    pub(crate) wish: Wish<'a>,
    pub(crate) logs: LogSet,
    pub(crate) wire: Wire,
    /// Set for a session that has heard more than the window's marks say...
    pub(crate) own: Option<Mark>,
    /// ...and has joined the window here: what became visible before was not said to it.
    pub(crate) joined: u64,
    /// Set if this is the past of a later subscription: the session's cursor is elsewhere, and what it wants already comes
    /// by itself after this mark.
    pub(crate) past: Option<(&'a mut Sieve, Mark)>,
    pub(crate) places: &'a Places,
    pub(crate) encoder: &'a mut Encoder,
    pub(crate) now: Time,
    /// What may be given at once, if that is limited.
    pub(crate) share: Option<Share>,
    /// Set for one that hears changes, and was given what they build on.
    pub(crate) changes: Option<Changes<'a>>,
}

/// What changes build on.
pub(crate) struct Changes<'a> {
    bases: &'a mut Bases,
    given: Given,
}

impl<'a> Changes<'a> {
    pub(crate) fn of(bases: &'a mut Bases, given: Option<Given>) -> Option<Changes<'a>> {
        Some(Changes { bases, given: given? })
    }
}

/// What is written of a message.
enum Told {
    AsItIs,
    /// It is an edit that its reader does not see: that the original is not there.
    Withdrawn,
}

/// What a reader that hears in ticks may be given at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Share {
    /// So many bytes; the first message may pass it.
    pub(crate) bytes: u32,
    /// Whether messages that supersede nothing, without a key that is, are counted...
    pub(crate) counts: bool,
    /// ...and then, whether one may be given.
    pub(crate) keyless: bool,
}

impl Share {
    /// Whether a message fits behind so many bytes, with a message without a key among them or not.
    fn fits(&self, message: &Message, bytes: usize, keyless: bool) -> bool {
        let one = message.supersedes().is_some() || !self.counts || (self.keyless && !keyless);
        one && (bytes == 0 || bytes < self.bytes as usize)
    }
}

impl Reader<'_> {
    /// Appends the frame of what is told of a message.
    fn encode(&mut self, told: &Told, message: &Message, mark: &Mark, out: &mut Vec<u8>) {
        let withdrawn = matches!(told, Told::Withdrawn).then(|| message.withdrawn());
        let message = withdrawn.as_ref().unwrap_or(message);
        let cursor = self.past.is_none().then(|| self.places.cursor(mark, self.logs));
        self.encoder.event(self.wire, &Event::Message(message, cursor.as_ref()), out);
    }

    /// Whether it was given everything that a run builds on.
    pub(crate) fn has(&self, run: &Run) -> bool {
        let since = self.changes.as_ref().map(|changes| changes.given.since);
        since.is_none_or(|since| run.base.is_none_or(|base| base >= since))
    }

    /// Takes a reader of changes for one that was given what it wanted from this place on. Answers what it was before.
    pub(crate) fn lower_since(&mut self, since: u64) -> u64 {
        let changes = self.changes.as_mut();
        changes.map_or(0, |changes| std::mem::replace(&mut changes.given.since, since))
    }

    /// The frame of what has changed since the message that the reader has, and the place of that.
    fn change(&mut self, seq: u64, mark: &Mark) -> Option<(Bytes, u64)> {
        let Changes { bases, given } = self.changes.as_mut().filter(|_| self.own.is_none())?;
        let base = bases.base(seq, given, &mut self.wish)?;
        let (wire, logs, places, encoder) = (self.wire, self.logs, self.places, &mut *self.encoder);
        let frame = bases.frame((base, seq), (wire, logs), |message, delta| {
            let mut out = Vec::new();
            encoder.event(wire, &Event::Delta(message, delta, &places.cursor(mark, logs)), &mut out);
            out.into()
        })?;
        Some((frame, base))
    }

    /// What is to be written of the slot. Of a list, all was wanted but edits that take others away.
    fn told<T>(&mut self, slot: &Slot<T>, seq: u64, listed: bool) -> Option<Told> {
        let message = &slot.message;
        if !self.is_new(slot) {
            return None;
        }
        let wants = |wish: &mut Wish<'_>| {
            (listed && message.content.amends.is_none()) || wish.wants(message, Some(seq))
        };
        let sees = !self.expired(slot, seq) && wants(&mut self.wish);
        self.tells(sees, slot.log, message)
    }

    /// The same, once it is known whether its reader sees a message.
    fn tells(&mut self, sees: bool, log: LogId, message: &Message) -> Option<Told> {
        if !sees && !self.wish.withdraws(message) || self.comes_by_itself(log, message) {
            return None;
        }
        Some(if sees { Told::AsItIs } else { Told::Withdrawn })
    }

    /// Whether the slot may be written to whoever wants its message.
    fn is_new<T>(&self, slot: &Slot<T>) -> bool {
        self.logs.contains(slot.log)
            && !(slot.message.content.became.is_some() && self.wish.view() == View::Current)
            && self.own.is_none_or(|own| slot.message.position > own.get(slot.log))
    }

    fn comes_by_itself(&mut self, log: LogId, message: &Message) -> bool {
        self.past
            .as_mut()
            .is_some_and(|(beside, since)| message.position > since.get(log) && beside.wants(message))
    }

    /// Expiry is judged when writing. A message that expires at once is heard by those who were not behind when it
    /// became visible (design rule 12).
    fn expired<T>(&self, slot: &Slot<T>, seq: u64) -> bool {
        if slot.message.is_momentary() { seq < self.joined } else { slot.message.is_expired(self.now) }
    }
}

pub(crate) fn window_run(from: u64, to: u64, window: &mut Window<Frames>, reader: &mut Reader<'_>) -> Run {
    if reader.wire.protocol().replaces() {
        return newest_of_window(from, to, window, reader);
    }
    let (mut frames, mut size): (Vec<(Bytes, u64)>, usize) = (Vec::new(), 0);
    let (mut end, mut until, mut base) = (to, None, None);
    for seq in from..to {
        // Nobody shares this run, so others wait for it.
        if reader.own.is_some() && seq - from >= limits::STEP_MESSAGES as u64 {
            end = seq;
            break;
        }
        let Some(slot) = window.get_mut(seq) else { continue };
        if let Some(told) = reader.told(slot, seq, false) {
            let expires = expiry(&slot.message, &told);
            let change = reader.change(seq, &slot.mark);
            let bytes = match &change {
                Some((bytes, _)) => bytes.clone(),
                None => slot_frame(slot, &told, reader),
            };
            if size > 0 && size + bytes.len() > RUN_BYTES {
                end = seq;
                break;
            }
            until = earlier(until, expires);
            base = change.map(|(_, base)| base).into_iter().chain(base).min();
            size += bytes.len();
            frames.push((bytes, seq + 1));
        }
    }
    Run { base, ..join(frames, end, until) }
}

/// The newest that is wanted.
fn newest_of_window(from: u64, to: u64, window: &mut Window<Frames>, reader: &mut Reader<'_>) -> Run {
    for seq in (from..to).rev() {
        let Some(slot) = window.get_mut(seq) else { continue };
        if let Some(told) = reader.told(slot, seq, false) {
            let (bytes, until) = (slot_frame(slot, &told, reader), expiry(&slot.message, &told));
            if !bytes.is_empty() {
                let shows = Some(slot.message.clone());
                return Run { shows, ..join(vec![(bytes, to)], to, until) };
            }
        }
    }
    Run { to, ..Run::default() }
}

/// When what is told of a message is something else: once it expires, unless it did at once. Then it does not matter when it
/// is written.
fn expiry(message: &Message, told: &Told) -> Option<Time> {
    message.expires.filter(|expires| *expires > message.time && matches!(told, Told::AsItIs))
}

fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    one.into_iter().chain(other).min()
}

/// The slot's frame for this reader, encoded once for all that share wire and logs; but not for the few that do not see its edit.
fn slot_frame(slot: &mut Slot<Frames>, told: &Told, reader: &mut Reader<'_>) -> Bytes {
    let (key, shared) = ((reader.wire, reader.logs), reader.own.is_none() && matches!(told, Told::AsItIs));
    if shared && let Some((_, bytes)) = slot.beside.iter().find(|(other, _)| *other == key) {
        return bytes.clone();
    }
    let mark = reader.own.map_or(slot.mark, |own| own.max(&slot.mark));
    let mut out = Vec::new();
    reader.encode(told, &slot.message, &mark, &mut out);
    let bytes = Bytes::from(out);
    if shared {
        slot.beside.push((key, bytes.clone()));
    }
    bytes
}

fn join(mut frames: Vec<(Bytes, u64)>, to: u64, until: Option<Time>) -> Run {
    if let [(bytes, _)] = &mut frames[..] {
        let bytes = std::mem::take(bytes);
        return Run { cuts: vec![(bytes.len(), to)], bytes, to, until, ..Run::default() };
    }
    let mut joined = Vec::with_capacity(frames.iter().map(|(bytes, _)| bytes.len()).sum());
    let mut cuts = Vec::with_capacity(frames.len());
    for (bytes, place) in frames {
        joined.extend_from_slice(&bytes);
        cuts.push((joined.len(), place));
    }
    Run { bytes: joined.into(), cuts, to, until, ..Run::default() }
}

/// The run of some messages of a page.
pub(crate) fn page_run(
    page: &Lent,
    log: LogId,
    range: Range<usize>,
    own: Mark,
    reader: &mut Reader<'_>,
) -> Run {
    if reader.wire.protocol().replaces() {
        return newest_of_page(page, log, range, own, reader);
    }
    let end = range.end;
    let (mut out, mut cuts, mut mark, mut until) = (Vec::new(), Vec::new(), own, None);
    let mut keyless = false;
    for (index, message) in range.clone().zip(&page.messages[range]) {
        if message.position <= own.get(log) {
            continue;
        }
        let sees = !message.is_expired(reader.now) && !reader.wish.refuses(message);
        let Some(told) = reader.tells(sees, log, message) else { continue };
        let paused = reader.share.is_some_and(|share| !share.fits(message, out.len(), keyless));
        if paused || out.len() >= RUN_BYTES {
            let to = index as u64;
            return Run { bytes: out.into(), cuts, to, until, paused, keyless, ..Run::default() };
        }
        keyless |= message.supersedes().is_none();
        mark.raise(log, message.position);
        until = earlier(until, expiry(message, &told));
        reader.encode(&told, message, &mark, &mut out);
        cuts.push((out.len(), index as u64 + 1));
    }
    Run { bytes: out.into(), cuts, to: end as u64, until, keyless, ..Run::default() }
}

/// The newest of a page that is wanted.
fn newest_of_page(page: &Lent, log: LogId, range: Range<usize>, own: Mark, reader: &mut Reader<'_>) -> Run {
    let to = range.end as u64;
    for message in page.messages[range].iter().rev().filter(|message| message.position > own.get(log)) {
        let sees = !message.is_expired(reader.now) && !reader.wish.refuses(message);
        let Some(told) = reader.tells(sees, log, message) else { continue };
        let (mut out, mut mark) = (Vec::new(), own);
        mark.raise(log, message.position);
        reader.encode(&told, message, &mark, &mut out);
        if !out.is_empty() {
            let until = expiry(message, &told);
            let cuts = vec![(out.len(), to)];
            return Run {
                bytes: out.into(),
                cuts,
                to,
                until,
                shows: Some(message.clone()),
                ..Run::default()
            };
        }
    }
    Run { to, ..Run::default() }
}

/// The run of a list, from a place to another.
pub(crate) fn list_run(from: u64, to: u64, list: &Newest, reader: &mut Reader<'_>) -> Run {
    let (mut out, mut cuts, mut until, mut keyless, mut base) = (Vec::new(), Vec::new(), None, false, None);
    if reader.wire.protocol().replaces() {
        return newest_of_list(from, to, list, reader);
    }
    for (seq, slot) in list.range(from, to) {
        let Some(told) = reader.told(slot, seq, true) else { continue };
        let paused = reader.share.is_some_and(|share| !share.fits(&slot.message, out.len(), keyless));
        if paused || out.len() >= LIST_BYTES {
            return Run { bytes: out.into(), cuts, to: seq, until, paused, keyless, base, ..Run::default() };
        }
        keyless |= slot.message.supersedes().is_none();
        until = earlier(until, expiry(&slot.message, &told));
        if let Some((bytes, since)) = reader.change(seq, &slot.mark) {
            base = base.into_iter().chain([since]).min();
            out.extend_from_slice(&bytes);
        } else {
            let mark = reader.own.map_or(slot.mark, |own| own.max(&slot.mark));
            reader.encode(&told, &slot.message, &mark, &mut out);
        }
        cuts.push((out.len(), seq + 1));
    }
    Run { bytes: out.into(), cuts, to, until, keyless, base, ..Run::default() }
}

/// The newest of a list that is wanted.
fn newest_of_list(from: u64, to: u64, list: &Newest, reader: &mut Reader<'_>) -> Run {
    let mut newest = None;
    for (seq, slot) in list.range(from, to).filter(|(_, slot)| !slot.message.content.body.is_empty()) {
        newest = reader.told(slot, seq, true).map(|told| (slot, told)).or(newest);
    }
    let Some((slot, told)) = newest else { return Run { to, ..Run::default() } };
    let (mut out, mark) = (Vec::new(), reader.own.map_or(slot.mark, |own| own.max(&slot.mark)));
    reader.encode(&told, &slot.message, &mark, &mut out);
    let (until, shows) = (expiry(&slot.message, &told), Some(slot.message.clone()));
    Run { shows, ..join(vec![(out.into(), to)], to, until) }
}
