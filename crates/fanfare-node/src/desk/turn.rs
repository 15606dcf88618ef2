//! The start of a turn: what was committed and what was read since the last one.

use super::mailbox::{Answer, Letter};
use super::session::{Farewell, Line, Session};
use super::{Desk, SessionKey};
use crate::tail::Taken;
use fanfare_hub::{Slot, Window};
use fanfare_proto::{Amends, Code, LogId, Mark, Position, Refusal, Retry, Time, limits};
use std::time::Duration;

/// How long a session that ends for a failure of the store is asked to stay away.
const FAILED_RETRY: Duration = Duration::from_secs(5);
/// And one that is told not to come back: a browser's event stream always does.
const NEVER_RETRY: Duration = Duration::from_secs(600);

impl Desk {
    /// Takes what was committed and what was read since the last turn.
    pub fn turn(&mut self, now: Time) {
        // Before anything new is there: who is behind now is so because it did not take what was written.
        self.survey();
        self.take();
        self.tick(now);
        for order in self.orders.take() {
            self.execute(order, now);
        }
        for letter in self.mailbox.take() {
            self.open_letter(letter);
        }
    }

    /// Takes what was committed, and puts those who want it in line. Nothing is written here: the cost is a few
    /// nanoseconds for each session that wants a message of the batch.
    pub(super) fn take(&mut self) {
        let mut taken = std::mem::take(&mut self.taken);
        let (found, lost) = self.node.inner().tail.take(self.window.end(), &mut taken);
        let removed = std::mem::replace(&mut self.lost, lost).removals != lost.removals;
        match found {
            Taken::Moved(start, base) => self.move_window(start, base, removed),
            Taken::New => {
                if removed {
                    self.drop_pages();
                }
                let first = self.window.end();
                for slot in taken.drain(..) {
                    self.add(slot);
                }
                self.mark();
                if self.window.end() > first {
                    self.shrink();
                }
            }
        }
        self.taken = taken;
        self.window.trim(&lost.trimmed);
    }

    fn add(&mut self, slot: Slot<()>) {
        let seq = self.window.end();
        let (hits, newest) = (&mut self.hits, &mut self.newest);
        let lists = newest.len();
        self.interests.matches(&slot.message, seq, &mut |interest| {
            hits.entry(interest).or_insert((seq, seq)).1 = seq;
            if lists > 0
                && let Some(list) = newest.get_mut(&interest)
            {
                list.add(seq, &slot, lists);
            }
        });
        if self.sessions.hear_changes() {
            self.bases.add(seq, &slot.message);
        } else {
            self.bases.clear();
        }
        let Slot { log, message, mark, .. } = slot;
        let amends = message.content.amends;
        self.window.push(Slot { log, message, mark, beside: Vec::new() });
        if let Some(Amends::Deletes(target)) = amends {
            self.erase(log, target);
        }
    }

    /// Nothing of a message that was deleted is written from here any more.
    #[cold]
    fn erase(&mut self, log: LogId, target: Position) {
        self.window.erase(log, target);
        self.newest.values_mut().for_each(|list| list.erase(log, target));
        self.bases.clear();
        self.runs.clear();
    }

    /// Something was removed: nobody keeps a page from before.
    #[cold]
    fn drop_pages(&mut self) {
        for extra in self.sessions.iter_mut().filter_map(|(_, session)| session.extra.as_deref_mut()) {
            extra.page = None;
            extra.talk.iter_mut().for_each(|talk| talk.drop_pages());
        }
    }

    /// Marks the members of every selection that was hit: once for each batch, not for each message.
    fn mark(&mut self) {
        for (interest, (first, last)) in self.hits.drain() {
            let Some(interest) = self.interests.get(interest) else { continue };
            let line = self.lines.of(interest.members.len());
            for &key in &interest.members {
                let Some(session) = self.sessions.get_mut(key) else { continue };
                if session.is_behind() {
                    // Of these only who hears in ticks has nothing to write.
                    if session.line == Line::Out {
                        session.line = Line::In;
                        line.push_back(key);
                    }
                    continue;
                }
                if session.at == session.until {
                    session.at = first;
                }
                session.until = last + 1;
                if session.line == Line::Out {
                    session.line = Line::In;
                    line.push_back(key);
                }
            }
        }
    }

    /// Lets go of the oldest slots. Sessions that were to read them read the logs.
    fn shrink(&mut self) {
        let slots = self.node.inner().tail.slots;
        let start = self.window.start_within(slots, limits::TAIL_BYTES);
        if start > self.window.start() {
            for key in self.lines.iter() {
                if let Some(session) = self.sessions.get_mut(key)
                    && session.at < start
                    && session.at < session.until
                {
                    fall_behind(session, &self.window);
                }
            }
            self.window.shrink(slots, limits::TAIL_BYTES);
            self.bases.shrink(start);
        }
    }

    /// The tail has moved on without this worker, or something was removed: everybody reads the logs from where
    /// they are, and nobody keeps a page from before a removal. Who has heard everything up to the new window has
    /// nothing to read.
    fn move_window(&mut self, start: u64, base: Mark, removed: bool) {
        let mut behind: Vec<SessionKey> = Vec::new();
        for (key, session) in self.sessions.iter_mut() {
            if let (true, Some(extra)) = (removed, session.extra.as_deref_mut()) {
                extra.page = None;
                extra.talk.iter_mut().for_each(|talk| talk.drop_pages());
            }
            let clean = session.at == session.until;
            let heard_all = clean && base.reached_by(&self.window.head(), session.logs);
            if !session.is_behind() && !heard_all {
                fall_behind(session, &self.window);
                behind.push(key);
            }
            if !session.is_behind() {
                (session.at, session.until) = (start, start);
            } else if session.line == Line::Out {
                behind.push(key);
            }
        }
        self.window = Window::new(start, base);
        self.framed = start;
        self.runs.clear();
        self.bases.clear();
        self.reset_lists(base);
        behind.into_iter().for_each(|key| self.enter(key));
    }

    fn open_letter(&mut self, letter: Letter) {
        let Some(session) = self.sessions.get_mut(letter.key) else { return };
        let letter = match letter.answer {
            Ok(Answer::Reply(text, requests)) => {
                if session.serial == letter.ticket {
                    self.reply(letter.key, text, requests);
                }
                return;
            }
            Ok(Answer::Seat(word)) => {
                if session.serial == letter.ticket {
                    self.open_word(letter.key, word);
                }
                return;
            }
            answer if session.ticket != letter.ticket => {
                return self.open_past(letter.key, letter.ticket, answer);
            }
            answer => Letter { answer, ..letter },
        };
        match letter.answer {
            // A session whose socket is full keeps no page; it asks again when there is room.
            Ok(Answer::Page(..)) if session.line == Line::Blocked => return,
            // It may show what was removed since: the session asks again.
            Ok(Answer::Page(.., removals)) if removals != self.lost.removals => {}
            Ok(Answer::Page(..)) if !session.is_behind() => {}
            Ok(Answer::Reply(..) | Answer::Seat(_)) => {}
            Ok(Answer::Located(located)) => self.begin_at(letter.key, located),
            Ok(Answer::Latest(log, latest)) => {
                session.extra().past.iter_mut().for_each(|past| past.find(log, latest.clone()));
            }
            Ok(Answer::Page(log, page, _)) => {
                let extra = session.extra();
                let own = extra.own.unwrap_or_default();
                if page.through <= own.get(log) {
                    let detail = "the log has nothing where the tail says it has";
                    let why = Refusal::new(Code::STORE_FAILED, detail);
                    extra.dismissed = Some(Box::new(away(why)));
                } else {
                    let gap = page.gap.filter(|gap| gap.to > extra.told.get(log));
                    extra.page = Some((log, page, 0));
                    if let Some(gap) = gap {
                        extra.told.set(log, gap.to);
                        extra.gaps.push(gap);
                        self.begin_anew(letter.key, log);
                    }
                }
            }
            Err(refusal) => {
                session.extra().dismissed = Some(Box::new(away(refusal)));
            }
        }
        if self.sessions.get(letter.key).is_some_and(|session| session.line == Line::Waiting) {
            self.enter(letter.key);
        }
    }
}

/// The last words of a session that the store refused.
pub(super) fn away(why: Refusal) -> Farewell {
    let retry = if why.code.retry() == Retry::Never { NEVER_RETRY } else { FAILED_RETRY };
    Farewell::Told(why, retry)
}

/// The read point leaves the window: from now on it is a mark of the session's own.
pub(super) fn fall_behind<T>(session: &mut Session, window: &Window<T>) {
    if session.is_behind() {
        return;
    }
    let heard = if session.at == session.until { window.head() } else { window.mark_before(session.at) };
    let extra = session.extra();
    extra.own = Some(extra.own.map_or(heard, |own| own.max(&heard)));
    extra.behind = true;
}
