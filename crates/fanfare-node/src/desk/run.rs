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
    /// From this time on it would be another run: something in it has expired.
    until: Option<Time>,
}

impl Run {
    /// Bytes that it takes, with the two counts of its `Arc`.
    fn size(&self) -> usize {
        self.bytes.len() + size_of_val(&self.cuts[..]) + size_of::<Run>() + 2 * size_of::<usize>()
    }

    /// Whether it still is what is to be written.
    fn is_good(&self, now: Time) -> bool {
        self.until.is_none_or(|until| now < until)
    }

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
    /// What expires at once is in it before this place (design rule 12).
    pub(crate) joined: u64,
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

/// Runs in use: those that end where the window does for who comes back next, the others until the line is empty.
#[derive(Default)]
pub(crate) struct Runs {
    window: HashMap<WindowKey, Shared>,
    /// The page is kept beside its run: its address is the key.
    pages: HashMap<PageKey, (Arc<Run>, Arc<Lent>)>,
    /// What all of this takes, keys and empty runs included.
    bytes: usize,
}

/// A run of the window, and the whole response if one was made of it.
struct Shared {
    run: Arc<Run>,
    answer: Option<Bytes>,
}

/// Bytes of a table for each entry: half of its slots may be empty.
const fn slot_size<K, V>(_: &HashMap<K, V>) -> usize {
    2 * size_of::<(K, V)>()
}

/// Bytes of one run, unless one frame alone is longer: two make a turn's share.
const RUN_BYTES: usize = limits::TURN_BYTES / 2;
/// Bytes of runs kept for sharing within a line; the newest alone may pass it.
const SHARED_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of runs kept when the line is empty.
const KEPT_BYTES: usize = 1024 * 1024;

impl Runs {
    pub(crate) fn clear(&mut self) {
        if self.bytes > 0 {
            *self = Runs::default();
        }
    }

    /// The line is empty. Who comes back next, after the same cursor, wants the runs that end where the window does.
    pub(crate) fn rest(&mut self, end: u64) {
        if self.bytes == 0 || self.bytes > KEPT_BYTES {
            return self.clear();
        }
        self.pages = HashMap::new();
        self.window.retain(|key, _| key.to == end);
        // An answer has the time in its head, and what was configured then.
        self.window.values_mut().for_each(|shared| shared.answer = None);
        self.bytes = self.window.values().map(|shared| shared.run.size()).sum::<usize>()
            + self.window.len() * slot_size(&self.window);
    }

    /// Counts what is kept next. What was kept before goes if both are too much.
    fn count(&mut self, bytes: usize) {
        if self.bytes + bytes > SHARED_BYTES {
            self.clear();
        }
        self.bytes += bytes;
    }

    /// The run of a window between two places, for sessions whose marks are the window's.
    pub(crate) fn of_window(
        &mut self,
        key: WindowKey,
        window: &mut Window<Frames>,
        reader: &mut Reader<'_>,
    ) -> Arc<Run> {
        if reader.own.is_none()
            && let Some(shared) = self.window.get(&key).filter(|shared| shared.run.is_good(reader.now))
        {
            return shared.run.clone();
        }
        let run = Arc::new(window_run(key.from, key.to, window, reader));
        if reader.own.is_none() {
            self.count(slot_size(&self.window) + run.size());
            self.window.insert(key, Shared { run: run.clone(), answer: None });
        }
        run
    }

    /// The response that was made of a window's run.
    pub(crate) fn answer(&self, key: &WindowKey) -> Option<Bytes> {
        self.window.get(key)?.answer.clone()
    }

    /// Keeps a response for others who want the same. Its run counts again: it may have to go and come back.
    pub(crate) fn keep_answer(&mut self, key: WindowKey, run: Arc<Run>, answer: Bytes) {
        self.count(slot_size(&self.window) + run.size() + answer.len());
        self.window.insert(key, Shared { run, answer: Some(answer) });
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
        if let Some((run, _)) = self.pages.get(&key).filter(|(run, _)| run.is_good(reader.now)) {
            return run.clone();
        }
        let run = Arc::new(page_run(page, log, from..page.messages.len(), own, reader));
        self.count(slot_size(&self.pages) + run.size());
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
    let (mut end, mut until) = (to, None);
    for seq in from..to {
        // Nobody shares this run, so others wait for it.
        if reader.own.is_some() && seq - from >= limits::STEP_MESSAGES as u64 {
            end = seq;
            break;
        }
        let Some(slot) = window.get_mut(seq) else { continue };
        if reader.wants(slot, seq) {
            until = earlier(until, expiry(&slot.message));
            let bytes = slot_frame(slot, reader);
            if size > 0 && size + bytes.len() > RUN_BYTES {
                end = seq;
                break;
            }
            size += bytes.len();
            frames.push((bytes, seq + 1));
        }
    }
    Run { until, ..join(frames, end) }
}

/// When a message expires, unless it did at once: then it does not matter when it is written.
fn expiry(message: &Message) -> Option<Time> {
    message.expires.filter(|expires| *expires > message.time)
}

fn earlier(one: Option<Time>, other: Option<Time>) -> Option<Time> {
    one.into_iter().chain(other).min()
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
        return Run { cuts: vec![(bytes.len(), to)], bytes, to, until: None };
    }
    let mut joined = Vec::with_capacity(frames.iter().map(|(bytes, _)| bytes.len()).sum());
    let mut cuts = Vec::with_capacity(frames.len());
    for (bytes, place) in frames {
        joined.extend_from_slice(&bytes);
        cuts.push((joined.len(), place));
    }
    Run { bytes: joined.into(), cuts, to, until: None }
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
    let (mut out, mut cuts, mut mark, mut until) = (Vec::new(), Vec::new(), own, None);
    for (index, message) in range.clone().zip(&page.messages[range]) {
        if message.is_expired(reader.now)
            || message.position <= own.get(log)
            || reader.comes_by_itself(log, message)
        {
            continue;
        }
        if out.len() >= RUN_BYTES {
            return Run { bytes: out.into(), cuts, to: index as u64, until };
        }
        mark.raise(log, message.position);
        until = earlier(until, expiry(message));
        reader.encode(message, &mark, &mut out);
        cuts.push((out.len(), index as u64 + 1));
    }
    Run { bytes: out.into(), cuts, to: end as u64, until }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Epoch, Form, Framing, Pattern, Position, protocol};

    const READER: Wire =
        Wire { protocol: protocol::ProtocolId(0), form: Form::Body, framing: Framing::Length, origin: None };

    fn window(body: Bytes) -> Window<Frames> {
        let message = Message {
            channel: Channel::parse("a").unwrap(),
            position: Position(1),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content { body, ..Content::default() },
        };
        let mut window = Window::new(0, Mark::default());
        let (log, mark) = (LogId::KEPT, Mark::default());
        window.push(Slot { log, message: Arc::new(message), mark, beside: Frames::new() });
        window
    }

    /// Has a run made for as many selections, which want `wanted`, and looks at what is kept after each.
    fn line(interests: u32, body: Bytes, wanted: &str, mut look: impl FnMut(&mut Runs, WindowKey, Arc<Run>)) {
        let (mut runs, mut window, mut encoder) = (Runs::default(), window(body), Encoder::default());
        let selection = &Selection::new(vec![Pattern::parse(wanted).unwrap()]);
        let places = &Places { epochs: [Epoch(1); limits::LOGS] };
        for interest in (0..interests).map(InterestId) {
            let (logs, encoder) = (LogSet(1), &mut encoder);
            let mut reader = Reader {
                selection,
                logs,
                wire: READER,
                own: None,
                joined: 0,
                past: None,
                places,
                encoder,
                now: Time(0),
            };
            let key = WindowKey { interest, wire: READER, from: 0, to: 1, joined: 0 };
            let run = runs.of_window(key, &mut window, &mut reader);
            look(&mut runs, key, run);
        }
    }

    #[test]
    fn a_line_that_is_never_empty_keeps_no_more_than_its_limit() {
        for wanted in ["a", "b"] {
            let (mut most, mut cleared) = (0, false);
            line(200_000, Bytes::from_static(b"x"), wanted, |runs, key, run| {
                assert_eq!(run.bytes.is_empty(), wanted == "b");
                let each = size_of::<Run>() + 2 * size_of::<usize>() + size_of_val(&run.cuts[..]);
                if key.interest.0.is_multiple_of(2) {
                    runs.keep_answer(key, run, Bytes::from_static(b"x"));
                }
                let slots = runs.window.capacity() * 8 / 7 * (size_of::<(WindowKey, Shared)>() + 1);
                assert!(slots + runs.window.len() * each <= SHARED_BYTES, "{}", runs.window.len());
                cleared |= runs.window.len() < most;
                most = most.max(runs.window.len());
            });
            assert!(cleared && most > 10_000, "{most}");
        }
    }

    #[test]
    fn the_newest_is_shared_however_large() {
        let body = Bytes::from(vec![0; SHARED_BYTES + 1]);
        line(3, body, "a", |runs, key, run| {
            runs.keep_answer(key, run.clone(), run.bytes.clone());
            assert!(runs.window.len() == 1 && runs.answer(&key).is_some());
            assert!(runs.bytes > SHARED_BYTES);
        });
    }
}
