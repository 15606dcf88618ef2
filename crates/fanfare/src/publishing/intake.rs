//! What was read and not sent yet: one batch being filled while another is on its way. Whoever reads waits when it
//! is full, whoever sends when it is empty, so memory stays the same however fast lines come.

use super::batch::{Batch, Entry};
use crate::failure::Failure;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// The batch that is being filled. Cheap to clone: reader, sender and interrupt share it.
#[derive(Clone, Default)]
pub struct Intake(Arc<Shared>);

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    filling: Batch,
    refused: u64,
    ended: Option<End>,
}

/// Why no more lines come.
pub enum End {
    /// They are over.
    Over,
    /// Somebody wants to stop.
    Interrupted,
    /// They cannot be read.
    Failed(Failure),
}

/// What a sender takes.
pub enum Taken {
    /// Messages to send.
    Batch(Batch),
    /// No more come, and so many lines were too long.
    End(End, u64),
}

impl Intake {
    /// Adds a message; waits while there is no room. Says whether more are wanted.
    pub fn push(&self, entry: Entry) -> bool {
        let full = |state: &mut State| state.ended.is_none() && !state.filling.has_room(&entry);
        let waiting = self.0.changed.wait_while(self.lock(), full);
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        if state.ended.is_some() {
            return false;
        }
        state.filling.push(entry);
        self.0.changed.notify_all();
        true
    }

    /// Counts a line that cannot be sent.
    pub fn refuse(&self) {
        self.lock().refused += 1;
    }

    /// No more come. The first reason stays.
    pub fn end(&self, end: End) {
        self.lock().ended.get_or_insert(end);
        self.0.changed.notify_all();
    }

    /// Takes all there is; waits while there is nothing.
    pub fn take(&self) -> Taken {
        let empty = |state: &mut State| state.ended.is_none() && state.filling.is_empty();
        let waiting = self.0.changed.wait_while(self.lock(), empty);
        let mut state = waiting.unwrap_or_else(PoisonError::into_inner);
        let batch = mem::take(&mut state.filling);
        self.0.changed.notify_all();
        match state.ended.take_if(|_| batch.is_empty()) {
            Some(end) => Taken::End(end, state.refused),
            None => Taken::Batch(batch),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn everything_pushed_is_taken_in_order_within_the_limits() {
        let intake = Intake::default();
        let pushing = intake.clone();
        let reader = thread::spawn(move || {
            for line in 1..=20_000 {
                assert!(pushing.push(Entry { line, envelope: vec![b'x'; 1000] }));
            }
            pushing.end(End::Over);
        });
        let mut expected = 1;
        while let Taken::Batch(batch) = intake.take() {
            let bytes: usize = batch.entries().iter().map(|entry| entry.envelope.len() + 1).sum();
            assert!(bytes <= fanfare_proto::limits::BATCH_BYTES);
            for entry in batch.entries() {
                assert_eq!(entry.line, expected);
                expected += 1;
            }
        }
        assert_eq!(expected, 20_001);
        reader.join().unwrap();
    }

    #[test]
    fn what_was_read_is_sent_after_an_interrupt() {
        let intake = Intake::default();
        assert!(intake.push(Entry { line: 1, envelope: vec![b'x'] }));
        intake.end(End::Interrupted);
        assert!(!intake.push(Entry { line: 2, envelope: vec![b'x'] }));
        assert!(matches!(intake.take(), Taken::Batch(batch) if batch.entries().len() == 1));
        assert!(matches!(intake.take(), Taken::End(End::Interrupted, 0)));
    }
}
