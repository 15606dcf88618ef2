//! One acked reader: its floor, its window, and the sessions that share it.

use super::earlier::Earlier;
use super::place::{Held, Place, held};
use super::seat::{Given, Seat, Word};
use crate::hands::Hands;
use crate::places::Places;
use fanfare_hub::{AckWindow, MemberId};
use fanfare_proto::{
    Code, Cursor, Gap, History, HistoryPage, LogId, ReaderAttempts, ReaderKept, ReaderName, ReaderRules,
    Refusal, Retry, Start, Time, limits,
};
use std::sync::Arc;
use std::time::Duration;

/// Before it is tried again after something failed.
pub(super) const TROUBLE_TIME: Duration = Duration::from_secs(1);

/// One acked reader.
pub(crate) struct Reader {
    pub(crate) name: ReaderName,
    pub(crate) rules: ReaderRules,
    pub(super) owner: Option<Box<str>>,
    pub(super) created: Time,
    pub(super) used: Time,
    /// Everything up to here is done, or was not wanted.
    pub(super) floor: Cursor,
    /// Everything up to here is in the window, or below.
    read: Cursor,
    pub(super) window: AckWindow<Held>,
    pub(super) earlier: Earlier,
    pub(crate) seats: Vec<Arc<Seat>>,
    /// To be told to whoever is there.
    gaps: Vec<Gap>,
    /// There may be something behind `read`.
    more: bool,
    /// It is not looked before.
    quiet: Time,
    /// Something failed: it is not tried again before.
    pub(super) trouble: Time,
    /// The same of dead letters.
    pub(super) bury: Time,
    /// Something in the window may be removed or deleted: nothing is given until that is known.
    pub(super) unsure: bool,
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
    pub(crate) fn new(
        name: ReaderName,
        rules: ReaderRules,
        owner: Option<Box<str>>,
        floor: Cursor,
        now: Time,
    ) -> Reader {
        let (acked, attempts) = Default::default();
        Reader::restore(name, ReaderKept { rules, owner, created: now, used: now, floor, acked, attempts })
    }

    /// A reader of an earlier start. What is said of a life of a log that is over is about other messages; and who used it
    /// could not come back before now.
    pub(crate) fn resume(name: ReaderName, mut record: ReaderKept, places: &Places, now: Time) -> Reader {
        let goes_on =
            |log: LogId| record.floor.part(log).is_some_and(|part| part.epoch == places.epochs[log.index()]);
        record.acked.retain(|(log, _)| goes_on(*log));
        record.attempts.retain(|of| goes_on(of.log));
        record.used = record.used.max(now);
        Reader::restore(name, record)
    }

    /// A reader as it was kept.
    pub(crate) fn restore(name: ReaderName, record: ReaderKept) -> Reader {
        let ReaderKept { rules, owner, created, used, floor, acked, attempts } = record;
        Reader {
            name,
            rules,
            owner,
            created,
            used,
            read: floor.clone(),
            floor,
            window: AckWindow::default(),
            earlier: Earlier::new(acked, attempts),
            seats: Vec::new(),
            gaps: Vec::new(),
            more: true,
            quiet: Time(0),
            trouble: Time(0),
            bury: Time(0),
            unsure: false,
            dirty: None,
            counts: Counts::default(),
        }
    }

    /// As it is to be kept.
    pub(crate) fn kept(&self) -> ReaderKept {
        let mut acked: Vec<Place> = self.window.done().map(Held::place).collect();
        acked.extend(self.earlier.done());
        let given = self.window.attempts().map(|(held, times, given)| {
            let (log, position) = held.place();
            ReaderAttempts { log, position, times, given: given.to_vec() }
        });
        let attempts = given.chain(self.earlier.given().iter().cloned()).collect();
        let (rules, owner, floor) = (self.rules.clone(), self.owner.clone(), self.floor.clone());
        ReaderKept { rules, owner, created: self.created, used: self.used, floor, acked, attempts }
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

    /// A session is gone. What is in an answer that it was stays with it.
    pub(crate) fn leave(&mut self, member: MemberId, answered: bool, now: Time) {
        let Some(at) = self.seats.iter().position(|seat| seat.member == member) else { return };
        let seat = self.seats.remove(at);
        let unseen = |held: &Held| seat.has(held.place());
        match answered {
            true => self.window.part(member, unseen),
            false => self.window.leave(member, unseen),
        }
        self.used = now;
        self.touch(now);
    }

    fn touch(&mut self, now: Time) {
        self.dirty.get_or_insert(now);
    }

    /// Moves the floor over what is done.
    pub(super) fn settle(&mut self, now: Time) {
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

    /// Does what is due: what was not done in time is given again or given up, what there is room for is read, a page at a
    /// time and as many pages as there are for it, and given.
    pub(crate) fn work(&mut self, hands: &Hands, pages: &mut usize) {
        let (now, seats) = (hands.now(), &self.seats);
        let unseen = |member, held: &Held| take_back(seats, member, held.place());
        self.counts.redelivered += self.window.tick(now, unseen) as u64;
        self.give_up(hands, now);
        if self.seats.is_empty() {
            return self.rest();
        }
        if self.trouble > now || self.unsure {
            return;
        }
        let read = match *pages > 0 && self.quiet <= now && self.may_read() {
            true => {
                *pages -= 1;
                self.read_page(hands)
            }
            false => Ok(()),
        };
        // What can fail comes before anything is given: whatever is given is told.
        match read.and_then(|()| self.drop_gone(hands, now)) {
            Ok(()) => self.hand(now),
            Err(refusal) => {
                let reader = self.name.as_str();
                tracing::debug!(reader, %refusal, "a reader could not be given what comes next; it goes on soon");
                self.trouble = now.after(TROUBLE_TIME);
            }
        }
    }

    /// Nobody is there: what nobody has on the way is not held in memory, and read again for whoever comes.
    fn rest(&mut self) {
        if !self.window.is_empty() && self.window.due(Time(0)).is_none() {
            let ReaderKept { acked, attempts, .. } = self.kept();
            self.earlier = Earlier::new(acked, attempts);
            (self.window, self.read) = (AckWindow::default(), self.floor.clone());
            self.more = true;
        }
    }

    /// Puts what was given too often where somebody may look for it: in one transaction with the reader's record, if the
    /// store keeps both. What can never be put there is given up all the same.
    fn give_up(&mut self, hands: &Hands, now: Time) {
        if self.bury > now || self.unsure {
            return;
        }
        let spent = self.take_spent(now);
        if spent.is_empty() {
            return;
        }
        let mut kept = self.kept();
        kept.attempts.retain(|of| spent.iter().all(|spent| spent.place != (of.log, of.position)));
        kept.acked.extend(spent.iter().map(|spent| spent.place));
        let (reader, mut messages) = (self.name.as_str(), 0);
        for (spent, answer) in spent.iter().zip(hands.bury(&self.name, &spent, &kept)) {
            let (position, channel) = (spent.place.1.0, spent.message.channel.as_str());
            match answer {
                Err(refusal) if refusal.code.retry() != Retry::Never => {
                    tracing::warn!(reader, channel, position, %refusal, "a dead letter cannot be published now");
                    self.bury = now.after(TROUBLE_TIME);
                    continue;
                }
                Err(refusal) if refusal.code != Code::ID_REUSED => {
                    tracing::error!(reader, channel, position, %refusal, "a dead letter is refused: it is lost");
                }
                // The same name for the same message: it is there already.
                Err(_) | Ok(()) => {}
            }
            self.window.ack(|held| held.place() == spent.place);
            messages += 1;
        }
        if messages > 0 {
            tracing::warn!(reader, messages, "nobody acknowledged messages; they are given up");
            self.counts.dead += messages;
            self.settle(now);
        }
    }

    /// Whether there may be something to read, and room for it.
    pub(super) fn may_read(&self) -> bool {
        self.more && self.room() > 0
    }

    /// Reads on, one page, as far as there is room.
    pub(super) fn read_page(&mut self, hands: &Hands) -> Result<(), Refusal> {
        let page = hands.page(self.behind(self.room()))?;
        let nothing = page.messages.is_empty() && page.gaps.is_empty();
        self.take(hands, page);
        if nothing && !self.more {
            self.quiet = hands.now().after(limits::READER_LOOK_TIME);
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
        for held in held(&page) {
            let (times, given, done) = self.earlier.take(held.place());
            self.window.offer(held, times, given, done);
        }
        (self.more, self.gaps) = (page.more, [&self.gaps[..], &page.gaps].concat());
        if self.read != page.cursor || !self.gaps.is_empty() {
            self.read = page.cursor;
            self.settle(hands.now());
        }
        if !self.more {
            // What is not there any more is not asked for again.
            self.earlier = Earlier::default();
        }
    }

    /// What has expired, or was removed since it was given, is not given again.
    fn drop_gone(&mut self, hands: &Hands, now: Time) -> Result<(), Refusal> {
        if self.seats.iter().all(|seat| seat.is_full()) {
            return Ok(());
        }
        let ready = || self.window.ready(now, self.rules.attempts);
        let expired = ready().filter(|(held, _)| held.message.is_expired(now)).map(|(held, _)| held.place());
        let again = ready().filter(|(_, times)| *times > 0);
        let again = again.map(|(held, _)| (held.place(), held.message.channel.clone())).collect();
        let gone: Vec<Place> = expired.chain(hands.gone(again)?).collect();
        if !gone.is_empty() {
            self.window.ack(|held| gone.contains(&held.place()));
            self.settle(now);
        }
        Ok(())
    }

    /// Gives what is to be given to those who are there and take it.
    fn hand(&mut self, now: Time) {
        let (seats, mut told) = (&self.seats, Vec::new());
        let gaps = std::mem::take(&mut self.gaps);
        if !gaps.is_empty() {
            seats.iter().for_each(|seat| seat.lose(&gaps));
            told.extend(seats.iter().map(|seat| seat.member));
        }
        let open = seats.iter().filter(|seat| !seat.is_full());
        let open: Vec<(MemberId, usize)> = open.map(|seat| (seat.member, seat.hand)).collect();
        let takes = |member, has| open.iter().any(|(other, hand)| *other == member && has < *hand);
        let mut given = false;
        let ReaderRules { ack_wait, attempts, .. } = self.rules;
        while let Some(handing) = self.window.hand(now, ack_wait, attempts, takes) {
            let (member, attempt, held) = (handing.member, handing.attempt, handing.item);
            let (message, place, cursor) = (held.message.clone(), held.place(), held.cursor.clone());
            given = true;
            if let Some(seat) = seats.iter().find(|seat| seat.member == member) {
                seat.give(Given { message, place, cursor, attempt });
                if !told.contains(&member) {
                    told.push(member);
                }
            }
        }
        seats.iter().filter(|seat| told.contains(&seat.member)).for_each(|seat| seat.tell(Word::Given));
        if given {
            self.touch(now);
        }
    }

    /// When there is something to do that nobody says, as of a moment at which all was done that could be.
    pub(crate) fn due(&self, now: Time) -> Option<Time> {
        let looks = (!self.seats.is_empty() && self.may_read()).then_some(self.quiet);
        let failed = Some(self.trouble).filter(|trouble| *trouble > now);
        let work = [looks, failed, self.window.due(now)].into_iter().flatten().min();
        let work = work.map(|due| due.max(self.trouble).max(now));
        let spent = self.window.spent(self.rules.attempts).next().map(|_| self.bury.max(now));
        [work, spent].into_iter().flatten().min()
    }

    /// Whether nobody used it for so long that it goes.
    pub(crate) fn is_expired(&self, now: Time) -> bool {
        self.seats.is_empty() && self.used.after(self.rules.expires) <= now
    }

    /// Ends its sessions.
    pub(crate) fn dismiss(&mut self, why: &Refusal) {
        for seat in std::mem::take(&mut self.seats) {
            seat.fill();
            self.window.leave(seat.member, |held| seat.has(held.place()));
            seat.tell(Word::Ended(why.clone()));
        }
    }
}

/// Takes back what a session was given, if it waits there still.
fn take_back(seats: &[Arc<Seat>], member: MemberId, place: Place) -> bool {
    seats.iter().any(|seat| seat.member == member && seat.take_back(place))
}

/// Whether what a session was given waits there still.
pub(super) fn waits(seats: &[Arc<Seat>], member: MemberId, held: &Held) -> bool {
    seats.iter().any(|seat| seat.member == member && seat.has(held.place()))
}
