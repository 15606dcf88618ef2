//! What is asked of the thread of schedules.

use crate::asked::{self, Asked};
use fanfare_proto::{Grant, Planned, Schedule, ScheduleId};

/// What is asked. Grants and limits of namespaces were looked at before, as far as the new message goes.
pub(crate) enum Order {
    Make { schedule: Schedule, publisher: Option<Box<str>> },
    Replace { id: ScheduleId, grant: Grant, schedule: Schedule },
    Cancel { id: ScheduleId, grant: Grant },
}

/// Where the answer goes: the schedule as it is, or was; none if it could not be read and is gone.
pub(super) type Answer = asked::Answer<Option<Planned>>;
pub(super) type Orders = Asked<Order, Option<Planned>>;
