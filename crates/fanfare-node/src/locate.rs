//! Where a start lies: from what was asked to a mark.

use crate::places::{Place, Places};
use crate::reading::Logs;
use fanfare_proto::{
    Cursor, Gap, LogId, LogSet, Mark, Message, Pattern, Position, Selection, Start, Time, limits,
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
}

/// Finds a start in the logs. Reads them: belongs on a reader thread.
pub(crate) fn locate(
    logs: &Logs,
    places: &Places,
    selection: &Selection,
    set: LogSet,
    start: &Start,
    now: Time,
) -> Result<Located, StoreError> {
    let mut located = Located { mark: heads(logs, set), gaps: Vec::new() };
    match start {
        Start::Now => {}
        Start::Last(count) => {
            let count = (*count).min(limits::LAST) as usize;
            let newest =
                newest(logs, selection, set, None, Most { messages: count, bytes: usize::MAX }, now, |_| ())?;
            lower_to_before(&mut located.mark, newest.iter().map(|found| (found.log, found.position)));
        }
        Start::Since(time) => since(logs, set, *time, &mut located.mark)?,
        Start::Ago(duration) => since(logs, set, now.before(*duration), &mut located.mark)?,
        Start::After(cursor) => after(logs, places, set, cursor, &mut located)?,
    }
    Ok(located)
}

/// The start that needs no reading: now, or a cursor that speaks of every log of the set.
pub(crate) fn locate_at_once(logs: &Logs, places: &Places, set: LogSet, start: &Start) -> Option<Located> {
    let mut located = Located { mark: heads(logs, set), gaps: Vec::new() };
    match start {
        Start::Now => Some(located),
        Start::After(cursor) if set.iter().all(|log| cursor.part(log).is_some()) => {
            for log in set.iter() {
                take_place(places.place(cursor, log, located.mark.get(log)), log, &mut located);
            }
            Some(located)
        }
        _ => None,
    }
}

fn heads(logs: &Logs, set: LogSet) -> Mark {
    let mut mark = Mark::default();
    set.iter().for_each(|log| mark.set(log, logs.get(log).status().head));
    mark
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
        mark.set(log, logs.get(log).find(time)?);
    }
    Ok(())
}

/// A log of which the cursor does not speak starts at the time of the cursor's place in another (design rule 1:
/// a cursor used with another set of subscriptions gives that set's messages after it).
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
                Some(time) => located.mark.set(log, logs.get(log).find(time)?),
                None => located.mark.set(log, Position::START),
            }
        }
    }
    Ok(())
}

/// When the first message after a cursor was accepted; now if there is none; `None` if the cursor's places do not
/// exist here.
fn time_of(logs: &Logs, places: &Places, cursor: &Cursor) -> Result<Option<Time>, StoreError> {
    let everything = Selection::new(vec![Pattern::everything()]);
    let mut known = None;
    for part in cursor.parts().iter().filter(|part| part.log == LogId::KEPT || part.log == LogId::LIVE) {
        let log = logs.get(part.log);
        if let Place::At(from) = places.place(cursor, part.log, log.status().head) {
            let (order, messages, bytes) = (Order::Forward, 1, 1);
            let page = log.read(&Read { selection: everything.clone(), from, order, messages, bytes })?;
            let time = page.messages.first().map_or(Time(u64::MAX), |message| message.time);
            known = Some(known.unwrap_or(time).min(time));
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
}

/// A message that was found, and what is wanted of it.
pub(crate) struct Found<T> {
    pub(crate) time: Time,
    pub(crate) log: LogId,
    pub(crate) position: Position,
    pub(crate) kept: T,
}

/// The newest messages of all logs of a set that are not after a place, oldest first. Only what `keep` takes of each
/// stays in memory.
pub(crate) fn newest<T>(
    logs: &Logs,
    selection: &Selection,
    set: LogSet,
    before: Option<&Mark>,
    most: Most,
    now: Time,
    keep: impl Fn(&Arc<Message>) -> T,
) -> Result<Vec<Found<T>>, StoreError> {
    let mut found = Vec::new();
    for log in set.iter() {
        let place = before.map_or(Position(u64::MAX), |mark| Position(mark.get(log).0.saturating_add(1)));
        newest_of(&**logs.get(log), selection, place, most, now, |message| {
            let (time, position) = (message.time, message.position);
            found.push(Found { time, log, position, kept: keep(message) });
        })?;
    }
    found.sort_by_key(|found| (found.time, found.log, found.position));
    found.drain(..found.len().saturating_sub(most.messages));
    Ok(found)
}

/// Calls `each` for the newest messages of one log before a place, newest first.
fn newest_of(
    log: &dyn Log,
    selection: &Selection,
    mut from: Position,
    most: Most,
    now: Time,
    mut each: impl FnMut(&Arc<Message>),
) -> Result<(), StoreError> {
    let (mut messages, mut bytes) = (0, 0);
    while messages < most.messages && bytes < most.bytes && from > Position::START {
        let read = Read {
            selection: selection.clone(),
            from,
            order: Order::Backward,
            messages: (most.messages - messages).min(limits::STEP_MESSAGES),
            bytes: limits::STEP_BYTES,
        };
        let page = log.read(&read)?;
        for message in page.messages.iter().rev().filter(|message| !message.is_expired(now)) {
            messages += 1;
            bytes += message.content.size();
            each(message);
        }
        if page.through >= from {
            break;
        }
        from = page.through;
    }
    Ok(())
}

/// Lowers a mark so that these places come after it.
pub(crate) fn lower_to_before(mark: &mut Mark, places: impl Iterator<Item = (LogId, Position)>) {
    for (log, position) in places {
        let before = Position(position.0.saturating_sub(1));
        mark.set(log, mark.get(log).min(before));
    }
}
