//! What is asked of the thread of conditions.

use crate::asked::{self, Asked};
use fanfare_proto::{ConditionId, ConditionView, Grant, KeptCondition, Pattern, Refusal};

/// What is asked. Grants and limits of namespaces were looked at before, as far as the new message goes.
pub(crate) enum Order {
    /// Make it; its name and time are given here.
    Make(KeptCondition),
    /// Put it in the place of the one with its name.
    Replace(KeptCondition, Grant),
    Remove(ConditionId, Grant),
    /// One, with its channels.
    Show(ConditionId, Grant),
    /// All whose messages go to the channels that a pattern means.
    List(Pattern, Grant),
}

/// What is answered: conditions as they are.
pub(crate) type Views = Vec<ConditionView>;
pub(super) type Answered = Result<Views, Refusal>;
pub(super) type Answer = asked::Answer<Views>;
pub(super) type Orders = Asked<Order, Views>;
