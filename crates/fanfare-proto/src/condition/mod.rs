//! Conditions: messages that are published when something becomes true of other channels, or when these fall silent; as they
//! are asked for, kept, judged and shown.
//!
//! - [`Condition`]: what is asked for (`ask.rs`);
//! - [`KeptCondition`]: with its name and who made it (`show.rs`);
//! - [`ConditionState`]: how far each channel is, and what follows from a message or from time (`judge.rs`, `state.rs`);
//! - [`Judge`]: what the filters of a condition say of a message.
//!
//! What time it is and what was said are arguments. Not here: reading logs, and publishing.

mod ask;
mod judge;
mod message;
mod name;
mod show;
mod state;
mod verdict;

pub use message::{Occurrence, Turn};
pub use name::ConditionId;
pub use show::{ConditionView, KeptCondition};
pub use state::{ConditionState, Lost, Phase, Standing};
pub use verdict::{Judge, Verdict};

use crate::{Content, Filter, Pattern, Publish};
use std::time::Duration;

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// What is to be published when it fires. Its `id` is that of the request.
    pub publish: Publish,
    /// What is to be published when it is over; nothing, if there is none.
    pub clear: Option<Content>,
    /// Which channels are judged, each on its own.
    pub watch: Pattern,
    /// What is to be true of a channel.
    pub rule: Rule,
    /// While it fires, it is said again after so long.
    pub repeat: Option<Duration>,
    /// The least time between two firings of a channel; at least [`limits::CONDITION_PAUSE`](crate::limits::CONDITION_PAUSE).
    pub pause: Duration,
}

/// What is to be true of a channel.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// Its newest message is one that a filter wants.
    Holds {
        /// The filter.
        when: Filter,
        /// What its newest message is once that is over; unless said, one that `when` does not want.
        until: Option<Filter>,
        /// For so long without a break, before it fires.
        time: Duration,
    },
    /// Nothing is said.
    Silent {
        /// For so long.
        time: Duration,
        /// Only what this filter wants counts as said.
        when: Option<Filter>,
    },
}
