//! Equal selections are kept once, with the sessions that share each.

use fanfare_proto::{LogSet, Selection};
use std::collections::HashMap;

/// A selection's place among the [`Interests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterestId(pub u32);

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
    by_selection: HashMap<Selection, InterestId>,
    entries: Vec<Option<Interest>>,
    free: Vec<InterestId>,
}

impl Interests {
    /// Adds a session to those of its selection. Answers its membership and whether the selection is new.
    pub fn join(&mut self, selection: &Selection, logs: LogSet, session: u32) -> (Membership, bool) {
        let known = self.by_selection.get(selection).copied();
        let interest = known.unwrap_or_else(|| self.add(selection, logs));
        let members = match &mut self.entries[interest.0 as usize] {
            Some(entry) => &mut entry.members,
            None => unreachable!("an interned selection has an entry"),
        };
        members.push(session);
        (Membership { interest, member: (members.len() - 1) as u32 }, known.is_none())
    }

    fn add(&mut self, selection: &Selection, logs: LogSet) -> InterestId {
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
        self.by_selection.insert(selection.clone(), id);
        id
    }

    /// Takes a session out. Another member may move to its index: `moved` is told which session that is. Answers
    /// the selection if no session wants it any more.
    pub fn leave(&mut self, membership: Membership, moved: impl FnOnce(u32)) -> Option<Selection> {
        let slot = self.entries.get_mut(membership.interest.0 as usize)?;
        let entry = slot.as_mut()?;
        entry.members.swap_remove(membership.member as usize);
        if let Some(&session) = entry.members.get(membership.member as usize) {
            moved(session);
        }
        if !entry.members.is_empty() {
            return None;
        }
        let entry = slot.take()?;
        self.free.push(membership.interest);
        self.by_selection.remove(&entry.selection);
        Some(entry.selection)
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
        let (first, new) = interests.join(&selection(&["a", "b"]), LogSet(1), 10);
        assert!(new);
        let (second, new) = interests.join(&selection(&["b", "a", "a"]), LogSet(1), 11);
        assert!(!new);
        assert_eq!(first.interest, second.interest);
        let mut moved = None;
        assert_eq!(interests.leave(first, |session| moved = Some(session)), None);
        assert_eq!(moved, Some(11));
        let gone = interests.leave(Membership { member: 0, ..second }, |_| unreachable!());
        assert_eq!(gone, Some(selection(&["a", "b"])));
        assert!(interests.get(first.interest).is_none());
        let (third, new) = interests.join(&selection(&["c"]), LogSet(1), 12);
        assert!(new && third.interest == first.interest);
    }
}
