//! Where a start lies: from what was asked to a mark.

use crate::places::{Place, Places};
use crate::reading::Logs;
use fanfare_proto::{
    Cursor, Gap, LogId, LogSet, Mark, Message, Pattern, Position, Selection, Sieve, Start, Time, View, limits,
};
use fanfare_store::{Log, Order, Read, StoreError};
use std::sync::Arc;

/// A start, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Located {
    /// Everything up to here was heard or is not wanted.
    pub(crate) mark: Mark,
    /// What the reader is to be told first.
    pub(crate) gaps: Vec<Gap>,
    /// It was shown nothing of what lies up to here, where that matters: to who sees what is current, and does not come back
    /// with a cursor.
    pub(crate) began: Mark,
}

impl Located {
    /// Where somebody begins.
    pub(crate) fn at(mark: Mark) -> Located {
        Located { mark, gaps: Vec::new(), began: Mark::default() }
    }

    /// The same for who sees things so and began there.
    fn seen(self, view: View, start: &Start) -> Located {
        let begins = view == View::Current && !matches!(start, Start::After(_));
        Located { began: if begins { self.mark } else { Mark::default() }, ..self }
    }
}

/// Finds a start in the logs, as they were when somebody asked and their heads were there: what came later is after
/// it. Reads them: belongs on a reader thread.
pub(crate) fn locate(
    logs: &Logs,
    places: &Places,
    wanted: &mut Sieve,
    set: LogSet,
    heads: Mark,
    start: &Start,
    now: Time,
) -> Result<Located, StoreError> {
    let mut located = Located::at(heads);
    match start {
        Start::Now => {}
        Start::Oldest => oldest(set, &mut located.mark),
        Start::Last(count) => {
            let count = (*count).min(limits::LAST) as usize;
            let most = Most::messages(count);
            let newest = newest(logs, wanted, set, &located.mark, most, now, |_| ())?;
            lower_to_before(&mut located.mark, newest.found.iter().map(|found| (found.log, found.position)));
        }
        Start::Newest => {
            let most = Most { with_body: true, ..Most::messages(1) };
            let newest = newest(logs, wanted, set, &located.mark, most, now, |_| ())?;
            lower_to_before(&mut located.mark, newest.found.iter().map(|found| (found.log, found.position)));
        }
        Start::Since(time) => since(logs, set, *time, &mut located.mark)?,
        Start::Ago(duration) => since(logs, set, now.before(*duration), &mut located.mark)?,
        Start::After(cursor) => after(logs, places, set, cursor, &mut located)?,
    }
    Ok(located.seen(wanted.selection().view(), start))
}

/// The start that needs no reading: now, or a cursor that speaks of every log of the set.
pub(crate) fn locate_at_once(
    logs: &Logs,
    places: &Places,
    set: LogSet,
    start: &Start,
    view: View,
) -> Option<Located> {
    let mut located = Located::at(heads(logs, set));
    match start {
        Start::Now => Some(located.seen(view, start)),
        Start::Oldest => {
            oldest(set, &mut located.mark);
            Some(located)
        }
        Start::After(cursor) if set.iter().all(|log| cursor.part(log).is_some()) => {
            for log in set.iter() {
                take_place(places.place(cursor, log, located.mark.get(log)), log, &mut located);
            }
            Some(located)
        }
        _ => None,
    }
}

/// Where the logs are.
pub(crate) fn heads(logs: &Logs, set: LogSet) -> Mark {
    let mut mark = Mark::default();
    set.iter().for_each(|log| mark.set(log, logs.get(log).status().head));
    mark
}

fn oldest(set: LogSet, mark: &mut Mark) {
    set.iter().for_each(|log| mark.set(log, Position::START));
}

/// Answers whether the cursor speaks of the log.
fn take_place(place: Place, log: LogId, located: &mut Located) -> bool {
    match place {
        Place::At(position) => located.mark.set(log, position),
        Place::Lost(gap) => {
            located.mark.set(log, Position::START);
            located.gaps.push(gap);
        }
        Place::Unsaid => return false,
    }
    true
}

fn since(logs: &Logs, set: LogSet, time: Time, mark: &mut Mark) -> Result<(), StoreError> {
    for log in set.iter() {
        mark.set(log, logs.get(log).find(time)?.min(mark.get(log)));
    }
    Ok(())
}

/// A log of which the cursor does not speak starts at the time of the cursor's place in another (design rule 1:
/// a cursor used with another set of subscriptions gives that set's messages after it), or at the oldest that is kept
/// if nobody knows that time any more: rather too much than too little.
fn after(
    logs: &Logs,
    places: &Places,
    set: LogSet,
    cursor: &Cursor,
    located: &mut Located,
) -> Result<(), StoreError> {
    for log in set.iter() {
        let head = located.mark.get(log);
        if !take_place(places.place(cursor, log, head), log, located) {
            match time_of(logs, places, cursor)? {
                Some(time) => located.mark.set(log, logs.get(log).find(time)?.min(head)),
                None => {
                    located.mark.set(log, Position::START);
                    if located.gaps.is_empty() {
                        located.gaps.extend(lost_elsewhere(logs, places, cursor));
                    }
                }
            }
        }
    }
    Ok(())
}

/// What to tell whose cursor speaks of no log of the set, and of another one that is gone: a live channel that is kept now, say.
fn lost_elsewhere(logs: &Logs, places: &Places, cursor: &Cursor) -> Option<Gap> {
    let known = cursor.parts().iter().filter(|part| part.log == LogId::KEPT || part.log == LogId::LIVE);
    known.map(|part| places.place(cursor, part.log, logs.get(part.log).status().head)).find_map(|place| {
        match place {
            Place::Lost(gap) => Some(gap),
            _ => None,
        }
    })
}

/// When the last message before a cursor was accepted, as far as one is kept.
fn time_of(logs: &Logs, places: &Places, cursor: &Cursor) -> Result<Option<Time>, StoreError> {
    let mut everything = Sieve::new(Selection::new(vec![Pattern::everything()]));
    let mut known: Option<Time> = None;
    for part in cursor.parts().iter().filter(|part| part.log == LogId::KEPT || part.log == LogId::LIVE) {
        let log = logs.get(part.log);
        if let Place::At(place) = places.place(cursor, part.log, log.status().head) {
            let (from, most) = (Position(place.0.saturating_add(1)), Most::messages(1));
            newest_of(&**log, &mut everything, from, most, Time(0), |message| {
                known = Some(known.map_or(message.time, |known| known.min(message.time)));
            })?;
        }
    }
    Ok(known)
}

/// How much to look for.
#[derive(Clone, Copy)]
pub(crate) struct Most {
    pub(crate) messages: usize,
    /// Bytes of contents; one message more may pass it.
    pub(crate) bytes: usize,
    /// Only messages with a body count.
    pub(crate) with_body: bool,
}

impl Most {
    /// So many, however large.
    pub(crate) fn messages(messages: usize) -> Most {
        Most { messages, bytes: usize::MAX, with_body: false }
    }
}

/// A message that was found, and what is wanted of it.
pub(crate) struct Found<T> {
    pub(crate) time: Time,
    pub(crate) log: LogId,
    pub(crate) position: Position,
    pub(crate) kept: T,
}

/// The newest messages before a place, and how far they reach.
pub(crate) struct Newest<T> {
    /// Oldest first.
    pub(crate) found: Vec<Found<T>>,
    /// Nothing wanted lies between here and the first that was found.
    pub(crate) before: Mark,
    /// Whether there may be more before.
    pub(crate) more: bool,
}

/// The newest messages of all logs of a set that are not after a place. Only what `keep` takes of each stays in
/// memory.
pub(crate) fn newest<T>(
    logs: &Logs,
    wanted: &mut Sieve,
    set: LogSet,
    place: &Mark,
    most: Most,
    now: Time,
    keep: impl Fn(&Arc<Message>) -> T,
) -> Result<Newest<T>, StoreError> {
    let (mut found, mut before) = (Vec::new(), *place);
    for log in set.iter() {
        let from = Position(place.get(log).0.saturating_add(1));
        let through = newest_of(&**logs.get(log), wanted, from, most, now, |message| {
            let (time, position) = (message.time, message.position);
            found.push(Found { time, log, position, kept: keep(message) });
        })?;
        before.set(log, Position(through.0.saturating_sub(1)));
    }
    found.sort_by_key(|found| (found.time, found.log, found.position));
    let dropped: Vec<_> = found.drain(..found.len().saturating_sub(most.messages)).collect();
    for Found { log, position, .. } in &dropped {
        before.raise(*log, *position);
    }
    let more = set.iter().any(|log| before.get(log) > Position::START);
    Ok(Newest { found, before, more })
}

/// Calls `each` for the newest messages of one log before a place, newest first. Answers from where on it has looked.
fn newest_of(
    log: &dyn Log,
    wanted: &mut Sieve,
    mut from: Position,
    most: Most,
    now: Time,
    mut each: impl FnMut(&Arc<Message>),
) -> Result<Position, StoreError> {
    let (mut messages, mut bytes, mut barren) = (0, 0, 0);
    while messages < most.messages
        && bytes < most.bytes
        && barren < limits::LOOK_PAGES
        && from > Position::START
    {
        let read = Read {
            selection: wanted.selection().unfiltered(),
            from,
            began: Position::START,
            order: Order::Backward,
            messages: look(wanted, most.messages - messages),
            bytes: limits::STEP_BYTES,
        };
        let page = log.read(&read)?;
        let before = messages;
        for message in page.messages.iter().rev() {
            let counts = !most.with_body || !message.content.body.is_empty();
            if counts && !message.is_expired(now) && wanted.wants(message) {
                messages += 1;
                bytes += message.content.size();
                each(message);
            }
        }
        barren += usize::from(messages == before);
        if page.through >= from {
            break;
        }
        from = page.through;
    }
    Ok(from)
}

/// How many messages to read to find so many: of what a filter looks through, as many as a step may.
pub(crate) fn look(wanted: &Sieve, messages: usize) -> usize {
    let filtered = !wanted.selection().filters().is_empty();
    if filtered { limits::STEP_MESSAGES } else { messages.min(limits::STEP_MESSAGES) }
}

/// Lowers a mark so that these places come after it.
pub(crate) fn lower_to_before(mark: &mut Mark, places: impl Iterator<Item = (LogId, Position)>) {
    for (log, position) in places {
        let before = Position(position.0.saturating_sub(1));
        mark.set(log, mark.get(log).min(before));
    }
}
