//! The window of an acked reader (design rule 16): what lies above its floor, who was given what and until when, and what
//! is done. Several members share one window: each message is given to one of them.
//!
//! It reads no log and keeps no record: whoever owns it offers what comes next, gives to members what it says, and takes
//! from its lower end what is done.

use fanfare_proto::Time;
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
    /// To whom it was given last.
    member: Option<MemberId>,
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

    /// Items that were given and are not done, with how often.
    pub fn attempts(&self) -> impl Iterator<Item = (&T, u32)> {
        let tried = self.entries.iter().filter(|entry| entry.state != State::Done && entry.attempts > 0);
        tried.map(|entry| (&entry.item, entry.attempts))
    }

    /// Adds what comes next, which was given so often in an earlier life, or is done since then.
    pub fn offer(&mut self, item: T, attempts: u32, done: bool) {
        let state = if done { State::Done } else { State::Free(Time(0)) };
        self.entries.push_back(Entry { item, state, attempts, member: None });
    }

    /// A member comes.
    pub fn join(&mut self, member: MemberId) {
        self.members.push(member);
    }

    /// A member is gone, and what it was given is to be given to others; the last `unseen` of it never reached it and does
    /// not count as an attempt.
    pub fn leave(&mut self, member: MemberId, unseen: usize) {
        self.part(member);
        let theirs = |entry: &&mut Entry<T>| is_out(entry) && entry.member == Some(member);
        for (index, entry) in self.entries.iter_mut().rev().filter(theirs).enumerate() {
            entry.state = State::Free(Time(0));
            entry.attempts = entry.attempts.saturating_sub(u32::from(index < unseen));
        }
    }

    /// A member comes no more, and what it was given stays with it until its time is over.
    pub fn part(&mut self, member: MemberId) {
        self.members.retain(|other| *other != member);
    }

    /// Gives the oldest that is to be given to the member that has the least, in turns among equals.
    pub fn hand(&mut self, now: Time, wait: Duration) -> Option<Handing<'_, T>> {
        let member = self.next_member()?;
        let ready = |entry: &Entry<T>| matches!(entry.state, State::Free(from) if from <= now);
        let entry = self.entries.iter_mut().find(|entry| ready(entry))?;
        entry.state = State::Out(now.after(wait));
        entry.attempts += 1;
        entry.member = Some(member);
        self.turn = self.members.iter().position(|other| *other == member).map_or(0, |at| at + 1);
        Some(Handing { item: &entry.item, member, attempt: entry.attempts })
    }

    fn next_member(&self) -> Option<MemberId> {
        let count = self.members.len();
        let has = |member: MemberId| {
            self.entries.iter().filter(|entry| is_out(entry) && entry.member == Some(member)).count()
        };
        let in_turn = (0..count).filter_map(|step| self.members.get((self.turn + step) % count).copied());
        in_turn.min_by_key(|member| has(*member))
    }

    /// What is meant is done. Answers how many items that is which were not.
    pub fn ack(&mut self, meant: impl Fn(&T) -> bool) -> usize {
        self.set(State::Done, |entry| meant(&entry.item))
    }

    /// What is meant is done, and what lies before it and was given to the same member; with a member, only if that has
    /// it still. Answers how many items that is which were not.
    pub fn ack_through(&mut self, meant: impl Fn(&T) -> bool, only: Option<MemberId>) -> usize {
        match self.through(&meant, only) {
            Some((index, member)) => self.set_through(State::Done, index, member),
            None => self.ack(meant),
        }
    }

    /// What is meant was given in vain: it is to be given again, not before a time. Answers how many items that is.
    pub fn give_back(&mut self, meant: impl Fn(&T) -> bool, from: Time) -> usize {
        self.set(State::Free(from), |entry| is_out(entry) && meant(&entry.item))
    }

    /// As [`AckWindow::ack_through`], but it is to be given again, not before a time.
    pub fn give_back_through(
        &mut self,
        meant: impl Fn(&T) -> bool,
        only: Option<MemberId>,
        from: Time,
    ) -> usize {
        match self.through(meant, only) {
            Some((index, member)) => self.set_through(State::Free(from), index, member),
            None => 0,
        }
    }

    /// Where the item is that is meant, and who has it; none if nobody has, or another one than is asked for.
    fn through(&self, meant: impl Fn(&T) -> bool, only: Option<MemberId>) -> Option<(usize, MemberId)> {
        let index = self.entries.iter().position(|entry| meant(&entry.item))?;
        let member = self.entries[index].member?;
        only.is_none_or(|only| only == member).then_some((index, member))
    }

    fn set_through(&mut self, state: State, index: usize, member: MemberId) -> usize {
        let mut at = 0;
        self.set(state, |entry| {
            at += 1;
            at <= index + 1 && entry.member == Some(member) && (state == State::Done || is_out(entry))
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

    /// What was not done in time is to be given again. Answers how many items that is.
    pub fn tick(&mut self, now: Time) -> usize {
        self.set(State::Free(Time(0)), |entry| matches!(entry.state, State::Out(until) if until <= now))
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

    /// When something is to be given again, or may be given that has to wait.
    pub fn due(&self) -> Option<Time> {
        let waits = |entry: &Entry<T>| match entry.state {
            State::Out(until) => Some(until),
            State::Free(from) => Some(from).filter(|from| from.0 > 0 && !self.members.is_empty()),
            State::Done => None,
        };
        self.entries.iter().filter_map(waits).min()
    }
}

fn is_out<T>(entry: &Entry<T>) -> bool {
    matches!(entry.state, State::Out(_))
}
