//! When hearing may end: between two messages, and before another one is begun.

use crate::exit::Exit;
use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::stderr::tell;
use std::process::exit;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Held while a message is being handled and its place kept. Shared with whoever ends the process.
#[derive(Debug, Clone)]
pub struct Turn {
    busy: Arc<Mutex<()>>,
    interrupted: Arc<AtomicBool>,
}

impl Turn {
    /// Nobody has it, and nobody has interrupted.
    pub fn new() -> Result<Turn, Failure> {
        Ok(Turn { busy: Arc::default(), interrupted: interrupted()? })
    }

    /// Waits for it.
    pub fn take(&self) -> MutexGuard<'_, ()> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An error once the process is to end: no message is begun any more.
    pub fn check(&self) -> Result<(), Failure> {
        match self.interrupted.load(SeqCst) {
            true => Err(Failure::new(Exit::INTERRUPTED, "")),
            false => Ok(()),
        }
    }

    /// Ends the process once the message that is being handled is, and before another one is.
    pub fn interrupt(&self) {
        if self.busy.try_lock().is_err() {
            tell("ends with the message that is being handled; interrupt again to end at once");
        }
        self.end(Exit::INTERRUPTED);
    }

    /// Ends the process between two messages.
    pub fn end(&self, how: Exit) {
        let _busy = self.take();
        exit(how.number.into());
    }
}
