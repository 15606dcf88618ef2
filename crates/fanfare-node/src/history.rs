//! Pages of what was said: the same reading as a subscription's, answered at once.

use crate::locate::{Found, Most, Newest, heads, locate, look, lower_to_before, newest};
use crate::places::Places;
use crate::reading::Logs;
use fanfare_proto::{
    Gap, History, HistoryPage, LogId, LogSet, Mark, Message, Position, Selection, Sieve, Start, Time, limits,
};
use fanfare_store::{Log, Order, Read, StoreError};
use std::sync::Arc;

/// Reads one page. Belongs on a reader thread.
pub(crate) fn read(
    logs: &Logs,
    places: &Places,
    set: LogSet,
    history: &History,
    now: Time,
) -> Result<HistoryPage, StoreError> {
    let selection = Selection::filtered(history.patterns.clone(), history.filter.as_ref());
    let mut wanted = Sieve::new(selection);
    let limit = history.limit.clamp(1, limits::PAGE_MESSAGES);
    match &history.before {
        Some(cursor) => {
            let start = Start::After(cursor.clone());
            let place = locate(logs, places, &mut wanted, set, heads(logs, set), &start, now)?;
            let most = Most { messages: limit, bytes: limits::HISTORY_BYTES };
            let Newest { found, before, more } =
                newest(logs, &mut wanted, set, &place.mark, most, now, Arc::clone)?;
            Ok(page(places, set, before, place.mark, found, place.gaps, more))
        }
        None => forward(logs, places, &mut wanted, set, &history.start, limit, now),
    }
}

fn forward(
    logs: &Logs,
    places: &Places,
    wanted: &mut Sieve,
    set: LogSet,
    start: &Start,
    limit: usize,
    now: Time,
) -> Result<HistoryPage, StoreError> {
    let located = locate(logs, places, wanted, set, heads(logs, set), start, now)?;
    let mut gathered = Gathered { reached: located.mark, found: Vec::new(), gaps: located.gaps };
    for log in set.iter() {
        gathered.read(&**logs.get(log), log, wanted, limit, now)?;
    }
    let Gathered { mut reached, mut found, gaps } = gathered;
    found.sort_by_key(|found| (found.time, found.log, found.position));
    let more = found.len() > limit || set.iter().any(|log| reached.get(log) < logs.get(log).status().head);
    let cut = found.split_off(found.len().min(limit));
    // What was cut is not heard yet: the page ends before it.
    lower_to_before(&mut reached, places_of(&cut));
    let mut before = located.mark;
    lower_to_before(&mut before, places_of(&found));
    Ok(page(places, set, before, reached, found, gaps, more))
}

/// What was read so far of all logs.
struct Gathered {
    reached: Mark,
    found: Vec<Found<Arc<Message>>>,
    gaps: Vec<Gap>,
}

impl Gathered {
    /// Reads up to `limit` messages of one log, on from where it was reached.
    fn read(
        &mut self,
        log: &dyn Log,
        id: LogId,
        wanted: &mut Sieve,
        limit: usize,
        now: Time,
    ) -> Result<(), StoreError> {
        let head = log.status().head;
        let (enough, mut bytes, mut barren) = (self.found.len() + limit, 0, 0);
        while self.reached.get(id) < head
            && self.found.len() < enough
            && bytes < limits::HISTORY_BYTES
            && barren < limits::LOOK_PAGES
        {
            let read = Read {
                selection: wanted.selection().unfiltered(),
                from: self.reached.get(id),
                order: Order::Forward,
                messages: look(wanted, enough - self.found.len()),
                bytes: limits::STEP_BYTES,
            };
            let page = log.read(&read)?;
            self.gaps.extend(page.gap);
            let before = self.found.len();
            let is_wanted = |message: &Arc<Message>| !message.is_expired(now) && wanted.wants(message);
            for kept in page.messages.into_iter().filter(is_wanted) {
                bytes += kept.content.size();
                self.found.push(Found { time: kept.time, log: id, position: kept.position, kept });
            }
            barren += usize::from(self.found.len() == before);
            self.reached.set(id, page.through);
        }
        Ok(())
    }
}

fn page(
    places: &Places,
    set: LogSet,
    before: Mark,
    end: Mark,
    found: Vec<Found<Arc<Message>>>,
    gaps: Vec<Gap>,
    more: bool,
) -> HistoryPage {
    let mut mark = before;
    let messages = found.into_iter().map(|found| {
        mark.raise(found.log, found.position);
        (found.kept, places.cursor(&mark, set))
    });
    let messages = messages.collect();
    HistoryPage {
        messages,
        cursor: places.cursor(&end, set),
        before: places.cursor(&before, set),
        gaps,
        more,
    }
}

fn places_of(found: &[Found<Arc<Message>>]) -> impl Iterator<Item = (LogId, Position)> {
    found.iter().map(|found| (found.log, found.position))
}
