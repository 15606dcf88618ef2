//! The members of one channel: who is there, what watchers were told, and what they were not told yet.

use fanfare_proto::{Attendance, Change, Channel, Leave, Member, Present, Time, Told, limits};
use std::collections::{BTreeMap, BTreeSet};

/// Members of one channel.
#[derive(Default)]
pub(super) struct Crowd {
    members: BTreeMap<Box<str>, Entry>,
    /// Members without a session, and until when they are still there.
    leaving: BTreeSet<(Time, Box<str>)>,
    /// Members of whom something may be to tell.
    changed: BTreeSet<Box<str>>,
    /// How many are there.
    here: usize,
    /// The last number that watchers were told while there are too many to name; `None` while they are named.
    counted: Option<usize>,
    /// Nothing is told before.
    rested: Time,
    /// Somebody is to be told, at this moment, that the number is certain.
    owed: Option<Time>,
    /// Its entry in the agenda.
    pub(super) due: Option<Time>,
}

struct Entry {
    sessions: u32,
    since: Time,
    info: Option<Box<str>>,
    /// It has a session, or had one a moment ago.
    here: bool,
    /// Since when it has none: until when it is there, and why.
    gone: Option<(Time, Leave)>,
    /// Watchers know it.
    told: bool,
    /// What they know is not what it says of itself now.
    stale: bool,
}

impl Crowd {
    /// Nothing is to be told as long as nothing changes.
    pub(super) const NEVER: Time = Time(u64::MAX);

    pub(super) fn has(&self, member: &str) -> bool {
        self.members.contains_key(member)
    }

    pub(super) fn entries(&self) -> usize {
        self.members.len()
    }

    pub(super) fn count(&self) -> usize {
        self.here
    }

    pub(super) fn join(&mut self, present: &Present, now: Time) {
        self.sweep(now);
        let fresh =
            Entry { sessions: 0, since: now, info: None, here: false, gone: None, told: false, stale: false };
        let entry = self.members.entry(present.member.clone()).or_insert(fresh);
        entry.sessions += 1;
        if let Some((until, _)) = entry.gone.take() {
            self.leaving.remove(&(until, present.member.clone()));
        }
        if !entry.here {
            // Somebody who was never told that it has gone is told since when it is there now.
            (entry.here, entry.since, entry.stale) = (true, now, entry.told);
            self.here += 1;
            self.changed.insert(present.member.clone());
        }
        self.describe(present);
    }

    pub(super) fn describe(&mut self, present: &Present) {
        if let Some(entry) = self.members.get_mut(&present.member)
            && entry.info != present.info
        {
            (entry.info, entry.stale) = (present.info.clone(), true);
            self.changed.insert(present.member.clone());
        }
    }

    pub(super) fn leave(&mut self, member: &str, why: Leave, until: Time) {
        let Some(entry) = self.members.get_mut(member).filter(|entry| entry.sessions > 0) else { return };
        entry.sessions -= 1;
        if entry.sessions == 0 {
            entry.gone = Some((until, why));
            self.leaving.insert((until, member.into()));
        }
    }

    pub(super) fn look(&self, certain: bool) -> Attendance {
        let named = self.counted.is_none() && self.here <= limits::MEMBERS_NAMED;
        let here = self.members.iter().filter(|(_, entry)| entry.here);
        let members = named.then(|| here.map(|(name, entry)| entry.member(name)).collect());
        Attendance { count: self.here, certain, members }
    }

    pub(super) fn owe_certainty(&mut self, from: Time) {
        self.owed = Some(from);
    }

    /// When to look at it again: `None` if there is nothing left to know of it.
    pub(super) fn next(&self, now: Time) -> Option<Time> {
        let leaves = self.leaving.first().map(|(until, _)| *until);
        let tells = !self.changed.is_empty() || self.counted.is_some_and(|counted| counted != self.here);
        let tells = tells.then_some(self.rested);
        let owed = self.owed.map(|owed| owed.max(self.rested));
        let next = [leaves, tells, owed].into_iter().flatten().min();
        // Who comes to an empty channel a moment after the last batch waits, too.
        let empty = self.members.is_empty() && self.counted.is_none();
        let rests = (empty && self.rested > now).then_some(self.rested);
        next.or(rests).or((!empty).then_some(Crowd::NEVER))
    }

    /// Those whose grace is over are there no more.
    pub(super) fn sweep(&mut self, now: Time) {
        while let Some((until, _)) = self.leaving.first()
            && *until <= now
            && let Some((_, name)) = self.leaving.pop_first()
        {
            if let Some(entry) = self.members.get_mut(&name) {
                entry.here = false;
                self.here -= 1;
                if entry.told {
                    self.changed.insert(name);
                } else {
                    self.changed.remove(&name);
                    self.members.remove(&name);
                }
            }
        }
    }

    /// Adds what is to be told now.
    pub(super) fn tell(&mut self, channel: &Channel, now: Time, certain: bool, told: &mut Vec<Told>) {
        self.sweep(now);
        if now < self.rested {
            return;
        }
        let (before, count) = (told.len(), self.here);
        let mut say = |change| told.push(Told { channel: channel.clone(), change, count, certain });
        match self.counted {
            None if self.here > limits::MEMBERS_NAMED => self.forget_names(),
            Some(_) if self.here <= limits::MEMBERS_NAMED_AGAIN => {
                self.name_again();
                // There is no name that would bring the number.
                if self.here == 0 {
                    say(Change::Count);
                }
            }
            _ => {}
        }
        if self.counted.is_some() {
            self.changed.clear();
            self.members.retain(|_, entry| entry.here);
            if self.counted != Some(count) {
                self.counted = Some(count);
                say(Change::Count);
            }
        }
        for name in std::mem::take(&mut self.changed) {
            let Some(entry) = self.members.get_mut(&name) else { continue };
            let (was, stale) =
                (std::mem::replace(&mut entry.told, entry.here), std::mem::take(&mut entry.stale));
            match (was, entry.here) {
                (false, true) => say(Change::Join(entry.member(&name))),
                (true, true) if stale => say(Change::Info(entry.member(&name))),
                (true, true) => {}
                (was, false) => {
                    let why = entry.gone.map_or(Leave::Lost, |(_, why)| why);
                    if was {
                        say(Change::Leave(entry.member(&name), why));
                    }
                    self.members.remove(&name);
                }
            }
        }
        if self.owed.is_some_and(|owed| owed <= now) {
            self.owed = None;
            say(Change::Certain);
        }
        if told.len() > before {
            self.rested = now.after(limits::PRESENCE_EVERY);
        }
    }

    /// Watchers are told a number from now on, and need not know any name.
    fn forget_names(&mut self) {
        self.counted = Some(0);
        self.members.values_mut().for_each(|entry| (entry.told, entry.stale) = (false, false));
    }

    /// Watchers are told all names.
    fn name_again(&mut self) {
        self.counted = None;
        self.changed.extend(self.members.keys().cloned());
    }
}

impl Entry {
    fn member(&self, name: &str) -> Member {
        Member { name: name.into(), info: self.info.clone(), since: self.since }
    }
}
