//! The tail: what was committed last, in one order over all logs, for every worker to take (design rule 2).
//!
//! It is short: a worker takes what is new at its next turn and keeps its own window. A worker that was away too
//! long finds that the tail has moved on and reads the logs instead.

use fanfare_hub::{Slot, Window};
use fanfare_proto::{LogId, Mark, Message, Position, limits};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Called after new slots are there.
pub(crate) type Wake = Arc<dyn Fn() + Send + Sync>;

/// What was committed last.
pub(crate) struct Tail {
    window: Mutex<Window<()>>,
    /// Slots it holds at the most, and a desk's window too.
    pub(crate) slots: usize,
    /// One for each desk; they live as long as the node.
    wakes: Mutex<Vec<Wake>>,
}

/// What a worker finds when it takes.
pub(crate) enum Taken {
    /// Everything new, added to its own list; and up to where messages are gone from the logs.
    New(Mark),
    /// The tail has moved past the worker's place: a new window starts here, with this mark.
    Moved(u64, Mark),
}

impl Tail {
    pub(crate) fn new(heads: Mark, slots: usize) -> Tail {
        Tail { window: Mutex::new(Window::new(0, heads)), slots, wakes: Mutex::default() }
    }

    fn window(&self) -> MutexGuard<'_, Window<()>> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut window = self.window();
        let (mut mark, first) = (window.head(), window.end());
        for message in batch {
            mark.set(log, message.position);
            window.push(Slot { log, message: message.clone(), mark, batch: first, beside: () });
        }
        window.shrink(self.slots, limits::TAIL_BYTES);
        drop(window);
        self.wake_all();
    }

    /// Notes that retention has removed messages of a log, this one last.
    pub(crate) fn trim(&self, log: LogId, through: Position) {
        let mut mark = Mark::default();
        mark.set(log, through);
        self.window().trim(&mark);
    }

    /// Forgets every slot, so that nothing removed from a log is heard from here: all readers that are not at
    /// the head read the logs.
    pub(crate) fn forget(&self) {
        let mut window = self.window();
        // One unused sequence number tells workers that are at the end, too.
        *window = Window::new(window.end() + 1, window.head());
        drop(window);
        self.wake_all();
    }

    /// The place and mark of a worker that has taken everything.
    pub(crate) fn head(&self) -> (u64, Mark) {
        let window = self.window();
        (window.end(), window.head())
    }

    /// Copies the slots from a sequence number on.
    pub(crate) fn take(&self, from: u64, into: &mut Vec<Slot<()>>) -> Taken {
        let window = self.window();
        if from < window.start() {
            return Taken::Moved(window.end(), window.head());
        }
        into.extend((from..window.end()).filter_map(|seq| window.get(seq).cloned()));
        Taken::New(window.trimmed())
    }
}
