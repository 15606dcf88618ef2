//! The thread that owns the conditions.

use super::order::{Answer, Answered, Order, Orders, Views};
use super::watching::{Step, Watching};
use super::{ConditionCounts, KIND, STATE_KIND, change};
use crate::asked::Question;
use crate::begun::{Begun, not_begun};
use crate::commit::refused;
use crate::hands::Hands;
use fanfare_proto::{
    Code, ConditionId, ConditionState, Grant, KeptCondition, Pattern, Refusal, Time, limits,
};
use fanfare_store::{RecordChange, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The door to the thread. It begins with the first condition, or with whoever asks for them.
pub(crate) struct Conditions {
    hands: Hands,
    orders: Arc<Orders>,
    counts: Arc<ConditionCounts>,
    thread: Begun<All>,
}

/// What the thread owns.
#[derive(Default)]
struct All {
    watching: BTreeMap<ConditionId, Watching>,
    /// Those whose records cannot be read, and why. They stay as they are until they are removed.
    damaged: BTreeMap<ConditionId, Refusal>,
}

impl Conditions {
    /// Reads what is kept, and begins if there is something. What cannot be read stays as it is, and is told.
    pub(crate) fn start(hands: Hands) -> Result<Conditions, StoreError> {
        let all = load(&hands)?;
        let any = !all.watching.is_empty();
        let (orders, counts) = (Arc::default(), Arc::default());
        let conditions = Conditions { hands, orders, counts, thread: Begun::not("conditions", all) };
        if any {
            conditions.begin()?;
        }
        Ok(conditions)
    }

    fn begin(&self) -> Result<(), StoreError> {
        let (hands, counts, kept_at) = (self.hands.clone(), self.counts.clone(), Instant::now());
        let run = move |orders: &Orders, all| State { all, hands, counts, kept_at }.run(orders);
        if self.thread.begin(&self.orders, || load(&self.hands), run)? {
            let ring = self.orders.clone();
            self.hands.tail.watch(Arc::new(move || ring.ring()));
            // What was said in between.
            self.orders.ring();
        }
        Ok(())
    }

    /// Puts an order in line.
    pub(crate) fn order(&self, order: Order) -> Result<Question<Views>, Refusal> {
        self.begin().map_err(|error| not_begun(&error))?;
        self.orders.put(order)
    }

    pub(crate) fn counts(&self) -> &Arc<ConditionCounts> {
        &self.counts
    }

    /// Takes nothing more, does what waits, keeps how far each is, and ends.
    pub(crate) fn stop(&self) {
        self.orders.end();
        self.thread.stop();
    }
}

fn load(hands: &Hands) -> Result<All, StoreError> {
    let mut all = All::default();
    for record in hands.store.scan(KIND, "", "", limits::CONDITIONS)? {
        match read(&*hands.store, &record.key, &record.value)? {
            Ok((kept, state)) => {
                all.watching.insert(kept.id, Watching::resume(kept, state, hands));
            }
            Err(refusal) => {
                tracing::error!(
                    condition = %record.key, %refusal,
                    "a condition cannot be read; it stays as it is until it is removed"
                );
                all.damaged.extend(ConditionId::parse(&record.key).map(|id| (id, refusal)));
            }
        }
    }
    Ok(all)
}

/// Both records of a condition.
fn read(
    store: &dyn Store,
    key: &str,
    value: &[u8],
) -> Result<Result<(KeptCondition, ConditionState), Refusal>, StoreError> {
    let Some(id) = ConditionId::parse(key) else {
        return Ok(Err(Refusal::new(Code::BAD_FIELD, "its key is no name")));
    };
    let state = store.get(STATE_KIND, key)?;
    let missing = || Refusal::new(Code::STORE_DAMAGED, "how far it is, is missing");
    let both = || {
        let state = ConditionState::read_record(&state.ok_or_else(missing)?.value)?;
        Ok((KeptCondition::read_record(id, value)?, state))
    };
    let damaged = |refusal: Refusal| {
        Refusal::new(Code::STORE_DAMAGED, format!("the record of the condition `{id}`: {refusal}"))
    };
    Ok(both().map_err(damaged))
}

/// The thread's own.
struct State {
    all: All,
    hands: Hands,
    counts: Arc<ConditionCounts>,
    /// When it was kept last how far all are.
    kept_at: Instant,
}

impl State {
    fn run(mut self, orders: &Orders) {
        let mut step = Step::GoesOn;
        self.count();
        while let Some(orders) = orders.take(self.patience(step), limits::SCHEDULE_ORDERS) {
            let now = (self.hands.now)();
            for (order, answer) in orders {
                self.obey(order, answer, now);
            }
            step = self.step();
            if step == Step::Rests {
                // What is said meanwhile is read at once.
                std::thread::sleep(limits::CONDITION_LOOK_TIME);
            }
        }
        // Until now somebody listened.
        self.step();
        self.keep();
    }

    /// How long to wait for something to be asked or said.
    fn patience(&self, step: Step) -> Duration {
        let keep = limits::CONDITION_KEEP_TIME.saturating_sub(self.kept_at.elapsed());
        let now = (self.hands.now)();
        let next = self.all.watching.values().filter_map(|watching| watching.patience(now)).min();
        match step {
            Step::GoesOn => Duration::ZERO,
            Step::Rests => next.map_or(keep, |next| next.min(keep)),
        }
    }

    /// A step of each.
    fn step(&mut self) -> Step {
        let mut all = Step::Rests;
        let mut channels: usize = self.all.watching.values().map(Watching::channels).sum();
        for watching in self.all.watching.values_mut() {
            let others = channels - watching.channels();
            let room = limits::CONDITIONS_CHANNELS.saturating_sub(channels);
            let step = watching.step(&self.hands, &self.counts, room);
            channels = others + watching.channels();
            all = match (all, step) {
                (Step::GoesOn, _) | (_, Step::GoesOn) => Step::GoesOn,
                (Step::Rests, Step::Rests) => Step::Rests,
            };
        }
        self.count();
        if self.kept_at.elapsed() >= limits::CONDITION_KEEP_TIME {
            self.keep();
        }
        all
    }

    /// Keeps how far all are.
    fn keep(&mut self) {
        self.kept_at = Instant::now();
        let moved: Vec<RecordChange> = self.all.watching.values_mut().filter_map(Watching::moved).collect();
        if moved.is_empty() {
            return;
        }
        match self.hands.store.change(&moved) {
            Ok(()) => self.all.watching.values_mut().for_each(Watching::was_kept),
            Err(error) => tracing::warn!(%error, "how far conditions are cannot be kept now"),
        }
    }

    fn count(&self) {
        for phase in ConditionCounts::PHASES {
            let standing = self.all.watching.values().filter(|watching| watching.phase == phase);
            self.counts.set_standing(phase, standing.count() as u64);
        }
    }

    fn obey(&mut self, order: Order, answer: Answer, now: Time) {
        let answered = match order {
            Order::Make(kept) => self.make(kept, now),
            Order::Replace(kept, grant) => self.replace(kept, &grant),
            Order::Remove(id, grant) => self.remove(id, &grant),
            Order::Show(id, grant) => self.find(id, &grant).map(|found| vec![found.view(true)]),
            Order::List(channels, grant) => {
                let wanted = |kept: &KeptCondition| {
                    may(&grant, kept) && channels.matches(kept.condition.publish.channel.as_str())
                };
                let found = self.all.watching.values().filter(|watching| wanted(&watching.kept));
                Ok(found.map(|watching| watching.view(false)).collect())
            }
        };
        // Whoever asked may have left.
        drop(answer.send(answered));
    }

    /// A new condition; or the one that the same request made before.
    fn make(&mut self, kept: KeptCondition, now: Time) -> Answered {
        let asked = &kept.condition.publish;
        let first = self.all.watching.values().find(|first| {
            let made = &first.kept.condition.publish;
            asked.id.is_some() && (&made.id, &first.kept.publisher) == (&asked.id, &kept.publisher)
        });
        if let Some(first) = first {
            let id = asked.id.as_deref().unwrap_or_default();
            let reused =
                || Refusal::new(Code::ID_REUSED, format!("the id `{id}` was used for another condition"));
            return match first.kept.condition == kept.condition {
                true => Ok(vec![first.view(false)]),
                false => Err(reused()),
            };
        }
        let kept = KeptCondition { id: self.name(now), created: now, ..kept };
        let watching = Watching::begin(kept, &self.hands);
        self.check_room(1, watching.bytes)?;
        self.put(watching)
    }

    fn replace(&mut self, kept: KeptCondition, grant: &Grant) -> Answered {
        let old = self.find(kept.id, grant)?;
        let watching = old.replace(KeptCondition { created: old.kept.created, ..kept }, &self.hands)?;
        self.check_room(0, watching.bytes.saturating_sub(old.bytes))?;
        self.put(watching)
    }

    fn put(&mut self, watching: Watching) -> Answered {
        self.hands.store.change(&watching.changes()).map_err(|error| refused(&error))?;
        let view = watching.view(true);
        self.all.watching.insert(watching.kept.id, watching);
        Ok(vec![view])
    }

    fn remove(&mut self, id: ConditionId, grant: &Grant) -> Answered {
        let is_damaged = self.all.damaged.contains_key(&id) && may_all(grant);
        if !is_damaged {
            self.find(id, grant)?;
        }
        let changes = [change(KIND, id, None), change(STATE_KIND, id, None)];
        self.hands.store.change(&changes).map_err(|error| refused(&error))?;
        self.all.watching.remove(&id);
        self.all.damaged.remove(&id);
        Ok(Vec::new())
    }

    /// One that is not to be seen is as one that is not there.
    fn find(&self, id: ConditionId, grant: &Grant) -> Result<&Watching, Refusal> {
        if let Some(refusal) = self.all.damaged.get(&id).filter(|_| may_all(grant)) {
            return Err(refusal.clone());
        }
        let found = self.all.watching.get(&id).filter(|watching| may(grant, &watching.kept));
        found.ok_or_else(|| Refusal::new(Code::NOT_FOUND, format!("there is no condition `{id}`")))
    }

    /// A name that is larger than all there are.
    fn name(&self, now: Time) -> ConditionId {
        let last = [self.all.watching.keys().last(), self.all.damaged.keys().last()];
        let last = last.into_iter().flatten().max().map_or(0, |id| id.0);
        // 44 bits of milliseconds last for five hundred years; the rest tells those of one from each other.
        let fresh = now.0 << 20 | u64::from(fastrand::u32(..1 << 20));
        ConditionId(fresh.max(last + 1))
    }

    fn check_room(&self, more: usize, bytes: usize) -> Result<(), Refusal> {
        let full = |what: String| Err(Refusal::new(Code::STORE_FULL, what));
        if self.all.watching.len() + self.all.damaged.len() + more > limits::CONDITIONS {
            return full(format!("there are {} conditions, and no more are kept", limits::CONDITIONS));
        }
        let kept: usize = self.all.watching.values().map(|watching| watching.bytes).sum();
        if kept + bytes > limits::CONDITIONS_BYTES {
            return full(format!(
                "the conditions have {} bytes, and no more are kept",
                limits::CONDITIONS_BYTES
            ));
        }
        Ok(())
    }
}

/// Of what cannot be read nobody knows whom it concerns.
fn may_all(grant: &Grant) -> bool {
    grant.may_subscribe(&Pattern::everything())
}

/// Whoever may hear what it watches and say what it says may see and change it.
fn may(grant: &Grant, kept: &KeptCondition) -> bool {
    let condition = &kept.condition;
    grant.may_publish(&condition.publish.channel) && grant.may_subscribe(&condition.watch)
}
