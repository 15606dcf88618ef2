//! What an acked reader was given and has not done, as far as it matters to polls: each has ended with its answer, so the
//! server cannot know that whoever asks next is still busy. Over other transports the server counts.

use fanfare_proto::limits;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Messages in hand.
#[derive(Debug, Default)]
pub(crate) struct Hand {
    given: AtomicUsize,
    /// Of those, what is done or given back; it leaves the hand when whoever listens asks for more.
    done: AtomicUsize,
    free: Notify,
}

impl Hand {
    /// A message was brought.
    pub fn take(&self) {
        self.given.fetch_add(1, Relaxed);
    }

    /// A message is done, or was given back.
    pub fn done(&self) {
        self.done.fetch_add(1, Relaxed);
    }

    /// Whoever listens asks for more.
    pub fn ask(&self) {
        let done = self.done.swap(0, Relaxed);
        if done > 0 {
            // What was said twice of one message is done once.
            let _ = self.given.fetch_update(Relaxed, Relaxed, |given| Some(given.saturating_sub(done)));
            self.free.notify_one();
        }
    }

    /// Waits until nothing is in hand, or as long as a server waits for it at the most.
    pub async fn free(&self) {
        let free = async {
            while self.given.load(Relaxed) > 0 {
                self.free.notified().await;
            }
        };
        if timeout(limits::READER_WAITS[1], free).await.is_err() {
            self.given.store(0, Relaxed);
        }
    }
}
