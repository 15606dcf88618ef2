//! Runs: the frames between two places, joined once and shared by every session that is to write the same.

use bytes::Bytes;
use fanfare_hub::{InterestId, Slot, Window};
use fanfare_proto::{Encoder, Event, LogId, LogSet, Mark, Message, Selection, Time, Wire, limits};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::lent::Lent;
use crate::places::Places;

/// Frames encoded for a slot, by wire and logs: whoever needs those bytes shares them.
pub(crate) type Frames = Vec<((Wire, LogSet), Bytes)>;

/// Some frames, joined. An answer's run is one body's frames and is composed by the answer.
#[derive(Debug, Default)]
pub(crate) struct Run {
    /// The frames, one after the other.
    pub(crate) bytes: Bytes,
    /// Where each frame ends in `bytes`, and the place once it is heard.
    pub(crate) cuts: Vec<(usize, u64)>,
    /// The place once everything is heard.
    pub(crate) to: u64,
}

impl Run {
    /// What a write of the first `written` bytes, fewer than all, has begun: where the frame that was cut ends, if
    /// one was, and the place once everything begun is heard.
    pub(crate) fn begun(&self, written: usize, from: u64) -> (Option<usize>, u64) {
        let whole = self.cuts.partition_point(|(end, _)| *end <= written);
        let boundary = whole.checked_sub(1).map_or((0, from), |last| self.cuts[last]);
        match self.cuts.get(whole) {
            Some((end, place)) if written > boundary.0 => (Some(*end), *place),
            _ => (None, boundary.1),
        }
    }
}

/// What a window's run is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct WindowKey {
    pub(crate) interest: InterestId,
    pub(crate) wire: Wire,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// What a page's run is made for. Readers at the same place of the same page share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    page: usize,
    from: usize,
    wire: Wire,
    logs: LogSet,
    own: Mark,
}

/// Runs in use, until the line is empty.
#[derive(Default)]
pub(crate) struct Runs {
    window: HashMap<WindowKey, Arc<Run>>,
    /// The page is kept beside its run: its address is the key.
    pages: HashMap<PageKey, (Arc<Run>, Arc<Lent>)>,
    /// Whole responses made of a window's run.
    answers: HashMap<WindowKey, Bytes>,
    bytes: usize,
}

/// Bytes of one run, unless one frame alone is longer: two make a turn's share.
const RUN_BYTES: usize = limits::TURN_BYTES / 2;
/// Bytes of runs kept for sharing within a line.
const SHARED_BYTES: usize = 16 * 1024 * 1024;

impl Runs {
    pub(crate) fn clear(&mut self) {
        if self.bytes > 0 || !self.window.is_empty() || !self.pages.is_empty() {
            *self = Runs::default();
        }
    }

    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
        if self.bytes > SHARED_BYTES {
            self.clear();
        }
    }

    /// The run of a window between two places, for sessions whose marks are the window's.
    pub(crate) fn of_window(
        &mut self,
        key: WindowKey,
        window: &mut Window<Frames>,
        reader: &mut Reader<'_>,
    ) -> Arc<Run> {
        if reader.own.is_none()
            && let Some(run) = self.window.get(&key)
        {
            return run.clone();
        }
        let run = Arc::new(window_run(key.from, key.to, window, reader));
        if reader.own.is_none() {
            self.count(run.bytes.len());
            self.window.insert(key, run.clone());
        }
        run
    }

    /// The response that was made of a window's run.
    pub(crate) fn answer(&self, key: &WindowKey) -> Option<Bytes> {
        self.answers.get(key).cloned()
    }

    /// Keeps a response for others who want the same.
    pub(crate) fn keep_answer(&mut self, key: WindowKey, bytes: Bytes) {
        self.count(bytes.len());
        self.answers.insert(key, bytes);
    }

    /// The run of a page from a message on.
    pub(crate) fn of_page(
        &mut self,
        page: &Arc<Lent>,
        log: LogId,
        from: usize,
        own: Mark,
        reader: &mut Reader<'_>,
    ) -> Arc<Run> {
        let mut others = own;
        others.set(log, Default::default());
        let key = PageKey {
            page: Arc::as_ptr(page) as usize,
            from,
            wire: reader.wire,
            logs: reader.logs,
            own: others,
        };
        if let Some((run, _)) = self.pages.get(&key) {
            return run.clone();
        }
        let run = Arc::new(page_run(page, log, from..page.messages.len(), own, reader));
        self.count(run.bytes.len());
        self.pages.insert(key, (run.clone(), page.clone()));
        run
    }
}

/// For whom a run is made.
pub(crate) struct Reader<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) logs: LogSet,
    pub(crate) wire: Wire,
    /// Set for a session that has heard more than the window's marks say...
    pub(crate) own: Option<Mark>,
    /// ...and has joined the window here: what became visible before was not said to it.
    pub(crate) joined: u64,
    /// Set if this is the past of a later subscription: the session's cursor is elsewhere, and what this selection has
    /// after this mark comes by itself.
    pub(crate) past: Option<(&'a Selection, Mark)>,
    pub(crate) places: &'a Places,
    pub(crate) encoder: &'a mut Encoder,
    pub(crate) now: Time,
}

impl Reader<'_> {
    /// Appends the frame of a message.
    fn encode(&mut self, message: &Message, mark: &Mark, out: &mut Vec<u8>) {
        let cursor = self.past.is_none().then(|| self.places.cursor(mark, self.logs));
        self.encoder.event(self.wire, &Event::Message(message, cursor.as_ref()), out);
    }

    /// Whether the slot is to be written.
    fn wants(&self, slot: &Slot<Frames>, seq: u64) -> bool {
        let message = &slot.message;
        self.logs.contains(slot.log)
            && self.own.is_none_or(|own| message.position > own.get(slot.log))
            && !self.expired(slot, seq)
            && self.selection.matches(message.channel.as_str())
            && !self.comes_by_itself(slot.log, message)
    }

    fn comes_by_itself(&self, log: LogId, message: &Message) -> bool {
        self.past.is_some_and(|(beside, since)| {
            message.position > since.get(log) && beside.matches(message.channel.as_str())
        })
    }

    /// Expiry is judged when writing. A message that expires at once is heard by those who were not behind when it
    /// became visible (design rule 12).
    fn expired(&self, slot: &Slot<Frames>, seq: u64) -> bool {
        let at_once = slot.message.expires.is_some_and(|expires| expires <= slot.message.time);
        if at_once { seq < self.joined } else { slot.message.is_expired(self.now) }
    }
}

pub(crate) fn window_run(from: u64, to: u64, window: &mut Window<Frames>, reader: &mut Reader<'_>) -> Run {
    let (mut frames, mut size): (Vec<(Bytes, u64)>, usize) = (Vec::new(), 0);
    for seq in from..to {
        // Nobody shares this run, so others wait for it.
        if reader.own.is_some() && seq - from >= limits::STEP_MESSAGES as u64 {
            return join(frames, seq);
        }
        let Some(slot) = window.get_mut(seq) else { continue };
        if reader.wants(slot, seq) {
            let bytes = slot_frame(slot, reader);
            if size > 0 && size + bytes.len() > RUN_BYTES {
                return join(frames, seq);
            }
            size += bytes.len();
            frames.push((bytes, seq + 1));
        }
    }
    join(frames, to)
}

/// The slot's frame for this reader, encoded once for all that share wire and logs.
fn slot_frame(slot: &mut Slot<Frames>, reader: &mut Reader<'_>) -> Bytes {
    let key = (reader.wire, reader.logs);
    if reader.own.is_none()
        && let Some((_, bytes)) = slot.beside.iter().find(|(other, _)| *other == key)
    {
        return bytes.clone();
    }
    let mark = reader.own.map_or(slot.mark, |own| own.max(&slot.mark));
    let mut out = Vec::new();
    reader.encode(&slot.message, &mark, &mut out);
    let bytes = Bytes::from(out);
    if reader.own.is_none() {
        slot.beside.push((key, bytes.clone()));
    }
    bytes
}

fn join(mut frames: Vec<(Bytes, u64)>, to: u64) -> Run {
    if let [(bytes, _)] = &mut frames[..] {
        let bytes = std::mem::take(bytes);
        return Run { cuts: vec![(bytes.len(), to)], bytes, to };
    }
    let mut joined = Vec::with_capacity(frames.iter().map(|(bytes, _)| bytes.len()).sum());
    let mut cuts = Vec::with_capacity(frames.len());
    for (bytes, place) in frames {
        joined.extend_from_slice(&bytes);
        cuts.push((joined.len(), place));
    }
    Run { bytes: joined.into(), cuts, to }
}

/// The run of some messages of a page.
pub(crate) fn page_run(
    page: &Lent,
    log: LogId,
    range: Range<usize>,
    own: Mark,
    reader: &mut Reader<'_>,
) -> Run {
    let end = range.end;
    let (mut out, mut cuts, mut mark) = (Vec::new(), Vec::new(), own);
    for (index, message) in range.clone().zip(&page.messages[range]) {
        if message.is_expired(reader.now)
            || message.position <= own.get(log)
            || reader.comes_by_itself(log, message)
        {
            continue;
        }
        if out.len() >= RUN_BYTES {
            return Run { bytes: out.into(), cuts, to: index as u64 };
        }
        mark.raise(log, message.position);
        reader.encode(message, &mark, &mut out);
        cuts.push((out.len(), index as u64 + 1));
    }
    Run { bytes: out.into(), cuts, to: end as u64 }
}
