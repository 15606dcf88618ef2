//! One running node: the commit thread, the tail, the reader threads and the part that every worker shares.
//!
//! - [`Node`]: the door for everything that asks and is answered: publish, history, channels, removal;
//! - [`Desk`]: one worker's sessions. It decides what to write to whom and when; the sockets are the worker's;
//! - [`SchedulesPage`]: some of what is said for later; one thread publishes it when it is due and fills [`ScheduleCounts`];
//! - [`ConditionCounts`]: what became of conditions; one thread hears what they watch, and publishes what follows;
//! - [`Webhooks`]: those that are kept, and how they do;
//! - [`ReaderStatus`]: an acked reader, whose place the node keeps; one thread owns them;
//! - [`Figures`]: what was counted, for whoever watches; [`Count`] and its kin count;
//! - [`Traces`]: who is told of each request and each commit, if somebody is.

mod acked;
mod amending;
mod board;
mod commit;
mod commit_thread;
mod condition;
mod conditions;
mod count;
mod crowds;
mod dead;
mod desk;
mod figures;
mod fold;
mod hands;
mod history;
mod ids;
mod latest;
mod left;
mod lent;
mod locate;
mod node;
mod orders;
mod outgo;
mod places;
mod presence;
mod publish;
mod readers;
mod reading;
mod schedule;
mod scheduling;
mod tail;
mod traces;
mod webhooks;

pub use board::{Lag, SessionKind, Survey};
pub use commit_thread::CommitCounts;
pub use condition::ConditionCounts;
pub use count::{Count, Gaps, Histogram, Refusals};
pub use desk::{Desk, Opening, Outcome, SessionKey, Sink, Task, Terms};
pub use figures::{Figures, LogFigures};
pub use node::{Node, Options};
pub use outgo::Outgo;
pub use publish::Pending;
pub use readers::{ReaderLag, ReaderStatus};
pub use schedule::ScheduleCounts;
pub use scheduling::SchedulesPage;
pub use traces::{Began, CommitTrace, Period, RequestTrace, Traces};
pub use webhooks::{WebhookEntry, WebhookHealth, Webhooks};
