//! One acked reader: its floor, its window, and the sessions that share it.

use super::seat::{Given, Seat, Word};
use crate::hands::Hands;
use crate::places::Places;
use fanfare_hub::AckWindow;
use fanfare_proto::{
    Ack, AckPlace, AckPlaces, Code, Cursor, Gap, History, HistoryPage, LogId, Message, Position, ReaderKept,
    ReaderName, ReaderRules, Refusal, Start, Time, limits,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Before it is looked again after something failed.
const TROUBLE_TIME: Duration = Duration::from_secs(1);

/// A message of the window.
pub(super) struct Held {
    pub(super) message: Arc<Message>,
    log: LogId,
    /// Where a reader is that has heard it and all before it.
    cursor: Cursor,
}

/// What names a message while its logs live.
pub(super) type Place = (LogId, Position);

/// One acked reader.
pub(crate) struct Reader {
    pub(crate) name: ReaderName,
    pub(crate) rules: ReaderRules,
    pub(super) created: Time,
    pub(super) used: Time,
    /// Everything up to here is done, or was not wanted.
    pub(super) floor: Cursor,
    /// Everything up to here is in the window, or below.
    read: Cursor,
    pub(super) window: AckWindow<Held>,
    /// Done in an earlier life, and not read again yet.
    pub(super) acked: Vec<Place>,
    /// Given in an earlier life, and not read again yet.
    pub(super) tried: HashMap<Place, u32>,
    pub(crate) seats: Vec<Arc<Seat>>,
    /// To be told to somebody.
    gaps: Vec<Gap>,
    /// There may be something behind `read`.
    more: bool,
    /// It is not looked before.
    quiet: Time,
    /// It is not kept as it is since then.
    pub(crate) dirty: Option<Time>,
    pub(super) counts: Counts,
}

/// What happened since the server was started.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) acked: u64,
    pub(super) redelivered: u64,
    pub(super) dead: u64,
}

impl Reader {
    /// A reader that begins here.
    pub(crate) fn new(name: ReaderName, rules: ReaderRules, floor: Cursor, now: Time) -> Reader {
        let record =
            ReaderKept { rules, created: now, used: now, floor, acked: Vec::new(), attempts: Vec::new() };
        Reader::restore(name, record)
    }

    /// A reader of an earlier start. What is said of a life of a log that is over is about other messages; and who used it
    /// could not come back before now.
    pub(crate) fn resume(name: ReaderName, mut record: ReaderKept, places: &Places, now: Time) -> Reader {
        let goes_on =
            |log: LogId| record.floor.part(log).is_some_and(|part| part.epoch == places.epochs[log.index()]);
        record.acked.retain(|(log, _)| goes_on(*log));
        record.attempts.retain(|(log, ..)| goes_on(*log));
        record.used = record.used.max(now);
        Reader::restore(name, record)
    }

    /// A reader as it was kept.
    pub(crate) fn restore(name: ReaderName, record: ReaderKept) -> Reader {
        let ReaderKept { rules, created, used, floor, acked, attempts } = record;
        let tried = attempts.into_iter().map(|(log, position, times)| ((log, position), times));
        Reader {
            name,
            rules,
            created,
            used,
            read: floor.clone(),
            floor,
            window: AckWindow::default(),
            acked,
            tried: tried.collect(),
            seats: Vec::new(),
            gaps: Vec::new(),
            more: true,
            quiet: Time(0),
            dirty: None,
            counts: Counts::default(),
        }
    }

    /// As it is to be kept.
    pub(crate) fn kept(&self) -> ReaderKept {
        let mut acked: Vec<Place> = self.window.done().map(Held::place).collect();
        acked.extend(&self.acked);
        let mut attempts: Vec<(LogId, Position, u32)> =
            self.window.attempts().map(|(held, times)| (held.log, held.message.position, times)).collect();
        attempts.extend(self.tried.iter().map(|((log, position), times)| (*log, *position, *times)));
        let Reader { rules, created, used, floor, .. } = self;
        let (rules, floor) = (rules.clone(), floor.clone());
        ReaderKept { rules, created: *created, used: *used, floor, acked, attempts }
    }

    /// The same reader with other rules, at its floor, or at another place. What is done above its floor stays so.
    pub(crate) fn changed(&self, rules: ReaderRules, place: Option<Cursor>) -> Reader {
        let record = match place {
            None => ReaderKept { rules, ..self.kept() },
            Some(floor) => {
                let (acked, attempts) = Default::default();
                ReaderKept { rules, floor, acked, attempts, ..self.kept() }
            }
        };
        Reader { counts: self.counts, ..Reader::restore(self.name.clone(), record) }
    }

    /// A session comes.
    pub(crate) fn join(&mut self, seat: Arc<Seat>, now: Time) {
        self.window.join(seat.member);
        seat.set_floor(&self.floor);
        self.seats.push(seat);
        (self.used, self.more) = (now, true);
        self.touch(now);
    }

    /// A session is gone.
    pub(crate) fn leave(&mut self, member: u64, answered: bool, unseen: usize, now: Time) {
        if !self.seats.iter().any(|seat| seat.member == member) {
            return;
        }
        self.seats.retain(|seat| seat.member != member);
        if answered {
            self.window.part(member);
        } else {
            self.window.leave(member, unseen);
        }
        self.used = now;
        self.touch(now);
    }

    fn touch(&mut self, now: Time) {
        self.dirty.get_or_insert(now);
    }

    /// Takes note of what is done, or is to be given again; of a session, only what it was given if it names no messages
    /// one by one. Answers how many messages that is.
    pub(crate) fn ack(&mut self, hands: &Hands, ack: &Ack, only: Option<u64>) -> Result<usize, Refusal> {
        // What was given before the server's last start, or before everybody left, is not in the window yet.
        self.quiet = Time(0);
        self.read(hands)?;
        let now = hands.now();
        let from = ack.again.map(|delay| now.after(delay));
        let count = match &ack.places {
            AckPlaces::Through(place) => {
                let meant = self.meant(place)?;
                match from {
                    None => self.window.ack_through(meant, only),
                    Some(from) => self.window.give_back_through(meant, only, from),
                }
            }
            AckPlaces::Each(places) => {
                let mut count = 0;
                for place in places {
                    let meant = self.meant(place)?;
                    count += match from {
                        None => self.window.ack(meant),
                        Some(from) => self.window.give_back(meant, from),
                    };
                }
                count
            }
        };
        if from.is_none() {
            self.counts.acked += count as u64;
        }
        if count > 0 {
            self.settle(now);
        }
        self.used = now;
        Ok(count)
    }

    /// Which message a place means.
    fn meant<'a>(&self, place: &'a AckPlace) -> Result<impl Fn(&Held) -> bool + use<'a>, Refusal> {
        if let AckPlace::Position(position) = place {
            let of = |held: &&Held| held.message.position == *position;
            if self.window.undone().filter(of).count() > 1 {
                let detail =
                    format!("position {position} is one of a kept and of a live channel: give the cursor");
                return Err(Refusal::new(Code::BAD_FIELD, detail));
            }
        }
        Ok(move |held: &Held| match place {
            AckPlace::Cursor(cursor) => held.cursor == *cursor,
            AckPlace::Position(position) => held.message.position == *position,
        })
    }

    /// Moves the floor over what is done.
    fn settle(&mut self, now: Time) {
        while let Some(held) = self.window.settle() {
            self.floor = held.cursor;
        }
        if self.window.is_empty() {
            self.floor.clone_from(&self.read);
        }
        for seat in &self.seats {
            seat.set_floor(&self.floor);
        }
        self.touch(now);
    }

    /// Something may have been published.
    pub(crate) fn hear(&mut self) {
        self.more = true;
    }

    /// Does what is due: what was not done in time is given again or given up, what there is room for is read, and given.
    pub(crate) fn work(&mut self, hands: &Hands) {
        let now = hands.now();
        self.counts.redelivered += self.window.tick(now) as u64;
        self.give_up(hands, now);
        if self.seats.is_empty() {
            return self.rest();
        }
        if let Err(refusal) = self.read(hands).and_then(|()| self.hand(hands)) {
            let reader = self.name.as_str();
            tracing::debug!(reader, %refusal, "a reader could not be given what comes next; it goes on soon");
            (self.quiet, self.more) = (now.after(TROUBLE_TIME), true);
        }
    }

    /// Nobody is there: what nobody has on the way is not held in memory, and read again for whoever comes.
    fn rest(&mut self) {
        if !self.window.is_empty() && self.window.due().is_none() {
            let ReaderKept { acked, attempts, .. } = self.kept();
            let tried = attempts.into_iter().map(|(log, position, times)| ((log, position), times));
            (self.acked, self.tried) = (acked, tried.collect());
            (self.window, self.read) = (AckWindow::default(), self.floor.clone());
            self.more = true;
        }
    }

    /// Puts what was given too often where somebody may look for it.
    fn give_up(&mut self, hands: &Hands, now: Time) {
        let spent = self.window.spent(self.rules.attempts);
        let spent: Vec<_> = spent.map(|(held, attempts)| (held.message.clone(), attempts)).collect();
        if spent.is_empty() || self.quiet > now {
            return;
        }
        let (reader, messages) = (self.name.as_str(), spent.len());
        if let Err(refusal) = hands.bury(&self.name, &spent) {
            tracing::warn!(reader, %refusal, "dead letters could not be published; it is tried again soon");
            self.quiet = now.after(TROUBLE_TIME);
            return;
        }
        tracing::warn!(reader, messages, "nobody acknowledged messages; they are given up");
        self.counts.dead += messages as u64;
        for (message, _) in spent {
            let place = (hands.log_of(&message.channel), message.position);
            self.window.ack(|held| held.place() == place);
        }
        self.settle(now);
    }

    /// Reads on, as far as there is room.
    fn read(&mut self, hands: &Hands) -> Result<(), Refusal> {
        while self.more && self.quiet <= hands.now() {
            let room = self.room();
            if room == 0 {
                return Ok(());
            }
            let history = self.behind(room);
            let page = hands.page(history)?;
            let nothing = page.messages.is_empty() && page.gaps.is_empty();
            self.take(hands, page);
            if nothing && !self.more {
                self.quiet = hands.now().after(limits::READER_LOOK_TIME);
            }
        }
        Ok(())
    }

    /// How many messages more the window may have.
    fn room(&self) -> usize {
        let bytes: usize = self.window.undone().map(|held| held.message.content.size()).sum();
        match bytes < limits::READER_WINDOW_BYTES {
            true => self.rules.window.saturating_sub(self.window.len()),
            false => 0,
        }
    }

    pub(super) fn behind(&self, limit: usize) -> History {
        History {
            patterns: self.rules.patterns.clone(),
            filter: self.rules.filter.clone(),
            start: Start::After(self.read.clone()),
            limit,
            ..History::default()
        }
    }

    fn take(&mut self, hands: &Hands, page: HistoryPage) {
        let now = hands.now();
        for (message, cursor) in page.messages {
            let held = Held { log: hands.log_of(&message.channel), message, cursor };
            let place = held.place();
            let done = self.acked.iter().position(|acked| *acked == place);
            if let Some(at) = done {
                self.acked.swap_remove(at);
            }
            self.window.offer(held, self.tried.remove(&place).unwrap_or_default(), done.is_some());
        }
        (self.more, self.gaps) = (page.more, [&self.gaps[..], &page.gaps].concat());
        if self.read != page.cursor || !self.gaps.is_empty() {
            self.read = page.cursor;
            self.settle(now);
        }
        if !self.more {
            // What is not there any more is not asked for again.
            (self.acked, self.tried) = Default::default();
        }
    }

    /// Gives what is to be given to those who are there.
    fn hand(&mut self, hands: &Hands) -> Result<(), Refusal> {
        let (now, mut told) = (hands.now(), Vec::new());
        if let (false, Some(seat)) = (self.gaps.is_empty(), self.seats.first()) {
            seat.lose(&std::mem::take(&mut self.gaps));
            told.push(seat.member);
        }
        // What was given too often is given up, which may have failed for now.
        while self.window.spent(self.rules.attempts).next().is_none()
            && let Some(handing) = self.window.hand(now, self.rules.ack_wait)
        {
            let (member, attempt, held) = (handing.member, handing.attempt, handing.item);
            let (message, cursor, place) = (held.message.clone(), held.cursor.clone(), held.place());
            if message.is_expired(now) || (attempt > 1 && !hands.is_there(&message)?) {
                self.window.ack(|held| held.place() == place);
                self.settle(now);
                continue;
            }
            self.touch(now);
            if let Some(seat) = self.seats.iter().find(|seat| seat.member == member) {
                seat.give(Given { message, cursor, attempt });
                if !told.contains(&member) {
                    told.push(member);
                }
            }
        }
        self.seats.iter().filter(|seat| told.contains(&seat.member)).for_each(|seat| seat.tell(Word::Given));
        Ok(())
    }

    /// When there is something to do that nobody says.
    pub(crate) fn due(&self, now: Time) -> Option<Time> {
        let looks = self.more && !self.seats.is_empty() && self.room() > 0;
        let looks = looks || self.window.spent(self.rules.attempts).next().is_some();
        let looks = looks.then(|| self.quiet.max(now));
        let window = self.window.due().map(|due| due.max(self.quiet));
        let kept = self.dirty.map(|since| since.after(limits::READER_KEEP_TIME));
        [looks, window, kept].into_iter().flatten().min()
    }

    /// Whether nobody used it for so long that it goes.
    pub(crate) fn is_expired(&self, now: Time) -> bool {
        self.seats.is_empty() && self.used.after(self.rules.expires) <= now
    }

    /// Ends its sessions.
    pub(crate) fn dismiss(&mut self, why: &Refusal) {
        for seat in std::mem::take(&mut self.seats) {
            self.window.leave(seat.member, seat.waiting());
            seat.tell(Word::Ended(why.clone()));
        }
    }
}

impl Held {
    fn place(&self) -> Place {
        (self.log, self.message.position)
    }
}
