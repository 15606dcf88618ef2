//! The selections that want one channel or have one pattern: most often a few, but a channel that every session wants
//! beside one of its own has them all.
//!
//! Sorted, so that one is found by halving, and in rows once they are more than a row: what comes or goes moves the
//! rest of its row, at most 2 KiB. If a row comes or goes the list of rows moves: 24 bytes for each, and there is at
//! most one for each 256 numbers that were ever in use at a time (96 KiB at a million).

use crate::entries::InterestId;

/// Numbers of one row.
const ROW: usize = 512;

#[derive(Debug)]
pub(crate) enum Ids {
    Few(Vec<InterestId>),
    Many(Box<Rows>),
}

/// At least two, none of them empty.
#[derive(Debug)]
pub(crate) struct Rows(Vec<Vec<InterestId>>);

// As large as the few alone.
const _: () = assert!(size_of::<Ids>() == size_of::<Vec<InterestId>>());

impl Default for Ids {
    fn default() -> Ids {
        Ids::Few(Vec::new())
    }
}

impl Ids {
    pub(crate) fn iter(&self) -> impl Iterator<Item = InterestId> {
        let rows = match self {
            Ids::Few(row) => std::slice::from_ref(row),
            Ids::Many(rows) => &rows.0,
        };
        rows.iter().flatten().copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// Adds one that is not among them.
    pub(crate) fn insert(&mut self, id: InterestId) {
        match self {
            Ids::Few(row) if row.len() < ROW => insert(row, id),
            Ids::Few(row) => {
                let mut rows = Rows(vec![std::mem::take(row)]);
                rows.insert(id);
                *self = Ids::Many(Box::new(rows));
            }
            Ids::Many(rows) => rows.insert(id),
        }
    }

    pub(crate) fn remove(&mut self, id: InterestId) {
        match self {
            Ids::Few(row) => remove(row, id),
            Ids::Many(rows) => {
                rows.remove(id);
                if let [row] = &mut rows.0[..] {
                    *self = Ids::Few(std::mem::take(row));
                }
            }
        }
    }
}

impl Rows {
    /// The row where a number is or belongs.
    fn of(&self, id: InterestId) -> usize {
        self.0.partition_point(|row| row.last() < Some(&id)).min(self.0.len() - 1)
    }

    fn insert(&mut self, id: InterestId) {
        let mut at = self.of(id);
        if self.0[at].len() == ROW {
            // Most often the highest comes: rows before the last stay full.
            let highest = self.0[at].last() < Some(&id);
            let upper = self.0[at].split_off(if highest { ROW } else { ROW / 2 });
            self.0.insert(at + 1, upper);
            at += usize::from(self.0[at].last() < Some(&id));
        }
        insert(&mut self.0[at], id);
    }

    fn remove(&mut self, id: InterestId) {
        let at = self.of(id);
        remove(&mut self.0[at], id);
        if self.0[at].is_empty() {
            self.0.remove(at);
        }
    }
}

fn insert(row: &mut Vec<InterestId>, id: InterestId) {
    row.insert(row.partition_point(|other| *other < id), id);
}

fn remove(row: &mut Vec<InterestId>, id: InterestId) {
    if let Ok(at) = row.binary_search(&id) {
        row.remove(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A number, and how many from it on come or go.
    fn change() -> impl Strategy<Value = (u32, u32, bool)> {
        (0..4000_u32, prop_oneof![Just(1), 1..2000_u32], any::<bool>())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
        #[test]
        fn holds_what_a_plain_set_holds(changes in prop::collection::vec(change(), 1..40)) {
            let (mut ids, mut plain) = (Ids::default(), BTreeSet::new());
            for (first, count, coming) in changes.into_iter().chain([(0, 6000, false)]) {
                for id in (first..first + count).map(InterestId) {
                    if !coming {
                        ids.remove(id);
                        plain.remove(&id);
                    } else if plain.insert(id) {
                        ids.insert(id);
                    }
                }
                prop_assert!(ids.iter().eq(plain.iter().copied()));
                prop_assert_eq!(ids.is_empty(), plain.is_empty());
                if let Ids::Many(rows) = &ids {
                    prop_assert!(rows.0.len() > 1 && rows.0.iter().all(|row| (1..=ROW).contains(&row.len())));
                }
            }
        }
    }
}
