//! Equal selections are kept once, with the sessions that share each, and are found by the channels they want.

use crate::entries::{Entries, Interest, InterestId};
use crate::filters::Filters;
use crate::index::Index;
use crate::table::Table;
use fanfare_proto::{LogSet, Message, Selection};
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
    filters: Filters,
}

impl Interests {
    /// Adds a session to those of its selection; `None` if its filters ask for more parts of bodies than all together
    /// may, [`limits::FILTER_NAMES`](fanfare_proto::limits::FILTER_NAMES).
    pub fn join(&mut self, selection: &Selection, logs: LogSet, session: u32) -> Option<Membership> {
        let known = self.by_selection.find(Some(selection), |id| self.entries.selection(*id)).copied();
        let interest = match known {
            Some(interest) => interest,
            None => self.add(selection, logs)?,
        };
        let members = match self.entries.get_mut(interest) {
            Some(entry) => &mut entry.members,
            None => unreachable!("an interned selection has an entry"),
        };
        members.push(session);
        Some(Membership { interest, member: (members.len() - 1) as u32 })
    }

    fn add(&mut self, selection: &Selection, logs: LogSet) -> Option<InterestId> {
        let filters = selection.filters();
        if !filters.is_empty() && !self.filters.have_room(filters.iter().map(|(_, filter)| filter)) {
            return None;
        }
        let id = self.entries.add(selection.clone(), logs, &mut self.filters);
        self.index.add(&self.entries, id);
        self.by_selection.insert(Some(selection), id, |id| self.entries.selection(*id));
        Some(id)
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
        self.entries.remove(id, &mut self.filters);
    }

    /// Calls `found` for each selection that hears of the message at a place of the window; more than once if several of its
    /// patterns mean the channel.
    pub fn matches(&mut self, message: &Message, seq: u64, found: &mut dyn FnMut(InterestId)) {
        let Interests { index, entries, filters, .. } = self;
        if filters.is_empty() {
            return index.matches(entries, message.channel.as_str(), found);
        }
        index.matches(entries, message.channel.as_str(), &mut |id| {
            let filtered = entries.get(id).filter(|interest| interest.is_filtered());
            if filtered.is_none_or(|interest| interest.hears(filters, message, Some(seq))) {
                found(id);
            }
        });
    }

    /// A selection that has members.
    pub fn get(&self, id: InterestId) -> Option<&Interest> {
        self.entries.get(id)
    }

    /// A selection that has members, and what its filters are asked with.
    pub fn asking(&mut self, id: InterestId) -> Option<(&Interest, &mut Filters)> {
        Some((self.entries.get(id)?, &mut self.filters))
    }

    /// Nobody is in line who would ask filters again: what they have said is forgotten.
    pub fn rest(&mut self) {
        self.filters.rest();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fanfare_proto::{Channel, Content, Filter, Pattern, Position, Time};

    fn said(channel: &str, body: &str) -> Message {
        Message {
            channel: Channel::parse(channel).unwrap(),
            position: Position(1),
            previous: None,
            time: Time(0),
            id: None,
            publisher: None,
            expires: None,
            content: Content { body: body.to_owned().into(), ..Content::default() },
        }
    }

    fn wanting(interests: &mut Interests, message: &Message, seq: u64) -> Vec<InterestId> {
        let mut found = Vec::new();
        interests.matches(message, seq, &mut |interest| found.push(interest));
        found.sort_unstable();
        found
    }

    #[test]
    fn equal_selections_are_one_and_end_with_their_last_member() {
        let selection =
            |texts: &[&str]| Selection::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect());
        let mut interests = Interests::default();
        let b = said("b", "");
        let first = interests.join(&selection(&["a", "b"]), LogSet(1), 10).unwrap();
        let second = interests.join(&selection(&["b", "a", "a"]), LogSet(1), 11).unwrap();
        assert_eq!(first.interest, second.interest);
        assert_eq!(wanting(&mut interests, &b, 1), [first.interest]);
        let mut moved = None;
        interests.leave(first, |session| moved = Some(session));
        assert_eq!(moved, Some(11));
        assert_eq!(wanting(&mut interests, &b, 1), [first.interest]);
        interests.leave(Membership { member: 0, ..second }, |_| unreachable!());
        assert!(interests.get(first.interest).is_none());
        assert_eq!(wanting(&mut interests, &b, 1), []);
        let third = interests.join(&selection(&["c"]), LogSet(1), 12).unwrap();
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
                (0..3).map(|session| interests.join(&of(session), LogSet(1), session).unwrap()).collect();
            let mut left: Vec<InterestId> = joined.iter().map(|membership| membership.interest).collect();
            for session in order {
                interests.leave(joined[session], |_| unreachable!());
                left.retain(|id| *id != joined[session].interest);
                assert_eq!(wanting(&mut interests, &said("shared", ""), 1), left);
            }
        }
    }

    fn filtered(pattern: &str, filter: &str) -> Selection {
        Selection::filtered(vec![Pattern::parse(pattern).unwrap()], Some(&Filter::parse(filter).unwrap()))
    }

    #[test]
    fn a_filter_that_several_selections_have_is_asked_once_of_each_message() {
        let mut interests = Interests::default();
        let ids = ["a", "a/**", "*", "b"]
            .map(|pattern| interests.join(&filtered(pattern, "body.n > 5"), LogSet(1), 0).unwrap().interest);
        for seq in 0..10 {
            let message = said("a", &format!("{{\"n\":{seq}}}"));
            let expected = if seq > 5 { &ids[..3] } else { &[] };
            assert_eq!(wanting(&mut interests, &message, seq), expected, "{seq}");
            assert_eq!(interests.filters.asked(), seq + 1);
            // Whoever makes a run asks again, and is told the same.
            let (interest, filters) = interests.asking(ids[1]).unwrap();
            assert_eq!(interest.wants(filters, &message, Some(seq)), seq > 5);
            assert_eq!(interests.filters.asked(), seq + 1);
        }
        interests.rest();
        let (interest, filters) = interests.asking(ids[1]).unwrap();
        assert!(interest.wants(filters, &said("a", "{\"n\":9}"), Some(9)));
        assert_eq!(interests.filters.asked(), 11);
    }

    #[test]
    fn filters_come_and_go_and_each_sees_the_body() {
        let mut interests = Interests::default();
        let message = said("a", "{\"x\":1,\"y\":2}");
        let x = interests.join(&filtered("a", "body.x = 1"), LogSet(1), 0).unwrap();
        assert_eq!(wanting(&mut interests, &message, 1), [x.interest]);
        let y = interests.join(&filtered("a", "body.y = 2"), LogSet(1), 1).unwrap();
        assert_eq!(wanting(&mut interests, &message, 1), [x.interest, y.interest]);
        interests.leave(x, |_| unreachable!());
        assert_eq!(wanting(&mut interests, &message, 1), [y.interest]);
        // The same number, another filter.
        let z = interests.join(&filtered("a", "exists(body.z)"), LogSet(1), 2).unwrap();
        assert_eq!(z.interest, x.interest);
        assert_eq!(wanting(&mut interests, &message, 1), [y.interest]);
    }

    #[test]
    fn filters_that_ask_for_too_much_have_no_room_until_others_go() {
        let mut interests = Interests::default();
        let names = |first: usize| {
            let tests: Vec<String> = (0..20)
                .map(|path| format!("exists(body.a{:x}.b.c.d.e.f.g.h.i.j)", first * 20 + path))
                .collect();
            filtered("a", &tests.join(" or "))
        };
        let mut joined = Vec::new();
        while let Some(membership) = interests.join(&names(joined.len()), LogSet(1), joined.len() as u32) {
            joined.push(membership);
        }
        assert!(joined.len() > 100, "{}", joined.len());
        let plain = Selection::new(vec![Pattern::parse("a").unwrap()]);
        assert!(interests.join(&plain, LogSet(1), 1).is_some());
        let first = joined[0];
        interests.leave(first, |_| unreachable!());
        assert!(interests.join(&names(9999), LogSet(1), 0).is_some());
    }
}
