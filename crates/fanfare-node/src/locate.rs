//! Where a start lies: from what was asked to a mark.

use crate::places::{Place, Places};
use crate::reading::Logs;
use fanfare_proto::{
    Cursor, Gap, LogId, LogSet, Mark, Message, Pattern, Position, Selection, Start, Time, limits,
};
use fanfare_store::{Order, Read, StoreError};
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
            let newest = newest(logs, selection, set, None, count, now)?;
            lower_to_before(&mut located.mark, &newest);
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

/// The newest messages of all logs of a set that are not after a place, at most so many, oldest first.
pub(crate) fn newest(
    logs: &Logs,
    selection: &Selection,
    set: LogSet,
    before: Option<&Mark>,
    count: usize,
    now: Time,
) -> Result<Vec<(LogId, Arc<Message>)>, StoreError> {
    let mut found = Vec::new();
    for log in set.iter() {
        let place = before.map_or(Position(u64::MAX), |mark| Position(mark.get(log).0.saturating_add(1)));
        found.extend(newest_of(logs, log, selection, place, count, now)?.into_iter().map(|m| (log, m)));
    }
    found.sort_by_key(|(log, message)| (message.time, *log, message.position));
    found.drain(..found.len().saturating_sub(count));
    Ok(found)
}

fn newest_of(
    logs: &Logs,
    log: LogId,
    selection: &Selection,
    mut from: Position,
    count: usize,
    now: Time,
) -> Result<Vec<Arc<Message>>, StoreError> {
    let mut found: Vec<Arc<Message>> = Vec::new();
    while found.len() < count && from > Position::START {
        let messages = (count - found.len()).min(limits::STEP_MESSAGES);
        let read = Read {
            selection: selection.clone(),
            from,
            order: Order::Backward,
            messages,
            bytes: limits::STEP_BYTES,
        };
        let page = logs.get(log).read(&read)?;
        found.extend(page.messages.iter().rev().filter(|message| !message.is_expired(now)).cloned());
        let stuck = page.through >= from;
        from = page.through;
        if stuck {
            break;
        }
    }
    Ok(found)
}

/// Lowers a mark so that these messages come after it.
pub(crate) fn lower_to_before(mark: &mut Mark, messages: &[(LogId, Arc<Message>)]) {
    for (log, message) in messages {
        let before = Position(message.position.0.saturating_sub(1));
        mark.set(*log, mark.get(*log).min(before));
    }
}
