//! The thread that owns the conditions.

use super::order::{Answer, Answered, Order, Orders};
use super::watching::{Step, Watching};
use super::{ConditionCounts, KIND, STATE_KIND, change};
use crate::commit::refused;
use crate::hands::Hands;
use fanfare_proto::{Code, ConditionId, ConditionState, Grant, KeptCondition, Refusal, Time, limits};
use fanfare_store::{RecordChange, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// After this long what could not be read or published is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The door to the thread. It begins with the first condition, or with whoever asks for them.
pub(crate) struct Conditions {
    hands: Hands,
    orders: Arc<Orders>,
    counts: Arc<ConditionCounts>,
    /// Before it has begun, what it begins with; then itself.
    thread: Mutex<Begun>,
}

enum Begun {
    Not(All),
    Is(JoinHandle<()>),
    Over,
}

/// What the thread owns.
type All = BTreeMap<ConditionId, Watching>;

impl Conditions {
    /// Reads what is kept, and begins if there is something. What cannot be read stays as it is, and is told.
    pub(crate) fn start(hands: Hands) -> Result<Conditions, StoreError> {
        let all = load(&hands)?;
        let any = !all.is_empty();
        let (orders, counts, thread) = (Arc::default(), Arc::default(), Mutex::new(Begun::Not(all)));
        let conditions = Conditions { hands, orders, counts, thread };
        if any {
            let failed = |error| StoreError::Failed(format!("a thread could not start: {error}"));
            conditions.begin().map_err(failed)?;
        }
        Ok(conditions)
    }

    fn begin(&self) -> std::io::Result<()> {
        let mut begun = self.thread();
        match std::mem::replace(&mut *begun, Begun::Over) {
            Begun::Not(all) => {
                let ring = self.orders.clone();
                self.hands.tail.watch(Arc::new(move || ring.ring()));
                let (orders, hands, counts) = (self.orders.clone(), self.hands.clone(), self.counts.clone());
                let kept_at = Instant::now();
                let run = move || State { all, hands, counts, kept_at }.run(&orders);
                *begun = Begun::Is(std::thread::Builder::new().name("conditions".into()).spawn(run)?);
            }
            other => *begun = other,
        }
        Ok(())
    }

    /// Puts an order in line.
    pub(crate) fn order(&self, order: Order) -> Result<oneshot::Receiver<Answered>, Refusal> {
        self.begin().map_err(|error| Refusal::new(Code::BUSY, format!("a thread cannot start: {error}")))?;
        self.orders.put(order)
    }

    pub(crate) fn counts(&self) -> &Arc<ConditionCounts> {
        &self.counts
    }

    /// Takes nothing more, does what waits, keeps how far each is, and ends.
    pub(crate) fn stop(&self) {
        self.orders.end();
        let begun = std::mem::replace(&mut *self.thread(), Begun::Over);
        if let Begun::Is(thread) = begun {
            let _ = thread.join();
        }
    }

    fn thread(&self) -> MutexGuard<'_, Begun> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn load(hands: &Hands) -> Result<All, StoreError> {
    let mut all = All::new();
    for record in hands.store.scan(KIND, "", "", limits::CONDITIONS)? {
        match read(&*hands.store, &record.key, &record.value)? {
            Ok((kept, state)) => {
                all.insert(kept.id, Watching::resume(kept, state, hands));
            }
            Err(refusal) => {
                tracing::error!(condition = %record.key, %refusal, "a condition cannot be read; it is kept as it is");
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
    Ok(both())
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
        while let Some(orders) = orders.take(self.patience(step)) {
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
        let next = self.all.values().filter_map(|watching| watching.next).min();
        let next = next.map(|at| {
            let time = Duration::from_millis(at.0.saturating_sub((self.hands.now)().0));
            time.min(limits::SCHEDULE_SLEEP)
        });
        match step {
            Step::GoesOn => Duration::ZERO,
            Step::Failed => PAUSE,
            Step::Rests => next.map_or(keep, |next| next.min(keep)),
        }
    }

    /// A step of each.
    fn step(&mut self) -> Step {
        let mut all = Step::Rests;
        for watching in self.all.values_mut() {
            all = match (all, watching.step(&self.hands, &self.counts)) {
                (Step::GoesOn, _) | (_, Step::GoesOn) => Step::GoesOn,
                (Step::Failed, _) | (_, Step::Failed) => Step::Failed,
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
        let moved: Vec<RecordChange> = self.all.values_mut().filter_map(Watching::moved).collect();
        if moved.is_empty() {
            return;
        }
        match self.hands.store.change(&moved) {
            Ok(()) => self.all.values_mut().for_each(Watching::was_kept),
            Err(error) => tracing::warn!(%error, "how far conditions are cannot be kept now"),
        }
    }

    fn count(&self) {
        for phase in ConditionCounts::PHASES {
            let standing = self.all.values().filter(|watching| watching.phase == phase);
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
                let found = self.all.values().filter(|watching| wanted(&watching.kept));
                Ok(found.map(|watching| watching.view(false)).collect())
            }
        };
        // Whoever asked may have left.
        drop(answer.send(answered));
    }

    /// A new condition; or the one that the same request made before.
    fn make(&mut self, kept: KeptCondition, now: Time) -> Answered {
        let asked = &kept.condition.publish;
        let first = self.all.values().find(|first| {
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
        let watching = old.replace(KeptCondition { created: old.kept.created, ..kept }, &self.hands);
        self.check_room(0, watching.bytes.saturating_sub(old.bytes))?;
        self.put(watching)
    }

    fn put(&mut self, watching: Watching) -> Answered {
        self.hands.store.change(&watching.changes()).map_err(|error| refused(&error))?;
        let view = watching.view(true);
        self.all.insert(watching.kept.id, watching);
        Ok(vec![view])
    }

    fn remove(&mut self, id: ConditionId, grant: &Grant) -> Answered {
        let view = self.find(id, grant)?.view(false);
        let changes = [change(KIND, id, None), change(STATE_KIND, id, None)];
        self.hands.store.change(&changes).map_err(|error| refused(&error))?;
        self.all.remove(&id);
        Ok(vec![view])
    }

    /// One that is not to be seen is as one that is not there.
    fn find(&self, id: ConditionId, grant: &Grant) -> Result<&Watching, Refusal> {
        let found = self.all.get(&id).filter(|watching| may(grant, &watching.kept));
        found.ok_or_else(|| Refusal::new(Code::NOT_FOUND, format!("there is no condition `{id}`")))
    }

    /// A name that is larger than all there are.
    fn name(&self, now: Time) -> ConditionId {
        let last = self.all.last_key_value().map_or(0, |(id, _)| id.0);
        // 44 bits of milliseconds last for five hundred years; the rest tells those of one from each other.
        let fresh = now.0 << 20 | u64::from(fastrand::u32(..1 << 20));
        ConditionId(fresh.max(last + 1))
    }

    fn check_room(&self, more: usize, bytes: usize) -> Result<(), Refusal> {
        let full = |what: String| Err(Refusal::new(Code::STORE_FULL, what));
        if self.all.len() + more > limits::CONDITIONS {
            return full(format!("there are {} conditions, and no more are kept", limits::CONDITIONS));
        }
        let kept: usize = self.all.values().map(|watching| watching.bytes).sum();
        if kept + bytes > limits::CONDITIONS_BYTES {
            return full(format!(
                "the conditions have {} bytes, and no more are kept",
                limits::CONDITIONS_BYTES
            ));
        }
        Ok(())
    }
}

/// Whoever may hear what it watches and say what it says may see and change it.
fn may(grant: &Grant, kept: &KeptCondition) -> bool {
    let condition = &kept.condition;
    grant.may_publish(&condition.publish.channel) && grant.may_subscribe(&condition.watch)
}
