//! Publishing what is due.

use super::due::{LATE, Occurrence, occurrence};
use super::plan::Plan;
use super::{KIND, ScheduleCounts, change};
use crate::commit::{Answers, Group};
use crate::hands::Hands;
use fanfare_proto::{Code, Planned, Publish, Receipt, Refusal, Retry, limits};
use fanfare_store::StoreError;
use std::sync::mpsc;

/// Whether all that was due, and is looked at in one turn, is done with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Published {
    All,
    /// Something is to be tried again after a while.
    NotAll,
}

/// A schedule that is due.
struct Due {
    planned: Planned,
    /// Bytes of its record.
    bytes: usize,
    next: Option<Planned>,
    publish: Option<Publish>,
    /// Whether it is published, and whether long after its time.
    said: (bool, bool),
}

/// Publishes what is due, in one commit as far as it goes to the kept log, and notes how each goes on.
pub(super) fn publish_due(hands: &Hands, counts: &ScheduleCounts, plan: &mut Plan) -> Published {
    let due = match read_due(hands, plan) {
        Ok(due) if due.is_empty() => return Published::All,
        Ok(due) => due,
        Err(error) => {
            tracing::error!(%error, "what is scheduled cannot be read");
            return Published::NotAll;
        }
    };
    let (sender, receiver) = mpsc::channel();
    let mut published = Published::All;
    // What waits for the commit thread is answered after what does not.
    let mut waiting: Vec<Option<Due>> = Vec::new();
    for mut due in due {
        let answer = match due.publish.take() {
            None => Some(Ok(None)),
            Some(publish) if hands.is_live(&publish.channel) => {
                Some(one(hands.commit_live(group(&due, publish))).map(|_| None))
            }
            Some(publish) => {
                let (index, sender) = (waiting.len(), sender.clone());
                let then = move |answers| drop(sender.send((index, answers)));
                let group = Group { along: vec![due.change()], ..group(&due, publish) };
                hands.keep(group, Box::new(then)).err().map(Err)
            }
        };
        match answer {
            Some(answer) => published = published.and(due.go_on(hands, counts, plan, answer)),
            None => waiting.push(Some(due)),
        }
    }
    drop(sender);
    for (index, answers) in receiver {
        if let Some(due) = waiting[index].take() {
            published = published.and(due.go_on(hands, counts, plan, one(answers).map(Some)));
        }
    }
    published
}

/// Reads the records of what is due, as many as one commit may hold.
fn read_due(hands: &Hands, plan: &mut Plan) -> Result<Vec<Due>, StoreError> {
    let now = (hands.system)();
    let (mut read, mut all) = (Vec::new(), 0);
    for (at, id) in plan.due(now, limits::SCHEDULE_TURN) {
        let record = hands.store.get(KIND, &id.to_string())?;
        let Some(record) = record else {
            plan.remove(at, id, 0);
            continue;
        };
        let bytes = record.value.len();
        let found = Planned::read_record(id, &record.value)
            .and_then(|planned| occurrence(&planned, now).map(|occurrence| (planned, occurrence)));
        match found {
            Ok((planned, Occurrence { publish, next })) => {
                let is_late = |publish: &Publish| publish.content.tags.contains_key(LATE);
                let said = (publish.is_some(), publish.as_ref().is_some_and(is_late));
                read.push(Due { planned, bytes, next, publish, said });
            }
            Err(refusal) => {
                // Another version may know what to do with it.
                tracing::error!(schedule = %id, %refusal, "a schedule is due and cannot be read; it is kept as it is");
                plan.remove(at, id, bytes);
            }
        }
        all += bytes;
        if all >= limits::COMMIT_BYTES {
            break;
        }
    }
    Ok(read)
}

fn group(due: &Due, publish: Publish) -> Group {
    let publisher = due.planned.publisher.clone();
    Group { publisher, messages: vec![publish], atomic: true, along: Vec::new() }
}

fn one(mut answers: Answers) -> Result<Receipt, Refusal> {
    answers.pop().unwrap_or_else(|| Err(Code::STORE_FAILED.into()))
}

impl Due {
    fn change(&self) -> fanfare_store::RecordChange {
        change(self.planned.id, self.next.as_ref().map(Planned::record))
    }

    /// Goes on after an answer; with a receipt the record is changed already, unless the message was known.
    fn go_on(
        self,
        hands: &Hands,
        counts: &ScheduleCounts,
        plan: &mut Plan,
        answer: Result<Option<Receipt>, Refusal>,
    ) -> Published {
        let id = self.planned.id;
        let (is_said, is_late) = (self.said.0 && answer.is_ok(), self.said.1 && answer.is_ok());
        let changed = match answer {
            Ok(receipt) => receipt.is_some_and(|receipt| !receipt.duplicate),
            Err(refusal) if refusal.code.retry() == Retry::Never => {
                tracing::warn!(schedule = %id, %refusal, "what was scheduled is refused");
                false
            }
            Err(refusal) => {
                tracing::warn!(schedule = %id, %refusal, "what is scheduled cannot be published now");
                return Published::NotAll;
            }
        };
        if !changed && let Err(error) = hands.store.change(&[self.change()]) {
            tracing::error!(schedule = %id, %error, "how a schedule goes on cannot be written");
            return Published::NotAll;
        }
        counts.published.add(u64::from(is_said));
        counts.late.add(u64::from(is_late));
        counts.skipped.add(u64::from(!self.said.0));
        plan.remove(self.planned.at, id, self.bytes);
        if let Some(next) = &self.next {
            plan.add(next.at, id, next.record().len());
        }
        Published::All
    }
}

impl Published {
    fn and(self, other: Published) -> Published {
        if self == Published::All { other } else { self }
    }
}
