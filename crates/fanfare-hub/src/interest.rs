//! Equal selections are kept once, with the sessions that share each, and are found by the channels they want.

use crate::entries::{Entries, Interest, InterestId};
use crate::index::Index;
use crate::table::Table;
use fanfare_proto::{LogSet, Selection};
use hashbrown::hash_table::OccupiedEntry;

/// Where a session stands among those that share its selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// The selection.
    pub interest: InterestId,
    /// The session's index among its members.
    pub member: u32,
}

/// All selections of one worker's sessions.
#[derive(Debug, Default)]
pub struct Interests {
    index: Index,
    by_selection: Table<InterestId>,
    entries: Entries,
}

impl Interests {
    /// Adds a session to those of its selection.
    pub fn join(&mut self, selection: &Selection, logs: LogSet, session: u32) -> Membership {
        let known = self.by_selection.find(Some(selection), |id| self.entries.selection(*id)).copied();
        let interest = known.unwrap_or_else(|| self.add(selection, logs));
        let members = match self.entries.get_mut(interest) {
            Some(entry) => &mut entry.members,
            None => unreachable!("an interned selection has an entry"),
        };
        members.push(session);
        Membership { interest, member: (members.len() - 1) as u32 }
    }

    fn add(&mut self, selection: &Selection, logs: LogSet) -> InterestId {
        let id = self.entries.add(selection.clone(), logs);
        self.index.add(&self.entries, id);
        self.by_selection.insert(Some(selection), id, |id| self.entries.selection(*id));
        id
    }

    /// Takes a session out. Another member may move to its index: `moved` is told which session that is. A selection
    /// that no session wants any more is forgotten.
    pub fn leave(&mut self, membership: Membership, moved: impl FnOnce(u32)) {
        let Some(entry) = self.entries.get_mut(membership.interest) else { return };
        entry.members.swap_remove(membership.member as usize);
        if let Some(&session) = entry.members.get(membership.member as usize) {
            moved(session);
        }
        if entry.members.is_empty() {
            self.forget(membership.interest);
        }
    }

    fn forget(&mut self, id: InterestId) {
        let entries = &self.entries;
        let known = self.by_selection.entry(entries.selection(id), |id| entries.selection(*id));
        known.map(OccupiedEntry::remove);
        self.index.remove(entries, id);
        self.entries.remove(id);
    }

    /// Calls `found` for each selection that wants the channel; more than once if several of its patterns do.
    pub fn matches(&self, channel: &str, found: &mut dyn FnMut(InterestId)) {
        self.index.matches(&self.entries, channel, found);
    }

    /// A selection that has members.
    pub fn get(&self, id: InterestId) -> Option<&Interest> {
        self.entries.get(id)
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
    fn a_name_that_several_have_is_found_whoever_leaves() {
        let of = |session: u32| {
            let texts = [format!("a/{session}"), "shared".into(), format!("z/{session}")];
            Selection::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect())
        };
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1]] {
            let mut interests = Interests::default();
            let joined: Vec<Membership> =
                (0..3).map(|session| interests.join(&of(session), LogSet(1), session)).collect();
            let mut left: Vec<InterestId> = joined.iter().map(|membership| membership.interest).collect();
            for session in order {
                interests.leave(joined[session], |_| unreachable!());
                left.retain(|id| *id != joined[session].interest);
                let mut found = Vec::new();
                interests.matches("shared", &mut |id| found.push(id));
                found.sort_unstable();
                assert_eq!(found, left);
            }
        }
    }
}
