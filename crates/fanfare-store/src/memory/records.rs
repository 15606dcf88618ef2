//! Records in memory.

use crate::{Put, Record, RecordChange, Records, Revision, StoreError};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The records of one kind, by key.
type Kind = BTreeMap<Box<str>, (Revision, Bytes)>;

#[derive(Default)]
struct State {
    last: Revision,
    kinds: BTreeMap<Box<str>, Kind>,
}

/// [`Records`] in memory: for tests and for servers that keep nothing.
#[derive(Default)]
pub struct MemoryRecords {
    state: Mutex<State>,
}

impl MemoryRecords {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Records for MemoryRecords {
    fn get(&self, kind: &str, key: &str) -> Result<Option<Record>, StoreError> {
        let state = self.state();
        let found = state.kinds.get(kind).and_then(|records| records.get_key_value(key));
        Ok(found.map(|(key, stored)| record(key, stored)))
    }

    fn put_if(
        &self,
        kind: &str,
        key: &str,
        expected: Revision,
        value: Option<Bytes>,
    ) -> Result<Put, StoreError> {
        let mut state = self.state();
        let next = Revision(state.last.0 + 1);
        let records = state.kinds.entry(kind.into()).or_default();
        let found = records.get(key).map_or(Revision::ABSENT, |(revision, _)| *revision);
        if found != expected {
            return Ok(Put::Conflict(found));
        }
        let Some(value) = value else {
            records.remove(key);
            return Ok(Put::Done(Revision::ABSENT));
        };
        records.insert(key.into(), (next, value));
        state.last = next;
        Ok(Put::Done(next))
    }

    fn change(&self, changes: &[RecordChange]) -> Result<(), StoreError> {
        let mut state = self.state();
        for RecordChange { kind, key, value } in changes {
            let next = Revision(state.last.0 + 1);
            let records = state.kinds.entry((*kind).into()).or_default();
            match value {
                Some(value) => drop(records.insert(key.clone(), (next, value.clone()))),
                None => drop(records.remove(key)),
            }
            state.last = next;
        }
        Ok(())
    }

    fn scan(&self, kind: &str, prefix: &str, after: &str, limit: usize) -> Result<Vec<Record>, StoreError> {
        let state = self.state();
        let Some(records) = state.kinds.get(kind) else { return Ok(Vec::new()) };
        let start = if after >= prefix && !after.is_empty() {
            Bound::Excluded(after)
        } else {
            Bound::Included(prefix)
        };
        let range = records.range::<str, _>((start, Bound::Unbounded));
        Ok(range
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, stored)| record(key, stored))
            .collect())
    }
}

fn record(key: &str, (revision, value): &(Revision, Bytes)) -> Record {
    Record { key: key.into(), revision: *revision, value: value.clone() }
}
