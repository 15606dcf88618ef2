//! Which schedules were made lately, by the ids of their requests: whoever asks again gets the first answer (design
//! rule 23).

use fanfare_proto::{Code, Planned, Refusal, ScheduleId, Time, limits};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

/// A hash of channel, publisher and id of a request: 128 bits under secrets of this process.
type Key = (u64, u64);

/// The answer to a request, and a fingerprint of what it said.
#[derive(Debug, Clone, Copy)]
struct First {
    id: ScheduleId,
    at: Time,
    created: Time,
    said: u64,
}

/// The window. At most [`limits::SCHEDULES`], each with an id.
#[derive(Debug, Default)]
pub(super) struct Made {
    secrets: [RandomState; 2],
    first: HashMap<Key, First>,
    by_time: VecDeque<(Time, Key)>,
}

impl Made {
    /// Notes one that was made, if its request had an id.
    pub(super) fn add(&mut self, planned: &Planned) {
        let Some(key) = self.key(planned) else { return };
        let said = self.said(planned);
        let first = First { id: planned.id, at: planned.at, created: planned.created, said };
        self.first.insert(key, first);
        self.by_time.push_back((planned.created, key));
    }

    /// Whether a request was made before: then it is what was made. One that says something else is refused.
    pub(super) fn known(&self, planned: &Planned) -> Result<Option<Planned>, Refusal> {
        let Some(key) = self.key(planned) else { return Ok(None) };
        match self.first.get(&key) {
            None if self.by_time.len() >= limits::SCHEDULES => {
                Err(Refusal::new(Code::BUSY, "too many idempotency keys within the window; schedule slower"))
            }
            None => Ok(None),
            Some(first) if first.said != self.said(planned) => {
                let publish = &planned.schedule.publish;
                let id = publish.id.as_deref().unwrap_or_default();
                let detail = format!("the id `{id}` was used for another schedule in `{}`", publish.channel);
                Err(Refusal::new(Code::ID_REUSED, detail))
            }
            Some(First { id, at, created, .. }) => {
                Ok(Some(Planned { id: *id, at: *at, created: *created, ..planned.clone() }))
            }
        }
    }

    /// Forgets what is older than the window.
    pub(super) fn forget_old(&mut self, now: Time) {
        let oldest = now.before(limits::IDEMPOTENCY_TIME);
        while let Some((created, key)) = self.by_time.pop_front_if(|(created, _)| *created < oldest) {
            if self.first.get(&key).is_some_and(|first| first.created == created) {
                self.first.remove(&key);
            }
        }
    }

    fn key(&self, planned: &Planned) -> Option<Key> {
        let publish = &planned.schedule.publish;
        let key = (publish.channel.as_str(), &planned.publisher, publish.id.as_ref()?);
        let [first, second] = &self.secrets;
        Some((first.hash_one(key), second.hash_one(key)))
    }

    /// A fingerprint of all but the times, which follow from when it was said.
    fn said(&self, planned: &Planned) -> u64 {
        let timeless = Planned { id: ScheduleId(0), at: Time(0), created: Time(0), ..planned.clone() };
        self.secrets[0].hash_one(timeless.record())
    }
}
