//! Equal selections are kept once, with the sessions that share each, and are found by the channels they want.

use crate::index::{Index, InterestId};
use fanfare_proto::{LogSet, Selection};
use std::collections::HashMap;

/// Where a session stands among those that share its selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The selection.
    pub interest: InterestId,
    /// The session's index among its members.
    pub member: u32,
}

/// One selection and the sessions that want it.
#[derive(Debug)]
pub struct Interest {
    /// What is wanted.
    pub selection: Selection,
    /// The logs in which it can lie.
    pub logs: LogSet,
    /// The sessions, in no order.
    pub members: Vec<u32>,
}

/// All selections of one worker's sessions.
#[derive(Debug, Default)]
pub struct Interests {
    index: Index,
    by_selection: HashMap<Selection, InterestId>,
    entries: Vec<Option<Interest>>,
    free: Vec<InterestId>,
}

impl Interests {
    /// Adds a session to those of its selection.
    pub fn join(&mut self, selection: &Selection, logs: LogSet, session: u32) -> Membership {
        let known = self.by_selection.get(selection).copied();
        let interest = known.unwrap_or_else(|| self.add(selection, logs));
        let members = match &mut self.entries[interest.0 as usize] {
            Some(entry) => &mut entry.members,
            None => unreachable!("an interned selection has an entry"),
        };
        members.push(session);
        Membership { interest, member: (members.len() - 1) as u32 }
    }

    fn add(&mut self, selection: &Selection, logs: LogSet) -> InterestId {
        let selection = self.index.share(selection);
        let entry = Some(Interest { selection: selection.clone(), logs, members: Vec::new() });
        let id = match self.free.pop() {
            Some(id) => {
                self.entries[id.0 as usize] = entry;
                id
            }
            None => {
                self.entries.push(entry);
                InterestId((self.entries.len() - 1) as u32)
            }
        };
        self.index.add(&selection, id);
        self.by_selection.insert(selection, id);
        id
    }

    /// Takes a session out. Another member may move to its index: `moved` is told which session that is. A selection
    /// that no session wants any more is forgotten.
    pub fn leave(&mut self, membership: Membership, moved: impl FnOnce(u32)) {
        let Some(slot) = self.entries.get_mut(membership.interest.0 as usize) else { return };
        let Some(entry) = slot else { return };
        entry.members.swap_remove(membership.member as usize);
        if let Some(&session) = entry.members.get(membership.member as usize) {
            moved(session);
        }
        if entry.members.is_empty()
            && let Some(entry) = slot.take()
        {
            self.free.push(membership.interest);
            self.index.remove(&entry.selection, membership.interest);
            self.by_selection.remove(&entry.selection);
        }
    }

    /// Calls `found` for each selection that wants the channel; more than once if several of its patterns do.
    pub fn matches(&self, channel: &str, found: &mut dyn FnMut(InterestId)) {
        self.index.matches(channel, found);
    }

    /// A selection that has members.
    pub fn get(&self, id: InterestId) -> Option<&Interest> {
        self.entries.get(id.0 as usize)?.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::Pattern;

    #[test]
    fn equal_selections_are_one_and_end_with_their_last_member() {
        let selection =
            |texts: &[&str]| Selection::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect());
        let mut interests = Interests::default();
        let wanting = |interests: &Interests, channel| {
            let mut found = Vec::new();
            interests.matches(channel, &mut |interest| found.push(interest));
            found
        };
        let first = interests.join(&selection(&["a", "b"]), LogSet(1), 10);
        let second = interests.join(&selection(&["b", "a", "a"]), LogSet(1), 11);
        assert_eq!(first.interest, second.interest);
        assert_eq!(wanting(&interests, "b"), [first.interest]);
        let mut moved = None;
        interests.leave(first, |session| moved = Some(session));
        assert_eq!(moved, Some(11));
        assert_eq!(wanting(&interests, "b"), [first.interest]);
        interests.leave(Membership { member: 0, ..second }, |_| unreachable!());
        assert!(interests.get(first.interest).is_none());
        assert_eq!(wanting(&interests, "b"), []);
        let third = interests.join(&selection(&["c"]), LogSet(1), 12);
        assert_eq!(third.interest, first.interest);
    }

    #[test]
    fn a_name_is_kept_once() {
        let name = Pattern::parse("a/channel").unwrap();
        let mut interests = Interests::default();
        let names: Vec<*const str> = (0..3)
            .map(|session| {
                let own = Pattern::parse(&format!("own/{session}")).unwrap();
                let selection = Selection::new(vec![Pattern::parse("a/channel").unwrap(), own]);
                let membership = interests.join(&selection, LogSet(1), session);
                let selection = &interests.get(membership.interest).unwrap().selection;
                let shared = selection.patterns().iter().find(|pattern| **pattern == name).unwrap();
                std::ptr::from_ref(shared.as_str())
            })
            .collect();
        assert!(names.iter().all(|other| std::ptr::eq(*other, names[0])));
    }
}
