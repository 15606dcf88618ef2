//! Schedules: messages that are said now and published later, once or again and again (design rule 20).
//!
//! A schedule is a record. One thread owns all of them: it makes, changes and ends them, in the order in which that was
//! asked, and publishes what is due. So a schedule is never changed while it is being published. When it is due, the
//! message and the change of the record (gone, or due again) are one transaction: whatever interrupts that, it is
//! published once. In memory there is only what is due when.

mod calendar;
mod counts;
mod due;
mod made;
mod order;
mod plan;
mod publisher;
mod thread;

pub use counts::ScheduleCounts;
pub(crate) use order::Order;
pub(crate) use thread::{Schedules, read};

use fanfare_proto::ScheduleId;
use fanfare_store::RecordChange;

/// The kind of the records.
pub(crate) const KIND: &str = "schedule";
/// Records that are read at a time: their bodies may be large.
pub(crate) const READ_RECORDS: usize = 32;

/// A schedule's record as it is to be; without one it ends.
fn change(id: ScheduleId, record: Option<Vec<u8>>) -> RecordChange {
    RecordChange { kind: KIND, key: id.to_string().into(), value: record.map(Into::into) }
}
