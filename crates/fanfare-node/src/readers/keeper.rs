//! All acked readers: made, kept, used, removed.

use super::reader::Reader;
use super::seat::Seat;
use super::{KIND, change};
use crate::commit::{refused, unread};
use crate::hands::Hands;
use fanfare_proto::{
    Ack, AckPlace, AckPlaces, AsReader, Code, Cursor, Grant, History, Pattern, ReaderKept, ReaderName,
    ReaderRules, ReaderWish, Refusal, Start, Time, limits,
};
use fanfare_store::RecordChange;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked who is to go because nobody uses it.
const EXPIRE_EVERY: Duration = Duration::from_secs(10);
/// Before what could not be kept is tried again.
const TROUBLE_TIME: Duration = Duration::from_secs(1);

/// The acked readers of a node.
#[derive(Default)]
pub(crate) struct Keeper {
    pub(super) readers: BTreeMap<ReaderName, Reader>,
    /// Those whose records cannot be read, and why.
    damaged: BTreeMap<Box<str>, Refusal>,
    loaded: bool,
    /// So many removals and deletes are erased from what is held.
    pub(super) removals: u64,
    /// Nothing is kept before: it failed.
    trouble: Time,
    /// Who was the last to read a page of the log: the next one is the first of the next round.
    turn: Option<ReaderName>,
    expire: Time,
    due: Option<Time>,
}

/// A session that wants to hear as a reader.
pub(crate) struct Asking {
    pub(crate) reader: AsReader,
    /// What it names; a reader that is there may be used without.
    pub(crate) rules: ReaderRules,
    /// Where the reader starts if it is made by this.
    pub(crate) start: Start,
    pub(crate) grant: Arc<Grant>,
    pub(crate) seat: Arc<Seat>,
    /// Called once: what the reader hears, or why this session does not.
    pub(crate) then: Box<dyn FnOnce(Result<Vec<Pattern>, Refusal>) + Send>,
}

impl Keeper {
    /// Reads what is kept, the first time.
    fn load(&mut self, hands: &Hands) -> Result<(), Refusal> {
        if self.loaded {
            return Ok(());
        }
        let records = hands.store.scan(KIND, "", "", limits::READERS).map_err(|error| unread(&error))?;
        for record in records {
            let read = ReaderName::parse(&record.key)
                .and_then(|name| Ok((name, ReaderKept::read(&record.key, &record.value)?)));
            match read {
                Ok((name, kept)) => {
                    let reader = Reader::resume(name.clone(), kept, &hands.places, hands.now());
                    self.readers.insert(name, reader);
                }
                Err(refusal) => {
                    tracing::error!(%refusal, "a reader cannot be read; it stays as it is until it is removed");
                    self.damaged.insert(record.key, refusal);
                }
            }
        }
        self.loaded = true;
        Ok(())
    }

    fn find(&mut self, hands: &Hands, name: &ReaderName) -> Result<Option<&mut Reader>, Refusal> {
        self.load(hands)?;
        match self.damaged.get(name.as_str()) {
            Some(refusal) => Err(refusal.clone()),
            None => Ok(self.readers.get_mut(name)),
        }
    }

    /// A reader that one may see: who may hear all that it hears.
    fn seen(&mut self, hands: &Hands, grant: &Grant, name: &ReaderName) -> Result<&mut Reader, Refusal> {
        let found = self.find(hands, name)?.filter(|reader| may_hear(grant, &reader.rules));
        found.ok_or_else(|| Refusal::new(Code::NOT_FOUND, format!("there is no reader `{name}`")))
    }

    /// Has a session hear as a reader.
    pub(crate) fn attach(&mut self, hands: &Hands, asking: Asking) {
        let Asking { reader, rules, start, grant, seat, then } = asking;
        then(self.try_attach(hands, &reader, rules, start, &grant, seat));
    }

    fn try_attach(
        &mut self,
        hands: &Hands,
        asked: &AsReader,
        rules: ReaderRules,
        start: Start,
        grant: &Grant,
        seat: Arc<Seat>,
    ) -> Result<Vec<Pattern>, Refusal> {
        let (name, now) = (&asked.name, hands.now());
        match self.find(hands, name)? {
            Some(reader) => check(reader, &rules)?,
            None if rules.patterns.is_empty() => {
                let detail = format!("there is no reader `{name}`; the first use of a reader names channels");
                return Err(Refusal::new(Code::NOT_FOUND, detail));
            }
            None => {
                hands.check(grant, &rules.patterns)?;
                self.make(hands, grant, name, rules, start)?;
            }
        }
        let Some(reader) = self.readers.get_mut(name) else { return Err(Code::NOT_FOUND.into()) };
        let patterns = reader.rules.patterns.clone();
        hands.check(grant, &patterns)?;
        if reader.seats.len() >= limits::READER_SESSIONS {
            let detail = format!("a reader has at most {} sessions at a time", limits::READER_SESSIONS);
            return Err(Refusal::new(Code::TOO_MANY_SESSIONS, detail));
        }
        if let Some(done) = &asked.done {
            let places = AckPlaces::Through(AckPlace::Cursor(done.clone()));
            reader.ack(hands, &Ack { places, again: None }, None)?;
        }
        reader.join(seat, now);
        // What is there already is given before the session is told that it is seated: it may not wait.
        reader.work(hands, &mut 1);
        Ok(patterns)
    }

    /// Makes a reader, and keeps it before anything is given.
    fn make(
        &mut self,
        hands: &Hands,
        grant: &Grant,
        name: &ReaderName,
        rules: ReaderRules,
        start: Start,
    ) -> Result<(), Refusal> {
        let owner: Option<Box<str>> = Some(&*grant.subject).filter(|name| !name.is_empty()).map(Into::into);
        let owned = self.readers.values().filter(|reader| owner.is_some() && reader.owner == owner).count();
        if owned >= limits::READERS_OWNED {
            let (who, most) = (&grant.subject, limits::READERS_OWNED);
            let detail = format!("`{who}` has made {owned} readers; at most {most}: remove one");
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        if self.readers.len() + self.damaged.len() >= limits::READERS {
            let detail = format!("a server has at most {} readers; remove one", limits::READERS);
            return Err(Refusal::new(Code::TOO_MANY, detail));
        }
        let floor = begin(hands, &rules, start)?;
        let reader = Reader::new(name.clone(), rules, owner, floor, hands.now());
        keep(hands, &reader)?;
        self.readers.insert(name.clone(), reader);
        Ok(())
    }

    /// A session is gone.
    pub(crate) fn leave(&mut self, hands: &Hands, name: &ReaderName, member: u64, answered: bool) {
        if let Some(reader) = self.readers.get_mut(name) {
            reader.leave(member, answered, hands.now());
        }
    }

    /// Takes note of what is done, or is to be given again, for one session or for all.
    pub(crate) fn ack(
        &mut self,
        hands: &Hands,
        grant: &Grant,
        name: &ReaderName,
        ack: &Ack,
        only: Option<u64>,
    ) -> Result<usize, Refusal> {
        self.seen(hands, grant, name)?.ack(hands, ack, only)
    }

    /// Makes a reader, or gives it other rules and another place. Answers whether it was made.
    pub(crate) fn put(
        &mut self,
        hands: &Hands,
        grant: &Grant,
        name: &ReaderName,
        wish: ReaderWish,
    ) -> Result<bool, Refusal> {
        let ReaderWish { rules, start } = wish;
        hands.check(grant, &rules.patterns)?;
        let Some(reader) = self.find(hands, name)? else {
            self.make(hands, grant, name, rules, start.unwrap_or_default())?;
            return Ok(true);
        };
        if !may_hear(grant, &reader.rules) {
            return Err(Refusal::new(
                Code::FORBIDDEN,
                format!("changing the reader `{name}` is not allowed"),
            ));
        }
        let floor = start.map(|start| begin(hands, &rules, start)).transpose()?;
        let Some(reader) = self.readers.get_mut(name) else { return Ok(false) };
        let changed = reader.changed(rules, floor);
        keep(hands, &changed)?;
        reader.dismiss(&Refusal::new(Code::STREAM_ENDED, format!("the reader `{name}` was changed")));
        *reader = changed;
        Ok(false)
    }

    /// Removes a reader and ends its sessions.
    pub(crate) fn remove(&mut self, hands: &Hands, grant: &Grant, name: &ReaderName) -> Result<(), Refusal> {
        self.load(hands)?;
        if !self.damaged.contains_key(name.as_str()) {
            self.seen(hands, grant, name)?;
        }
        forget(hands, name)?;
        self.damaged.remove(name.as_str());
        if let Some(mut reader) = self.readers.remove(name) {
            reader.dismiss(&Refusal::new(Code::NOT_FOUND, format!("the reader `{name}` was removed")));
        }
        Ok(())
    }

    /// The readers that one may see, by name.
    pub(crate) fn all(&mut self, hands: &Hands, grant: &Grant) -> Result<Vec<&Reader>, Refusal> {
        self.load(hands)?;
        Ok(self.readers.values().filter(|reader| may_hear(grant, &reader.rules)).collect())
    }

    /// One reader that one may see.
    pub(crate) fn one(
        &mut self,
        hands: &Hands,
        grant: &Grant,
        name: &ReaderName,
    ) -> Result<&Reader, Refusal> {
        self.seen(hands, grant, name).map(|reader| &*reader)
    }

    /// Does what is due.
    pub(crate) fn round(&mut self, hands: &Hands, news: bool) {
        if let Err(refusal) = self.load(hands) {
            tracing::warn!(%refusal, "the readers cannot be read; nothing is given to them until they can");
            self.due = Some(hands.now().after(TROUBLE_TIME));
            return;
        }
        self.erase(hands);
        let now = hands.now();
        self.work(hands, news);
        if self.trouble <= now {
            self.save(hands, |since| since.after(limits::READER_KEEP_TIME) <= now);
        }
        if self.expire <= now {
            self.expire = now.after(EXPIRE_EVERY);
            self.expire(hands, now);
        }
        let work = self.readers.values().filter_map(|reader| reader.due(now));
        let kept = self.readers.values().filter_map(|reader| reader.dirty);
        let kept = kept.map(|since| since.after(limits::READER_KEEP_TIME).max(self.trouble));
        self.due = work.chain(kept).min();
    }

    /// Has each do what it has to. Together they read so many pages, in turns: whoever has a long past to read does not keep
    /// the others, and those who ask, waiting for it.
    fn work(&mut self, hands: &Hands, news: bool) {
        let mut pages = limits::READER_PAGES;
        let (begin, end) = match self.turn.take() {
            Some(last) => (Bound::Excluded(last.clone()), Bound::Included(last)),
            None => (Bound::Unbounded, Bound::Unbounded),
        };
        let whole = matches!(end, Bound::Unbounded);
        let mut work = |reader: &mut Reader| {
            let before = pages;
            if news {
                reader.hear();
            }
            reader.work(hands, &mut pages);
            if pages < before {
                self.turn = Some(reader.name.clone());
            }
        };
        self.readers.range_mut((begin, Bound::Unbounded)).for_each(|(_, reader)| work(reader));
        if !whole {
            self.readers.range_mut((Bound::Unbounded, end)).for_each(|(_, reader)| work(reader));
        }
    }

    /// When something is due that nobody says.
    pub(crate) fn due(&self) -> Option<Time> {
        self.due
    }

    /// Keeps what is not kept yet.
    pub(crate) fn end(&mut self, hands: &Hands) {
        self.save(hands, |_| true);
    }

    fn save(&mut self, hands: &Hands, is_due: impl Fn(Time) -> bool) {
        let due = |reader: &&mut Reader| reader.dirty.is_some_and(&is_due);
        let changes: Vec<_> = self
            .readers
            .values_mut()
            .filter(due)
            .map(|reader| change(&reader.name, &reader.kept()))
            .collect();
        if changes.is_empty() {
            return;
        }
        match hands.store.change(&changes) {
            Ok(()) => {
                let kept = |reader: &&mut Reader| reader.dirty.is_some_and(&is_due);
                self.readers.values_mut().filter(kept).for_each(|reader| reader.dirty = None);
            }
            Err(error) => {
                tracing::warn!(%error, "what readers acknowledged could not be kept; it is tried again soon");
                self.trouble = hands.now().after(TROUBLE_TIME);
            }
        }
    }

    fn expire(&mut self, hands: &Hands, now: Time) {
        let expired = self.readers.values().filter(|reader| reader.is_expired(now));
        let expired: Vec<ReaderName> = expired.map(|reader| reader.name.clone()).collect();
        for name in expired {
            if forget(hands, &name).is_ok() {
                tracing::info!(reader = name.as_str(), "nobody used a reader for long; it is removed");
                self.readers.remove(&name);
            }
        }
    }
}

fn may_hear(grant: &Grant, rules: &ReaderRules) -> bool {
    rules.patterns.iter().all(|pattern| grant.may_subscribe(pattern))
}

/// Refuses to hear something else than a reader hears.
fn check(reader: &Reader, asked: &ReaderRules) -> Result<(), Refusal> {
    let same = match asked.patterns.is_empty() {
        true => asked.filter.is_none() || asked.filter == reader.rules.filter,
        false => asked.selection() == reader.rules.selection(),
    };
    if same {
        return Ok(());
    }
    let names: Vec<&str> = reader.rules.patterns.iter().map(Pattern::as_str).collect();
    let filter = reader.rules.filter.as_ref().map(|filter| format!(" with the filter `{filter}`"));
    let detail = format!(
        "the reader `{}` hears {}{}; name just that or nothing, or change it by PUT /readers/{0}",
        reader.name,
        names.join(", "),
        filter.unwrap_or_default(),
    );
    Err(Refusal::new(Code::READER_DIFFERS, detail))
}

/// Where a reader of these rules begins.
fn begin(hands: &Hands, rules: &ReaderRules, start: Start) -> Result<Cursor, Refusal> {
    if let Start::After(cursor) = &start
        && !cursor.parts().is_empty()
    {
        return Ok(cursor.clone());
    }
    let (patterns, filter) = (rules.patterns.clone(), rules.filter.clone());
    let history = History { patterns, filter, start, limit: 1, ..History::default() };
    Ok(hands.page(history)?.before)
}

fn keep(hands: &Hands, reader: &Reader) -> Result<(), Refusal> {
    hands.store.change(&[change(&reader.name, &reader.kept())]).map_err(|error| refused(&error))
}

fn forget(hands: &Hands, name: &ReaderName) -> Result<(), Refusal> {
    let change = RecordChange { kind: KIND, key: name.as_str().into(), value: None };
    hands.store.change(&[change]).map_err(|error| refused(&error))
}
