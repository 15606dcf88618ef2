//! A thread that begins with the first thing it is asked: most servers have none of what it owns.

use crate::asked::Asked;
use fanfare_proto::{Code, Refusal};
use fanfare_store::StoreError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

/// The thread, before and after it has begun. Whoever has it ends it by [`Begun::stop`].
pub(crate) struct Begun<S> {
    name: &'static str,
    stage: Mutex<Stage<S>>,
}

enum Stage<S> {
    /// What it begins with.
    Not(S),
    /// It could not: what it begins with is read again.
    Failed,
    Is(JoinHandle<()>),
    Over,
}

impl<S: Send + 'static> Begun<S> {
    pub(crate) fn not(name: &'static str, state: S) -> Begun<S> {
        Begun { name, stage: Mutex::new(Stage::Not(state)) }
    }

    fn stage(&self) -> MutexGuard<'_, Stage<S>> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins, unless it has. Answers whether it did. If the system has no thread for it, that is told, and tried again with
    /// whoever asks next.
    pub(crate) fn begin<O: Send + 'static, A: Send + 'static>(
        &self,
        asked: &Arc<Asked<O, A>>,
        load: impl FnOnce() -> Result<S, StoreError>,
        run: impl FnOnce(&Asked<O, A>, S) + Send + 'static,
    ) -> Result<bool, StoreError> {
        let mut stage = self.stage();
        let state = match std::mem::replace(&mut *stage, Stage::Failed) {
            Stage::Not(state) => state,
            Stage::Failed => load()?,
            begun => {
                *stage = begun;
                return Ok(false);
            }
        };
        let (name, asked) = (self.name, asked.clone());
        let run = move || {
            let _end = End(name, &asked);
            run(&asked, state);
        };
        match Builder::new().name(name.into()).spawn(run) {
            Ok(thread) => *stage = Stage::Is(thread),
            Err(error) => {
                tracing::error!(%error, thread = name, "a thread cannot start: nothing is done by it until it can");
                return Err(StoreError::Failed(format!("the thread of {name} cannot start: {error}")));
            }
        }
        Ok(true)
    }

    /// Waits for its end. It does not begin any more.
    pub(crate) fn stop(&self) {
        let stage = std::mem::replace(&mut *self.stage(), Stage::Over);
        if let Stage::Is(thread) = stage {
            let _ = thread.join();
        }
    }
}

/// Why nothing can be asked of it.
pub(crate) fn not_begun(error: &StoreError) -> Refusal {
    Refusal::new(Code::BUSY, error.to_string())
}

/// The end of the thread, whatever ends it: nobody waits for it any more.
struct End<'a, O, A>(&'static str, &'a Asked<O, A>);

impl<O, A> Drop for End<'_, O, A> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(
                thread = self.0,
                "a thread has failed: nothing is done by it until the server starts again"
            );
        }
        self.1.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Sender, channel};

    type Line = Arc<Asked<u8, u8>>;

    #[test]
    fn one_that_could_not_begin_begins_with_what_is_read_again() {
        let (begun, asked, (sender, receiver)) = (Begun::not("test", 1), Line::default(), channel());
        let run = |sender: Sender<u8>| move |_: &Asked<u8, u8>, state| sender.send(state).unwrap();
        *begun.stage() = Stage::Failed;
        let failed = begun.begin(&asked, || Err(StoreError::Full("of a test".into())), run(sender.clone()));
        assert!(failed.is_err());
        assert_eq!(begun.begin(&asked, || Ok(7), run(sender.clone())), Ok(true));
        assert_eq!(receiver.recv(), Ok(7));
        assert_eq!(begun.begin(&asked, || Ok(8), run(sender)), Ok(false));
        begun.stop();
    }

    #[test]
    fn one_that_fails_lets_go_of_who_waits() {
        let (begun, asked) = (Begun::not("test", ()), Line::default());
        let question = asked.put(1).unwrap();
        let run = |_: &Asked<u8, u8>, ()| panic!("as a test wants it");
        assert_eq!(begun.begin(&asked, || Ok(()), run), Ok(true));
        assert!(question.blocking_recv().is_err());
        assert_eq!(asked.put(2).unwrap_err().code, Code::DRAINING);
        begun.stop();
    }
}
