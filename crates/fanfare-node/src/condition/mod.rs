//! Conditions: messages that are published when something becomes true of other channels, or when these fall silent
//! (`docs/conditions.md`).
//!
//! A condition is a record and a reader of the log: a second record has its cursor and how its channels stand there. One
//! thread owns all of them. It reads what was said, and publishes what follows; the messages and the second record are one
//! transaction: whatever interrupts that, nothing is judged twice and nothing is left out. What follows from what is
//! decided in `fanfare-proto`, by the times of messages.

mod counts;
mod order;
mod thread;
mod watching;

pub use counts::ConditionCounts;
pub(crate) use order::Order;
pub(crate) use thread::Conditions;

use fanfare_proto::ConditionId;
use fanfare_store::RecordChange;

/// The kind of the records of what is asked for.
const KIND: &str = "condition";
/// The kind of the records of how far they are.
const STATE_KIND: &str = "condition_state";

/// A record as it is to be; without one it ends.
fn change(kind: &'static str, id: ConditionId, record: Option<Vec<u8>>) -> RecordChange {
    RecordChange { kind, key: id.to_string().into(), value: record.map(Into::into) }
}
