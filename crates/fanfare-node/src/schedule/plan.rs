//! What is due when: all that is in memory of a schedule.

use fanfare_proto::{Code, Refusal, ScheduleId, Time, limits};
use std::collections::BTreeSet;

/// All schedules, by when they are due. At most [`limits::SCHEDULES`].
#[derive(Debug, Default)]
pub(super) struct Plan {
    due: BTreeSet<(Time, ScheduleId)>,
    /// Of all records.
    bytes: usize,
    /// The newest name.
    last: ScheduleId,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Adds one with a record of so many bytes.
    pub(super) fn add(&mut self, at: Time, id: ScheduleId, bytes: usize) {
        self.due.insert((at, id));
        self.bytes += bytes;
        self.last = self.last.max(id);
    }

    /// Takes one out.
    pub(super) fn remove(&mut self, at: Time, id: ScheduleId, bytes: usize) {
        if self.due.remove(&(at, id)) {
            self.bytes = self.bytes.saturating_sub(bytes);
        }
    }

    /// Takes one out of which nobody knows any more when it is due, if it is here.
    pub(super) fn forget(&mut self, id: ScheduleId, bytes: usize) {
        let found = self.due.iter().find(|(_, other)| *other == id).map(|(at, _)| *at);
        if let Some(at) = found {
            self.remove(at, id, bytes);
        }
    }

    /// A name that no schedule has had: of later ones it is larger, also after a restart.
    pub(super) fn name(&mut self, now: Time) -> ScheduleId {
        // 44 bits of milliseconds last for five hundred years; the rest tells those of one from each other.
        let fresh = now.0 << 20 | u64::from(fastrand::u32(..1 << 20));
        self.last = ScheduleId(fresh.max(self.last.0 + 1));
        self.last
    }

    /// Whether there is room for so many more, with records of so many bytes.
    pub(super) fn check_room(&self, more: usize, bytes: usize) -> Result<(), Refusal> {
        let full = |what: String| Err(Refusal::new(Code::STORE_FULL, what));
        if self.due.len() + more > limits::SCHEDULES {
            return full(format!("there are {} schedules, and no more are kept", limits::SCHEDULES));
        }
        if self.bytes + bytes > limits::SCHEDULES_BYTES {
            return full(format!(
                "the schedules have {} bytes, and no more are kept",
                limits::SCHEDULES_BYTES
            ));
        }
        Ok(())
    }

    /// When the next one is due.
    pub(super) fn next(&self) -> Option<Time> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The first of those that are due, at most so many.
    pub(super) fn due(&self, now: Time, most: usize) -> Vec<(Time, ScheduleId)> {
        self.due.iter().take_while(|(at, _)| *at <= now).take(most).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_never_used_again_and_rise() {
        let mut plan = Plan::default();
        let now = Time(1_795_428_000_000);
        let names: Vec<ScheduleId> = (0..100).map(|_| plan.name(now)).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        let mut restarted = Plan::default();
        restarted.add(now, names[99], 1);
        assert!(restarted.name(Time(1)) > names[99], "the clock may have gone back");
        assert!(plan.name(now.after(std::time::Duration::from_secs(1))).0 >> 20 == now.0 + 1000);
    }

    #[test]
    fn there_is_room_for_so_many_and_no_more() {
        let mut plan = Plan::default();
        plan.add(Time(1), ScheduleId(1), limits::SCHEDULES_BYTES - 10);
        assert!(plan.check_room(1, 10).is_ok());
        assert_eq!(plan.check_room(1, 11).unwrap_err().code, Code::STORE_FULL);
        assert_eq!(plan.check_room(limits::SCHEDULES, 1).unwrap_err().code, Code::STORE_FULL);
        plan.remove(Time(1), ScheduleId(1), limits::SCHEDULES_BYTES - 10);
        assert!(plan.is_empty() && plan.check_room(limits::SCHEDULES, limits::SCHEDULES_BYTES).is_ok());
    }

    #[test]
    fn what_is_due_comes_in_its_order() {
        let mut plan = Plan::default();
        [5, 3, 9, 3].iter().zip(1..).for_each(|(at, id)| plan.add(Time(*at), ScheduleId(id), 1));
        let due = |now, most| plan.due(Time(now), most).iter().map(|(_, id)| id.0).collect::<Vec<_>>();
        assert_eq!(
            (plan.next(), due(2, 9), due(5, 9), due(9, 2)),
            (Some(Time(3)), vec![], vec![2, 4, 1], vec![2, 4])
        );
    }
}
