//! The seam between a node and what keeps its messages and its records together.

use crate::{Draft, Log, RecordChange, Records, StoreError};
use fanfare_proto::{Message, Time};
use std::sync::Arc;

/// What keeps messages and records together.
pub trait Store: Log + Records {
    /// [`append`](Log::append) and [`change`](Records::change) in one: both or neither. There is at least one draft.
    fn append_with(
        &self,
        drafts: Vec<Draft>,
        changes: &[RecordChange],
        now: Time,
    ) -> Result<Vec<Arc<Message>>, StoreError>;
}
