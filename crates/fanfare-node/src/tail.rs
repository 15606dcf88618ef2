//! The tail: what was committed last, in one order over all logs, for every worker to take (design rule 2).
//!
//! It is short: a worker takes what is new at its next turn and keeps its own window. A worker that was away too
//! long finds that the tail has moved on and reads the logs instead.

use crate::removed::{Removals, Removed};
use fanfare_hub::{Slot, Window};
use fanfare_proto::{Amends, LogId, Mark, Message, Position, limits};
use fanfare_store::Removal;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Called after new slots are there.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the logs have lost so far. Pages that were read before a loss are not shared after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Lost {
    /// Retention has removed messages up to here.
    pub(crate) trimmed: Mark,
    /// How often messages were removed by request, or deleted by a message.
    pub(crate) removals: u64,
}

/// What was committed last.
pub(crate) struct Tail {
    shared: Mutex<Shared>,
    /// Slots it holds at the most, and a desk's window too.
    pub(crate) slots: usize,
    /// One for each desk; they live as long as the node.
    wakes: Mutex<Vec<Wake>>,
}

struct Shared {
    window: Window<()>,
    /// Retention has removed messages up to here.
    trimmed: Mark,
    removals: Removals,
}

impl Shared {
    fn lost(&self) -> Lost {
        Lost { trimmed: self.trimmed, removals: self.removals.count() }
    }
}

/// What a worker finds when it takes.
pub(crate) enum Taken {
    /// Everything new, added to its own list.
    New,
    /// The tail has moved past the worker's place: a new window starts here, with this mark.
    Moved(u64, Mark),
}

impl Tail {
    pub(crate) fn new(heads: Mark, slots: usize) -> Tail {
        let (trimmed, removals) = Default::default();
        let shared = Shared { window: Window::new(0, heads), trimmed, removals };
        Tail { shared: Mutex::new(shared), slots, wakes: Mutex::default() }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `wake` after every push from now on.
    pub(crate) fn watch(&self, wake: Wake) {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).push(wake);
    }

    fn wake_all(&self) {
        self.wakes.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|wake| wake());
    }

    /// Makes one committed batch of a log visible to all workers. Batches of one log come in their order.
    pub(crate) fn push(&self, log: LogId, batch: &[Arc<Message>]) {
        let mut shared = self.shared();
        let mut mark = shared.window.head();
        for message in batch {
            mark.set(log, message.position);
            shared.window.push(Slot { log, message: message.clone(), mark, beside: () });
            if let Some(Amends::Deletes(target)) = message.content.amends {
                shared.window.erase(log, target);
                shared.removals.push(log, Removal::Message(target));
            }
        }
        // A batch that is large alone stays whole: otherwise every worker would have to read it from the log.
        let bytes: usize = batch.iter().map(|message| message.content.size()).sum();
        shared.window.shrink(self.slots.max(batch.len()), bytes.max(limits::TAIL_BYTES));
        drop(shared);
        self.wake_all();
    }

    /// Notes that retention has removed messages of a log, this one last.
    pub(crate) fn trim(&self, log: LogId, through: Position) {
        self.shared().trimmed.raise(log, through);
    }

    /// Something was removed from a log. Forgets every slot, so that nothing of it is heard from here: all readers that are not at
    /// the head read the logs.
    pub(crate) fn forget(&self, log: LogId, removal: &Removal) {
        let mut shared = self.shared();
        // One unused sequence number tells workers that are at the end, too.
        shared.window = Window::new(shared.window.end() + 1, shared.window.head());
        shared.removals.push(log, removal.clone());
        drop(shared);
        self.wake_all();
    }

    /// What was removed, or deleted by a message, since there were so many removals.
    pub(crate) fn removed_since(&self, removals: u64) -> Removed {
        self.shared().removals.since(removals)
    }

    /// The place and mark of a worker that has taken everything.
    pub(crate) fn head(&self) -> (u64, Mark) {
        let Shared { window, .. } = &*self.shared();
        (window.end(), window.head())
    }

    /// Copies the slots from a sequence number on.
    pub(crate) fn take(&self, from: u64, into: &mut Vec<Slot<()>>) -> (Taken, Lost) {
        let shared = self.shared();
        let window = &shared.window;
        if from < window.start() {
            return (Taken::Moved(window.end(), window.head()), shared.lost());
        }
        into.extend((from..window.end()).filter_map(|seq| window.get(seq).cloned()));
        (Taken::New, shared.lost())
    }
}
