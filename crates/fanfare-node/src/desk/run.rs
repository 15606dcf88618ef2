//! Runs: the frames between two places, joined once and shared by every session that is to write the same.

use super::bases::Ticked;
use super::newest::Newest;
use super::reader::{Reader, Share, list_run, page_run, window_run};
use crate::lent::Lent;
use bytes::Bytes;
use fanfare_hub::{InterestId, Window};
use fanfare_proto::{LogId, LogSet, Mark, Message, Time, Wire, limits};
use rustc_hash::FxHashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

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
    pub(crate) until: Option<Time>,
    /// It ends because its reader may not be given more at once.
    pub(crate) paused: bool,
    /// Of a reader that hears in ticks: a message without a key is in it.
    pub(crate) keyless: bool,
    /// The one message in it, of a reader of which each message replaces the last.
    pub(crate) shows: Option<Arc<Message>>,
    /// The earliest place of a message that its changes build on.
    pub(crate) base: Option<u64>,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowKey {
    pub(crate) interest: InterestId,
    pub(crate) wire: Wire,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// What expires at once is in it before this place (design rule 12).
    pub(crate) joined: u64,
}

/// What a list's run is made for: a place in it, what may be given, the version of the list, and of a reader of changes what
/// it was given.
pub(crate) type ListKey = (WindowKey, Share, u64, Option<Ticked>);

impl Hash for WindowKey {
    /// It is made for each reader of a hot channel; `joined` is the same as `from` for nearly all, so it tells little.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.interest, self.wire, self.from, self.to).hash(state);
    }
}

/// What a page's run is made for. Readers at the same place of the same page share it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PageKey {
    page: usize,
    /// Who wants less than the whole page.
    filtered: Option<InterestId>,
    from: usize,
    wire: Wire,
    logs: LogSet,
    own: Mark,
    share: Option<Share>,
}

/// Runs in use: those that end where the window does for who comes back next, the others until the line is empty.
///
/// Their keys are numbers of our own, which nobody outside chooses: a hash without a secret does, for a quarter of the
/// instructions, and takes as many every time.
#[derive(Default)]
pub(crate) struct Runs {
    window: FxHashMap<WindowKey, Shared>,
    lists: FxHashMap<ListKey, Arc<Run>>,
    /// The page is kept beside its run: its address is the key.
    pages: FxHashMap<PageKey, (Arc<Run>, Arc<Lent>)>,
    /// What all of this takes, keys and empty runs included.
    bytes: usize,
}

/// A run of the window, and the whole response if one was made of it.
struct Shared {
    run: Arc<Run>,
    answer: Option<Bytes>,
}

/// Bytes of a table for each entry: half of its slots may be empty.
const fn slot_size<K, V>(_: &FxHashMap<K, V>) -> usize {
    2 * size_of::<(K, V)>()
}

/// Bytes of one run, unless one frame alone is longer: two make a turn's share.
pub(super) const RUN_BYTES: usize = limits::TURN_BYTES / 2;
/// Bytes of a run of a list: a tick has much to give at once, and each write costs.
pub(super) const LIST_BYTES: usize = limits::TURN_BYTES;
/// Bytes of runs kept for sharing within a line; the newest alone may pass it.
const SHARED_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of runs kept when the line is empty.
const KEPT_BYTES: usize = 1024 * 1024;

/// A run for this reader, and one for all who share it, unless nobody does: it may build on what the reader was not given.
fn fitting(
    reader: &mut Reader<'_>,
    mut make: impl FnMut(&mut Reader<'_>) -> Run,
) -> (Arc<Run>, Option<Arc<Run>>) {
    if reader.own.is_some() {
        return (Arc::new(make(reader)), None);
    }
    let since = reader.lower_since(0);
    let all = Arc::new(make(reader));
    reader.lower_since(since);
    let run = if reader.has(&all) { all.clone() } else { Arc::new(make(reader)) };
    (run, Some(all))
}

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
        (self.pages, self.lists) = (FxHashMap::default(), FxHashMap::default());
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
            return match reader.has(&shared.run) {
                true => shared.run.clone(),
                false => Arc::new(window_run(key.from, key.to, window, reader)),
            };
        }
        let (run, all) = fitting(reader, |reader| window_run(key.from, key.to, window, reader));
        if let Some(all) = all {
            self.count(slot_size(&self.window) + all.size());
            self.window.insert(key, Shared { run: all, answer: None });
        }
        run
    }

    /// The run of a list between two places, for sessions that have heard nothing of what is in it.
    pub(crate) fn of_list(&mut self, key: ListKey, list: &Newest, reader: &mut Reader<'_>) -> Arc<Run> {
        if reader.own.is_none()
            && let Some(run) = self.lists.get(&key).filter(|run| run.is_good(reader.now))
        {
            return match reader.has(run) {
                true => run.clone(),
                false => Arc::new(list_run(key.0.from, key.0.to, list, reader)),
            };
        }
        let (run, all) = fitting(reader, |reader| list_run(key.0.from, key.0.to, list, reader));
        if let Some(all) = all {
            self.count(slot_size(&self.lists) + all.size());
            self.lists.insert(key, all);
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
        (from, filtered): (usize, Option<InterestId>),
        own: Mark,
        reader: &mut Reader<'_>,
    ) -> Arc<Run> {
        let mut others = own;
        others.set(log, Default::default());
        let key = PageKey {
            page: Arc::as_ptr(page) as usize,
            filtered,
            from,
            wire: reader.wire,
            logs: reader.logs,
            own: others,
            share: reader.share,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::wish::Wish;
    use crate::places::Places;
    use fanfare_hub::Slot;
    use fanfare_proto::{
        Channel, Content, Encoder, Epoch, Form, Framing, Message, Pattern, Position, Selection, Sieve,
        protocol,
    };

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
        let mut sieve = Sieve::new(Selection::new(vec![Pattern::parse(wanted).unwrap()]));
        let places = &Places { epochs: [Epoch(1); limits::LOGS] };
        for interest in (0..interests).map(InterestId) {
            let (logs, encoder) = (LogSet(1), &mut encoder);
            let mut reader = Reader {
                wish: Wish::Own(&mut sieve),
                logs,
                wire: READER,
                own: None,
                joined: 0,
                past: None,
                places,
                encoder,
                now: Time(0),
                share: None,
                changes: None,
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
