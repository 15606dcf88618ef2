//! The window of an acked reader (design rule 16): what lies above its floor, who was given what and until when, and what
//! is done. Several members share one window: each message is given to one of them.
//!
//! It reads no log and keeps no record: whoever owns it offers what comes next, gives to members what it says, and takes
//! from its lower end what is done.

use fanfare_proto::{Time, limits};
use std::collections::VecDeque;
use std::time::Duration;

/// Names a member. Never used twice in one window.
pub type MemberId = u64;

/// The window of one acked reader, over items in their order.
#[derive(Debug)]
pub struct AckWindow<T> {
    entries: VecDeque<Entry<T>>,
    members: Vec<MemberId>,
    /// Whose turn it is, among equals.
    turn: usize,
}

#[derive(Debug)]
struct Entry<T> {
    item: T,
    state: State,
    /// How often it was given.
    attempts: u32,
    /// To whom, the last one last, as many as are remembered.
    given: Vec<MemberId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be given, not before this time.
    Free(Time),
    /// Given; to be given again after this time.
    Out(Time),
    Done,
}

/// An item on its way to a member.
#[derive(Debug, PartialEq, Eq)]
pub struct Handing<'a, T> {
    /// What is given.
    pub item: &'a T,
    /// To whom.
    pub member: MemberId,
    /// Which time this is, from 1.
    pub attempt: u32,
}

impl<T> Default for AckWindow<T> {
    fn default() -> AckWindow<T> {
        AckWindow { entries: VecDeque::new(), members: Vec::new(), turn: 0 }
    }
}

impl<T> AckWindow<T> {
    /// Items in it, with those that are done and lie above others that are not.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// All items, the oldest first.
    pub fn items(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.entries.iter().map(|entry| &entry.item)
    }

    /// Items that are not done, the oldest first.
    pub fn undone(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter(|entry| entry.state != State::Done).map(|entry| &entry.item)
    }

    /// All items, to be changed.
    pub fn items_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.entries.iter_mut().map(|entry| &mut entry.item)
    }

    /// Items that are done and lie above others that are not.
    pub fn done(&self) -> impl Iterator<Item = &T> {
        self.entries.iter().filter(|entry| entry.state == State::Done).map(|entry| &entry.item)
    }

    /// Items that were given and are not done, with how often, and to whom.
    pub fn attempts(&self) -> impl Iterator<Item = (&T, u32, &[MemberId])> {
        let tried = self.entries.iter().filter(|entry| entry.state != State::Done && entry.attempts > 0);
        tried.map(|entry| (&entry.item, entry.attempts, &entry.given[..]))
    }

    /// Adds what comes next, which was given so often in an earlier life, to whom, or is done since then.
    pub fn offer(&mut self, item: T, attempts: u32, given: Vec<MemberId>, done: bool) {
        let state = if done { State::Done } else { State::Free(Time(0)) };
        self.entries.push_back(Entry { item, state, attempts, given });
    }

    /// A member comes.
    pub fn join(&mut self, member: MemberId) {
        self.members.push(member);
    }

    /// A member is gone, and what it was given is to be given to others; what never reached it is no attempt.
    pub fn leave(&mut self, member: MemberId, unseen: impl Fn(&T) -> bool) {
        self.members.retain(|other| *other != member);
        for entry in self.entries.iter_mut().filter(|entry| entry.is_with(member)) {
            let is_unseen = unseen(&entry.item);
            entry.free(is_unseen);
        }
    }

    /// A member comes no more, and what it was given stays with it until its time is over, but for what never reached it.
    pub fn part(&mut self, member: MemberId, unseen: impl Fn(&T) -> bool) {
        self.members.retain(|other| *other != member);
        for entry in self.entries.iter_mut().filter(|entry| entry.is_with(member)) {
            if unseen(&entry.item) {
                entry.free(true);
            }
        }
    }

    /// Gives the oldest that is to be given, and was not so often already, to the member that has the least of those that
    /// take something, having so much in hand, in turns among equals.
    pub fn hand(
        &mut self,
        now: Time,
        wait: Duration,
        attempts: u32,
        takes: impl Fn(MemberId, usize) -> bool,
    ) -> Option<Handing<'_, T>> {
        let member = self.next_member(takes)?;
        let entry = self.entries.iter_mut().find(|entry| entry.is_ready(now, attempts))?;
        entry.state = State::Out(now.after(wait));
        entry.attempts += 1;
        entry.given.push(member);
        if entry.given.len() > limits::READER_GIVEN {
            entry.given.remove(0);
        }
        self.turn = self.members.iter().position(|other| *other == member).map_or(0, |at| at + 1);
        Some(Handing { item: &entry.item, member, attempt: entry.attempts })
    }

    /// What is to be given, and was not so often already, with how often it was.
    pub fn ready(&self, now: Time, attempts: u32) -> impl Iterator<Item = (&T, u32)> {
        let ready = self.entries.iter().filter(move |entry| entry.is_ready(now, attempts));
        ready.map(|entry| (&entry.item, entry.attempts))
    }

    fn next_member(&self, takes: impl Fn(MemberId, usize) -> bool) -> Option<MemberId> {
        let count = self.members.len();
        let has = |member: MemberId| self.entries.iter().filter(|entry| entry.is_with(member)).count();
        let in_turn = (0..count).filter_map(|step| self.members.get((self.turn + step) % count).copied());
        let held = in_turn.map(|member| (member, has(member)));
        let least = held.filter(|(member, has)| takes(*member, *has)).min_by_key(|(_, has)| *has);
        least.map(|(member, _)| member)
    }

    /// What is meant is done. Answers how many items that is which were not.
    pub fn ack(&mut self, meant: impl Fn(&T) -> bool) -> usize {
        self.set(State::Done, |entry| meant(&entry.item))
    }

    /// Whom an item was given that is meant: the member that speaks, if it is one of these, else all that it can have been.
    /// `None` if it is not here.
    pub fn speakers(&self, meant: impl Fn(&T) -> bool, only: Option<MemberId>) -> Option<Vec<MemberId>> {
        let entry = self.entries.iter().find(|entry| meant(&entry.item))?;
        Some(speakers(&entry.given, only))
    }

    /// What is meant is done, and what lies before it that whoever speaks was given for certain, and has seen: what others
    /// have in hand is not. If nothing is meant, all of it lies before. Answers how many items that is which were not done.
    pub fn ack_through(
        &mut self,
        meant: impl Fn(&T) -> bool,
        speakers: &[MemberId],
        unseen: impl Fn(MemberId, &T) -> bool,
    ) -> usize {
        self.set_through(State::Done, meant, |entry| {
            let is_unseen = entry.holder().is_some_and(|member| unseen(member, &entry.item));
            was_given(&entry.given, speakers) && !is_unseen
        })
    }

    /// What is meant was given in vain: it is to be given again, not before a time. With a member, only if that has it.
    /// Answers how many items that is.
    pub fn give_back(&mut self, meant: impl Fn(&T) -> bool, only: Option<MemberId>, from: Time) -> usize {
        let theirs = |entry: &Entry<T>| only.is_none_or(|only| entry.is_with(only));
        self.set(State::Free(from), |entry| entry.is_out() && theirs(entry) && meant(&entry.item))
    }

    /// As [`AckWindow::ack_through`], but it is to be given again, not before a time.
    pub fn give_back_through(
        &mut self,
        meant: impl Fn(&T) -> bool,
        speakers: &[MemberId],
        from: Time,
    ) -> usize {
        self.set_through(State::Free(from), meant, |entry| {
            entry.holder().is_some_and(|holder| speakers.contains(&holder))
                && was_given(&entry.given, speakers)
        })
    }

    fn set_through(
        &mut self,
        state: State,
        meant: impl Fn(&T) -> bool,
        theirs: impl Fn(&Entry<T>) -> bool,
    ) -> usize {
        let named = self.entries.iter().position(|entry| meant(&entry.item));
        let mut at = 0;
        self.set(state, |entry| {
            at += 1;
            // Who names a message has done it, whoever has it in hand by now.
            let is_named = named.is_some_and(|named| at == named + 1) && state == State::Done;
            let is_through = named.is_none_or(|named| at <= named + 1) && theirs(entry);
            (is_named || is_through) && (state == State::Done || entry.is_out())
        })
    }

    fn set(&mut self, state: State, mut meant: impl FnMut(&Entry<T>) -> bool) -> usize {
        let mut count = 0;
        for entry in &mut self.entries {
            if meant(entry) && entry.state != State::Done {
                entry.state = state;
                count += 1;
            }
        }
        count
    }

    /// What was not done in time is to be given again; what never reached its member is no attempt. Answers how many items
    /// were given in vain.
    pub fn tick(&mut self, now: Time, mut unseen: impl FnMut(MemberId, &T) -> bool) -> usize {
        let mut count = 0;
        for entry in &mut self.entries {
            let State::Out(until) = entry.state else { continue };
            let Some(member) = entry.holder().filter(|_| until <= now) else { continue };
            let is_unseen = unseen(member, &entry.item);
            entry.free(is_unseen);
            count += usize::from(!is_unseen);
        }
        count
    }

    /// Whether a member has the item that is meant.
    pub fn is_with(&self, member: MemberId, meant: impl Fn(&T) -> bool) -> bool {
        self.entries.iter().any(|entry| entry.is_with(member) && meant(&entry.item))
    }

    /// Items that were given so often in vain, with how often; those are not to be given again.
    pub fn spent(&self, attempts: u32) -> impl Iterator<Item = (&T, u32)> {
        let spent =
            move |entry: &&Entry<T>| matches!(entry.state, State::Free(_)) && entry.attempts >= attempts;
        self.entries.iter().filter(spent).map(|entry| (&entry.item, entry.attempts))
    }

    /// Takes the lowest item if it is done: the floor lies above it then.
    pub fn settle(&mut self) -> Option<T> {
        let entry = self.entries.pop_front_if(|entry| entry.state == State::Done)?;
        Some(entry.item)
    }

    /// When, after now, something is to be given again, or may be given that has to wait.
    pub fn due(&self, now: Time) -> Option<Time> {
        let waits = |entry: &Entry<T>| match entry.state {
            State::Out(until) => Some(until),
            State::Free(from) => Some(from).filter(|from| *from > now && !self.members.is_empty()),
            State::Done => None,
        };
        self.entries.iter().filter_map(waits).min()
    }
}

impl<T> Entry<T> {
    fn is_out(&self) -> bool {
        matches!(self.state, State::Out(_))
    }

    /// Who has it in hand.
    fn holder(&self) -> Option<MemberId> {
        self.given.last().copied().filter(|_| self.is_out())
    }

    fn is_with(&self, member: MemberId) -> bool {
        self.holder() == Some(member)
    }

    fn is_ready(&self, now: Time, attempts: u32) -> bool {
        self.attempts < attempts && matches!(self.state, State::Free(from) if from <= now)
    }

    /// It is to be given again. If it never reached its member, that was no attempt.
    fn free(&mut self, unseen: bool) {
        self.state = State::Free(Time(0));
        if unseen {
            self.attempts = self.attempts.saturating_sub(1);
            self.given.pop();
        }
    }
}

/// Who can have said that an item is done which was given to these: the member that speaks, if it is one of them.
pub fn speakers(given: &[MemberId], only: Option<MemberId>) -> Vec<MemberId> {
    match only.filter(|only| given.contains(only)) {
        Some(only) => vec![only],
        None => given.to_vec(),
    }
}

/// Whether an item that was given to these was given to whoever speaks, for certain. Nobody is known to speak for nobody.
pub fn was_given(given: &[MemberId], speakers: &[MemberId]) -> bool {
    !speakers.is_empty() && speakers.iter().all(|speaker| given.contains(speaker))
}
