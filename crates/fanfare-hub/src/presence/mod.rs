//! Presence (design rule 19): who is on which channel, and what is to be told of it, and when. One value for all channels
//! of a node; whoever holds it says what the time is, and publishes what it tells.

mod crowd;

use crowd::Crowd;
use fanfare_proto::{Attendance, Channel, Code, Leave, Present, Refusal, Time, Told, limits};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Who is present.
pub struct Presence {
    /// How long a member is still present after its last session.
    grace: Duration,
    /// Before this moment members may be missing that have not come back after the last start.
    certain_from: Time,
    /// Time does not go back here: a grace that has ended has ended.
    now: Time,
    crowds: HashMap<Channel, Crowd>,
    /// When to look at a channel again, at most once for each.
    agenda: BTreeSet<(Time, Channel)>,
    /// Entries of members in all crowds.
    entries: usize,
    /// Members that are present.
    here: usize,
    /// Channels on which somebody is.
    crowded: usize,
}

impl Presence {
    /// Nobody is present, which is not certain yet.
    pub fn new(grace: Duration, now: Time) -> Presence {
        let (crowds, agenda, certain_from) = (HashMap::new(), BTreeSet::new(), now.after(grace));
        Presence { grace, certain_from, now, crowds, agenda, entries: 0, here: 0, crowded: 0 }
    }

    /// From now on, another grace. What is certain by now stays so.
    pub fn set_grace(&mut self, grace: Duration, now: Time) {
        self.pass(now);
        if !self.is_certain() {
            self.certain_from = self.certain_from.before(self.grace).after(grace);
        }
        self.grace = grace;
    }

    /// A session of a member is there.
    pub fn join(&mut self, channel: &Channel, present: &Present, now: Time) -> Result<(), Refusal> {
        self.pass(now);
        let crowd = self.crowds.get(channel);
        let known = crowd.is_some_and(|crowd| crowd.has(&present.member));
        let full = |detail: &str| Err(Refusal::new(Code::TOO_MANY, detail));
        if !known && self.entries >= limits::MEMBERS {
            return full("as many members are present as the server counts");
        }
        if crowd.is_none() && self.crowds.len() >= limits::PRESENCE_CHANNELS {
            return full("somebody is present on as many channels as the server counts");
        }
        let now = self.now;
        self.change(channel, |crowd| crowd.join(present, now));
        Ok(())
    }

    /// One of them says something else of its member.
    pub fn describe(&mut self, channel: &Channel, present: &Present, now: Time) {
        self.pass(now);
        self.change(channel, |crowd| crowd.describe(present));
    }

    /// A session of a member has ended, or wants to be seen there no more.
    pub fn leave(&mut self, channel: &Channel, member: &str, why: Leave, now: Time) {
        self.pass(now);
        let until = if why == Leave::Left { self.now } else { self.now.after(self.grace) };
        self.change(channel, |crowd| crowd.leave(member, why, until));
    }

    /// Who is present.
    pub fn look(&mut self, channel: &Channel, now: Time) -> Attendance {
        self.pass(now);
        let (now, certain) = (self.now, self.is_certain());
        let nobody = Attendance { count: 0, certain, members: Some(Vec::new()) };
        if !self.crowds.contains_key(channel) {
            return nobody;
        }
        self.change(channel, |crowd| crowd.sweep(now));
        self.crowds.get(channel).map_or(nobody, |crowd| crowd.look(certain))
    }

    /// Who is present, for somebody who is told what changes from now on: also that it is certain, if it is not yet.
    pub fn watch(&mut self, channel: &Channel, now: Time) -> Attendance {
        let found = self.look(channel, now);
        if !found.certain && self.crowds.len() < limits::PRESENCE_CHANNELS {
            let certain_from = self.certain_from;
            self.change(channel, |crowd| crowd.owe_certainty(certain_from));
        }
        found
    }

    /// When there may be something to tell.
    pub fn due(&self) -> Option<Time> {
        self.agenda.first().map(|(due, _)| *due)
    }

    /// What is to be told now: of each channel at most once in [`limits::PRESENCE_EVERY`], and of each member what it is
    /// now. It stops after so many, with whole channels; [`Presence::due`] says whether there is more.
    pub fn tell(&mut self, now: Time, most: usize) -> Vec<Told> {
        self.pass(now);
        let (now, certain, mut told) = (self.now, self.is_certain(), Vec::new());
        while told.len() < most
            && let Some((due, _)) = self.agenda.first()
            && *due <= now
            && let Some((_, channel)) = self.agenda.pop_first()
        {
            if let Some(crowd) = self.crowds.get_mut(&channel) {
                crowd.due = None;
            }
            self.change(&channel, |crowd| crowd.tell(&channel, now, certain, &mut told));
        }
        told
    }

    /// Members that are present, and channels on which somebody is.
    pub fn counts(&self) -> (usize, usize) {
        (self.here, self.crowded)
    }

    fn pass(&mut self, now: Time) {
        self.now = self.now.max(now);
    }

    fn is_certain(&self) -> bool {
        self.now >= self.certain_from
    }

    /// Changes the crowd of a channel, and keeps the agenda and what is counted.
    fn change(&mut self, channel: &Channel, how: impl FnOnce(&mut Crowd)) {
        let crowd = match self.crowds.get_mut(channel) {
            Some(crowd) => crowd,
            None => self.crowds.entry(channel.clone()).or_default(),
        };
        let (entries, here, before) = (crowd.entries(), crowd.count(), crowd.due);
        how(crowd);
        self.entries = self.entries + crowd.entries() - entries;
        self.here = self.here + crowd.count() - here;
        self.crowded = self.crowded + usize::from(crowd.count() > 0) - usize::from(here > 0);
        let due = crowd.next(self.now);
        crowd.due = due;
        if due.is_none() {
            self.crowds.remove(channel);
        }
        if due != before {
            if let Some(before) = before {
                self.agenda.remove(&(before, channel.clone()));
            }
            let due = due.filter(|due| *due < Crowd::NEVER);
            self.agenda.extend(due.map(|due| (due, channel.clone())));
        }
    }
}
