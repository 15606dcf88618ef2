//! Pages of what was said: the same reading as a subscription's, answered at once.

use crate::commit::unread;
use crate::latest::{Latest, Seeking};
use crate::lent::Lending;
use crate::locate::{Found, Located, Most, Newest, heads, locate, look, lower_to_before, newest};
use crate::places::Places;
use crate::reading::Logs;
use fanfare_proto::{
    Amends, Became, Gap, History, HistoryPage, LogId, LogSet, Mark, Message, Position, Refusal, Sieve, Start,
    Time, View, limits,
};
use fanfare_store::{Log, Order, Read, StoreError};
use std::collections::HashMap;
use std::sync::Arc;

/// Reads one page. Belongs on a reader thread.
pub(crate) fn read(
    logs: &Logs,
    places: &Places,
    set: LogSet,
    history: &History,
    now: Time,
) -> Result<HistoryPage, StoreError> {
    let mut wanted = Sieve::new(history.selection());
    let limit = history.limit.clamp(1, limits::PAGE_MESSAGES);
    match &history.before {
        Some(cursor) => {
            let start = Start::After(cursor.clone());
            let place = locate(logs, places, &mut wanted, set, heads(logs, set), &start, now)?;
            let most = Most { bytes: limits::HISTORY_BYTES, ..Most::messages(limit) };
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
    let mut gathered = Gathered::new(&located);
    // Of edits and deletes little is left where they are folded, but for whoever goes on after a cursor.
    let folds = wanted.selection().view() == View::Current && !matches!(start, Start::After(_));
    let counts =
        if folds { |message: &Message| message.content.amends.is_none() } else { |_: &Message| true };
    for log in set.iter() {
        gathered.read(&**logs.get(log), log, wanted, (limit, counts), now)?;
    }
    if wanted.selection().view() == View::Current {
        gathered.settle(&located.mark);
    }
    Ok(gathered.page(places, set, located.mark, limit, &heads(logs, set)))
}

/// The look for the newest of each key, step by step, and the page of what was found.
pub(crate) struct LatestPage {
    places: Places,
    set: LogSet,
    history: History,
    clock: fn() -> Time,
    /// Where the page begins, and where it ends at the most.
    begun: Option<(Located, Mark)>,
    seeking: Option<(LogId, Seeking)>,
    found: Vec<(LogId, Latest)>,
    placing: Lending,
}

impl LatestPage {
    pub(crate) fn new(
        places: Places,
        set: LogSet,
        history: History,
        placing: Lending,
        clock: fn() -> Time,
    ) -> LatestPage {
        LatestPage { places, set, history, clock, begun: None, seeking: None, found: Vec::new(), placing }
    }

    /// One step; a page once that was the last.
    pub(crate) fn step(&mut self, logs: &Logs) -> Result<Option<HistoryPage>, Refusal> {
        let mut wanted = Sieve::new(self.history.selection());
        let (located, until) = match &self.begun {
            Some((located, until)) => (located.clone(), *until),
            None => {
                let (until, start) = (heads(logs, self.set), &self.history.start);
                let located = locate(logs, &self.places, &mut wanted, self.set, until, start, (self.clock)())
                    .map_err(|error| unread(&error))?;
                self.begun = Some((located.clone(), until));
                (located, until)
            }
        };
        let Some((log, mut seeking)) = self.seeking.take().or_else(|| {
            let log = self.set.iter().nth(self.found.len())?;
            let placing = self.placing.clone();
            let from = (located.mark.get(log), located.began.get(log));
            Some((log, Seeking::new(wanted, from, until.get(log), placing)))
        }) else {
            return self.page(logs, located, until).map(Some).map_err(|error| unread(&error));
        };
        match seeking.step(&**logs.get(log))? {
            Some(latest) => self.found.push((log, latest)),
            None => self.seeking = Some((log, seeking)),
        }
        Ok(None)
    }

    fn page(&self, logs: &Logs, located: Located, until: Mark) -> Result<HistoryPage, StoreError> {
        let (selection, limit) =
            (self.history.selection(), self.history.limit.clamp(1, limits::PAGE_MESSAGES));
        let (mark, now, mut wanted) = (located.mark, (self.clock)(), Sieve::new(selection.clone()));
        let mut gathered = Gathered::new(&located);
        for (log, latest) in &self.found {
            let (enough, mut bytes) = (gathered.found.len() + limit, 0);
            while gathered.reached.get(*log) < until.get(*log)
                && gathered.found.len() < enough
                && bytes < limits::HISTORY_BYTES
            {
                let page = latest.page(&**logs.get(*log), &selection, gathered.reached.get(*log))?;
                gathered.gaps.extend(page.gap);
                gathered.reached.set(*log, page.through);
                for kept in page.messages.into_iter().filter_map(|message| wanted.told(message, now)) {
                    bytes += kept.content.size();
                    gathered.found.push(Found { time: kept.time, log: *log, position: kept.position, kept });
                }
            }
        }
        Ok(gathered.page(&self.places, self.set, mark, limit, &until))
    }
}

/// What was read so far of all logs.
struct Gathered {
    reached: Mark,
    found: Vec<Found<Arc<Message>>>,
    gaps: Vec<Gap>,
    /// Whoever asks was shown nothing of what lies up to here.
    began: Mark,
}

impl Gathered {
    fn new(located: &Located) -> Gathered {
        let Located { mark, gaps, began } = located.clone();
        Gathered { reached: mark, found: Vec::new(), gaps, began }
    }

    /// Leaves out edits and deletes of what comes after a place, as far as the page has them in it.
    fn settle(&mut self, from: &Mark) {
        let amends = |found: &Found<Arc<Message>>| found.kept.content.amends;
        if self.found.iter().all(|found| amends(found).is_none()) {
            return;
        }
        let mut edited = HashMap::new();
        for Found { log, position, kept, .. } in &self.found {
            if kept.content.amends.is_none() {
                edited.insert((*log, *position), kept.content.became);
            }
        }
        self.found.retain(|found| {
            let Some(amends) = amends(found) else { return true };
            let target = amends.target();
            if target <= from.get(found.log) {
                return true;
            }
            // What became of it since the page was begun is said.
            match (edited.get(&(found.log, target)), amends) {
                (Some(Some(Became::Edited(edit))), Amends::Replaces(_)) => *edit < found.position,
                (Some(_), _) | (None, Amends::Replaces(_)) => true,
                (None, Amends::Deletes(_)) => false,
            }
        });
    }

    /// The page of what was read between a place and the heads.
    fn page(self, places: &Places, set: LogSet, from: Mark, limit: usize, heads: &Mark) -> HistoryPage {
        let Gathered { mut reached, mut found, gaps, .. } = self;
        found.sort_by_key(|found| (found.time, found.log, found.position));
        let more = found.len() > limit || !heads.reached_by(&reached, set);
        let cut = found.split_off(found.len().min(limit));
        // What was cut is not heard yet: the page ends before it.
        lower_to_before(&mut reached, places_of(&cut));
        let mut before = from;
        lower_to_before(&mut before, places_of(&found));
        page(places, set, before, reached, found, gaps, more)
    }

    /// Reads on in one log from where it was reached, up to `limit` messages that count.
    fn read(
        &mut self,
        log: &dyn Log,
        id: LogId,
        wanted: &mut Sieve,
        (limit, counts): (usize, fn(&Message) -> bool),
        now: Time,
    ) -> Result<(), StoreError> {
        let head = log.status().head;
        let (mut counted, mut bytes, mut barren) = (0, 0, 0);
        while self.reached.get(id) < head
            && counted < limit
            && bytes < limits::HISTORY_BYTES
            && barren < limits::LOOK_PAGES
        {
            let read = Read {
                selection: wanted.selection().unfiltered(),
                from: self.reached.get(id),
                began: self.began.get(id),
                order: Order::Forward,
                messages: look(wanted, limit - counted),
                bytes: limits::STEP_BYTES,
            };
            let page = log.read(&read)?;
            self.gaps.extend(page.gap);
            let before = counted;
            for kept in page.messages.into_iter().filter_map(|message| wanted.told(message, now)) {
                bytes += kept.content.size();
                counted += usize::from(counts(&kept));
                self.found.push(Found { time: kept.time, log: id, position: kept.position, kept });
            }
            barren += usize::from(counted == before);
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
