//! The thread that owns the schedules.

use super::calendar::Calendar;
use super::made::Made;
use super::order::{Answer, Order, Orders};
use super::plan::Plan;
use super::publisher::{Published, publish_due};
use super::{KIND, READ_RECORDS, ScheduleCounts, change};
use crate::asked::Question;
use crate::begun::{Begun, not_begun};
use crate::commit::refused;
use crate::hands::Hands;
use fanfare_proto::{Code, Planned, Refusal, Schedule, ScheduleId, Time, Timing, When, limits};
use fanfare_store::{RecordChange, Store, StoreError};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait for the first schedule of all.
const IDLE: Duration = Duration::from_secs(3600);
/// After this long what could not be published is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The door to the thread. It begins with the first schedule: most servers have none.
pub(crate) struct Schedules {
    hands: Hands,
    orders: Arc<Orders>,
    counts: Arc<ScheduleCounts>,
    thread: Begun<State>,
}

/// What the thread owns.
#[derive(Default)]
struct State {
    plan: Plan,
    made: Made,
}

impl Schedules {
    /// Reads what is kept, and begins if there is something. What cannot be read stays as it is, and is told.
    pub(crate) fn start(hands: Hands) -> Result<Schedules, StoreError> {
        let state = load(&*hands.store, (hands.now)())?;
        let any = !state.plan.is_empty();
        let (orders, counts) = (Arc::default(), Arc::default());
        let schedules = Schedules { hands, orders, counts, thread: Begun::not("schedules", state) };
        if any {
            schedules.begin()?;
        }
        Ok(schedules)
    }

    fn begin(&self) -> Result<(), StoreError> {
        let (hands, counts) = (self.hands.clone(), self.counts.clone());
        let run = move |orders: &Orders, state| run(orders, &hands, &counts, state);
        let again = || load(&*self.hands.store, (self.hands.now)());
        self.thread.begin(&self.orders, again, run).map(drop)
    }

    /// Puts an order in line.
    pub(crate) fn order(&self, order: Order) -> Result<Question<Option<Planned>>, Refusal> {
        self.begin().map_err(|error| not_begun(&error))?;
        self.orders.put(order)
    }

    pub(crate) fn counts(&self) -> &Arc<ScheduleCounts> {
        &self.counts
    }

    /// Takes nothing more, does what waits, and ends.
    pub(crate) fn stop(&self) {
        self.orders.end();
        self.thread.stop();
    }
}

fn load(store: &dyn Store, now: Time) -> Result<State, StoreError> {
    let (mut state, mut after) = (State::default(), String::new());
    loop {
        let records = store.scan(KIND, "", &after, READ_RECORDS)?;
        let Some(last) = records.last() else { return Ok(state) };
        after = last.key.to_string();
        for record in &records {
            match read(&record.key, &record.value) {
                Ok(planned) => {
                    state.plan.add(planned.at, planned.id, record.value.len());
                    if planned.created >= now.before(limits::IDEMPOTENCY_TIME) {
                        state.made.add(&planned);
                    }
                }
                Err(refusal) => {
                    tracing::error!(schedule = %record.key, %refusal, "a schedule cannot be read")
                }
            }
        }
    }
}

/// A record as a schedule.
pub(crate) fn read(key: &str, value: &[u8]) -> Result<Planned, Refusal> {
    let damaged = |why: &str| Refusal::new(Code::STORE_DAMAGED, format!("schedule {key}: {why}"));
    let id = ScheduleId::parse(key).ok_or_else(|| damaged("its key is no name"))?;
    Planned::read_record(id, value).map_err(|refusal| damaged(&refusal.detail))
}

fn run(orders: &Orders, hands: &Hands, counts: &ScheduleCounts, mut state: State) {
    let (system, mut pause) = (hands.system, false);
    loop {
        let next = state.plan.next();
        counts.set(state.plan.len(), next);
        let patience = match next {
            None => IDLE,
            Some(at) => match Duration::from_millis(at.0.saturating_sub(system().0)) {
                Duration::ZERO if pause => PAUSE,
                time => time.min(limits::SCHEDULE_SLEEP),
            },
        };
        let Some(orders) = orders.take(patience, limits::SCHEDULE_TURN) else { return };
        state.obey(hands, orders);
        pause = publish_due(hands, counts, &mut state.plan) == Published::NotAll;
    }
}

/// What is to be made, with its record.
type New = (Planned, Vec<u8>, Answer);

impl State {
    /// Does what is asked, in its order: what is made in a row, in one transaction.
    fn obey(&mut self, hands: &Hands, orders: Vec<(Order, Answer)>) {
        let (now, system) = ((hands.now)(), (hands.system)());
        self.made.forget_old(now);
        let mut new: Vec<New> = Vec::new();
        for (order, answer) in orders {
            let (schedule, publisher) = match order {
                Order::Make { schedule, publisher } => (schedule, publisher),
                other => {
                    self.keep(hands, std::mem::take(&mut new));
                    // Whoever asked may have left.
                    drop(answer.send(self.alter(hands, other, system)));
                    continue;
                }
            };
            // What another one of these said first is an answer only once it is kept.
            let id = schedule.publish.id.as_deref();
            if id.is_some() && new.iter().any(|(other, ..)| other.schedule.publish.id.as_deref() == id) {
                self.keep(hands, std::mem::take(&mut new));
            }
            match self.make((schedule, publisher), &new, now, system) {
                Ok(Ok(planned)) => {
                    let record = planned.record();
                    new.push((planned, record, answer));
                }
                Ok(Err(known)) => drop(answer.send(Ok(Some(known)))),
                Err(refusal) => drop(answer.send(Err(refusal))),
            }
        }
        self.keep(hands, new);
    }

    /// A new schedule; or, as an error, the one that the same request made before.
    fn make(
        &mut self,
        (schedule, publisher): (Schedule, Option<Box<str>>),
        new: &[New],
        now: Time,
        system: Time,
    ) -> Result<Result<Planned, Planned>, Refusal> {
        let (at, schedule) = begin(schedule, system)?;
        let planned = Planned { id: ScheduleId(0), at, created: now, publisher, schedule };
        if let Some(known) = self.made.known(&planned)? {
            return Ok(Err(known));
        }
        let bytes: usize = new.iter().map(|(_, record, _)| record.len()).sum();
        self.plan.check_room(new.len() + 1, bytes + planned.record().len())?;
        Ok(Ok(Planned { id: self.plan.name(now), ..planned }))
    }

    /// Keeps what is new, and answers.
    fn keep(&mut self, hands: &Hands, new: Vec<New>) {
        if new.is_empty() {
            return;
        }
        let changes: Vec<RecordChange> =
            new.iter().map(|(planned, record, _)| change(planned.id, Some(record.clone()))).collect();
        let kept = hands.store.change(&changes).map_err(|error| refused(&error));
        for (planned, record, answer) in new {
            if kept.is_ok() {
                self.plan.add(planned.at, planned.id, record.len());
                self.made.add(&planned);
            }
            drop(answer.send(kept.clone().map(|()| Some(planned))));
        }
    }

    /// Replaces or ends a schedule. Of one that cannot be read nobody knows whose it is: whoever may publish everything ends it.
    fn alter(&mut self, hands: &Hands, order: Order, system: Time) -> Result<Option<Planned>, Refusal> {
        let store = &hands.store;
        let (id, grant, schedule) = match order {
            Order::Replace { id, grant, schedule } => (id, grant, Some(schedule)),
            Order::Cancel { id, grant } => (id, grant, None),
            Order::Make { .. } => unreachable!("it alters nothing"),
        };
        let missing = || Refusal::new(Code::NOT_FOUND, format!("there is no schedule `{id}`"));
        let record = store.get(KIND, &id.to_string()).map_err(|error| refused(&error))?;
        let record = record.ok_or_else(missing)?;
        let old = read(&record.key, &record.value);
        let may = old
            .as_ref()
            .map_or_else(|_| grant.may_publish_all(), |old| grant.may_publish(&old.schedule.publish.channel));
        if !may {
            return Err(missing());
        }
        let Some(schedule) = schedule else {
            store.change(&[change(id, None)]).map_err(|error| refused(&error))?;
            match &old {
                Ok(old) => self.plan.remove(old.at, id, record.value.len()),
                Err(_) => self.plan.forget(id, record.value.len()),
            }
            return Ok(old.ok());
        };
        let old = old?;
        let (at, schedule) = begin(schedule, system)?;
        let publisher = Some(&*grant.subject).filter(|subject| !subject.is_empty()).map(Into::into);
        let planned = Planned { id, at, created: old.created, publisher, schedule };
        let new = planned.record();
        self.plan.check_room(0, new.len().saturating_sub(record.value.len()))?;
        store.change(&[change(id, Some(new.clone()))]).map_err(|error| refused(&error))?;
        self.plan.remove(old.at, id, record.value.len());
        self.plan.add(at, id, new.len());
        Ok(Some(planned))
    }
}

/// When a schedule is due first, and the schedule without what follows from when it was said.
fn begin(schedule: Schedule, now: Time) -> Result<(Time, Schedule), Refusal> {
    let at = match &schedule.timing {
        Timing::Once(when) => when.moment(now)?,
        Timing::Every { cron, zone } => {
            let never = || Refusal::new(Code::BAD_FIELD, format!("cron: `{cron}` is never"));
            Calendar::parse(cron, zone)?.next(now).ok_or_else(never)?
        }
    };
    let timing = match schedule.timing {
        Timing::Once(_) => Timing::Once(When::At(at)),
        every => every,
    };
    Ok((at, Schedule { timing, ..schedule }))
}
