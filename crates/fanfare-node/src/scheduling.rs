//! The node's door for what is said for later.

use crate::Node;
use crate::schedule::{KIND, Order, READ_RECORDS, read};
use fanfare_proto::{Code, Grant, Pattern, Planned, Refusal, Schedule, ScheduleId, limits};
use fanfare_store::{Record, Store, StoreError};
use tokio::sync::oneshot;

/// Some schedules, by name: as they were made.
#[derive(Debug, Clone, Default)]
pub struct SchedulesPage {
    /// The schedules.
    pub schedules: Vec<Planned>,
    /// Names of those whose records cannot be read, and why; for whoever may publish everything, and asks for all.
    pub damaged: Vec<(Box<str>, Refusal)>,
    /// Where to go on, if there may be more.
    pub next: Option<ScheduleId>,
}

/// Where the answer to an order comes.
type Answered = oneshot::Receiver<Result<Option<Planned>, Refusal>>;

/// Whose schedules, and which.
struct Wanted {
    grant: Grant,
    channels: Pattern,
    limit: usize,
}

impl Node {
    /// Makes a schedule. When this returns, it is kept.
    pub async fn schedule(&self, grant: &Grant, schedule: Schedule) -> Result<Planned, Refusal> {
        told(self.make(grant, schedule)?).await.and_then(there)
    }

    /// Makes schedules, each on its own; the answers are in their order.
    pub async fn schedule_all(
        &self,
        grant: &Grant,
        schedules: Vec<Schedule>,
    ) -> Vec<Result<Planned, Refusal>> {
        // All stand in line before the first is waited for: then they are kept together.
        let orders: Vec<_> = schedules.into_iter().map(|schedule| self.make(grant, schedule)).collect();
        let mut answers = Vec::with_capacity(orders.len());
        for order in orders {
            answers.push(match order {
                Ok(answer) => told(answer).await.and_then(there),
                Err(refusal) => Err(refusal),
            });
        }
        answers
    }

    /// Puts another schedule in the place of one.
    pub async fn replace_schedule(
        &self,
        grant: &Grant,
        id: ScheduleId,
        schedule: Schedule,
    ) -> Result<Planned, Refusal> {
        self.check(grant, &schedule.publish)?;
        self.order(Order::Replace { id, grant: grant.clone(), schedule }).await.and_then(there)
    }

    /// Ends a schedule; answers what it was. One whose record cannot be read is ended by whoever may publish everything, and
    /// nothing is known of it.
    pub async fn cancel_schedule(&self, grant: &Grant, id: ScheduleId) -> Result<Option<Planned>, Refusal> {
        self.order(Order::Cancel { id, grant: grant.clone() }).await
    }

    /// A schedule.
    pub async fn schedule_at(&self, grant: &Grant, id: ScheduleId) -> Result<Planned, Refusal> {
        let store = self.inner().store.clone();
        let record = self.read(move |_| store.get(KIND, &id.to_string())).await?;
        let found = record.map(|record| read(&record.key, &record.value));
        let found = found.filter(|found| found.is_ok() || grant.may_publish_all()).transpose()?;
        let mine = found.filter(|planned| grant.may_publish(&planned.schedule.publish.channel));
        mine.ok_or_else(|| Refusal::new(Code::NOT_FOUND, format!("there is no schedule `{id}`")))
    }

    /// Schedules to the channels that a pattern means, after one, at most so many. Those to channels that one may not
    /// publish to are left out.
    pub async fn schedules(
        &self,
        grant: &Grant,
        channels: &Pattern,
        after: Option<ScheduleId>,
        limit: usize,
    ) -> Result<SchedulesPage, Refusal> {
        let store = self.inner().store.clone();
        let wanted = Wanted { grant: grant.clone(), channels: channels.clone(), limit };
        self.read(move |_| look(&*store, &wanted, after)).await
    }

    fn make(&self, grant: &Grant, schedule: Schedule) -> Result<Answered, Refusal> {
        self.check(grant, &schedule.publish)?;
        let publisher = Some(&*grant.subject).filter(|subject| !subject.is_empty()).map(Into::into);
        self.inner().schedules.order(Order::Make { schedule, publisher })
    }

    async fn order(&self, order: Order) -> Result<Option<Planned>, Refusal> {
        told(self.inner().schedules.order(order)?).await
    }
}

async fn told(answer: Answered) -> Result<Option<Planned>, Refusal> {
    answer.await.unwrap_or_else(|_| Err(Code::DRAINING.into()))
}

/// What is made or replaced is there.
fn there(planned: Option<Planned>) -> Result<Planned, Refusal> {
    planned.ok_or_else(|| Code::STORE_FAILED.into())
}

/// Looks through the records, through not too many at once.
fn look(store: &dyn Store, wanted: &Wanted, after: Option<ScheduleId>) -> Result<SchedulesPage, StoreError> {
    let mut page = SchedulesPage { next: after, ..SchedulesPage::default() };
    let (mut looked, mut bytes) = (0, 0);
    loop {
        let from = page.next.map(|id| id.to_string()).unwrap_or_default();
        let records = store.scan(KIND, "", &from, READ_RECORDS)?;
        if records.is_empty() {
            page.next = None;
            return Ok(page);
        }
        for record in &records {
            if page.schedules.len() + page.damaged.len() >= wanted.limit
                || looked >= limits::SCHEDULES_LOOKED
                || bytes >= limits::SCHEDULES_PAGE_BYTES
            {
                return Ok(page);
            }
            looked += 1;
            page.next = ScheduleId::parse(&record.key).or(page.next);
            match wanted.take(record) {
                Ok(Some(planned)) => {
                    bytes += record.value.len();
                    page.schedules.push(planned);
                }
                Ok(None) => {}
                Err(refusal) => page.damaged.push((record.key.clone(), refusal)),
            }
        }
    }
}

impl Wanted {
    fn take(&self, record: &Record) -> Result<Option<Planned>, Refusal> {
        let planned = match read(&record.key, &record.value) {
            Ok(planned) => planned,
            Err(refusal) if self.grant.may_publish_all() && self.channels == Pattern::everything() => {
                return Err(refusal);
            }
            Err(_) => return Ok(None),
        };
        let channel = &planned.schedule.publish.channel;
        let wanted = self.grant.may_publish(channel) && self.channels.matches(channel.as_str());
        Ok(wanted.then_some(planned))
    }
}
