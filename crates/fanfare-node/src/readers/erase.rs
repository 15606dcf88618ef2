//! What acked readers hold of messages that were deleted since they were read: nothing of what was said.

use super::place::Held;
use super::reader::Reader;
use super::{Keeper, Seat};
use crate::hands::Hands;
use fanfare_proto::{Message, Refusal};
use std::sync::Arc;

impl Keeper {
    /// If something was removed or deleted since this was asked last: erases what the log has erased.
    pub(super) fn erase(&mut self, hands: &Hands) {
        let removals = hands.tail.removals();
        if self.removals == removals {
            return;
        }
        let erased: Result<Vec<()>, Refusal> =
            self.readers.values_mut().map(|reader| reader.erase(hands)).collect();
        match erased {
            Ok(_) => self.removals = removals,
            Err(refusal) => tracing::warn!(%refusal, "what was deleted could not be looked for; it is soon"),
        }
    }
}

impl Reader {
    fn erase(&mut self, hands: &Hands) -> Result<(), Refusal> {
        let whole = |held: &&Held| held.message.content.became.is_none();
        let asked: Vec<_> = self.window.items().filter(whole).map(Held::named).collect();
        let (mut found, mut erased) = (hands.found(asked)?.into_iter(), Vec::new());
        for held in self.window.items_mut().filter(|held| whole(&&**held)) {
            let found = found.next().flatten().filter(|found| found.content.became.is_some());
            if let Some(found) = found {
                held.message = found;
                erased.push(held.message.clone());
            }
        }
        if !erased.is_empty() {
            self.seats.iter().for_each(|seat| seat.erase(&erased));
        }
        Ok(())
    }
}

impl Seat {
    /// What waits for a session and was erased is what is left of it.
    fn erase(&self, erased: &[Arc<Message>]) {
        for given in &mut self.waits().messages {
            let same = |other: &&Arc<Message>| {
                other.position == given.message.position && other.channel == given.message.channel
            };
            if let Some(erased) = erased.iter().find(same) {
                given.message = erased.clone();
            }
        }
    }
}
