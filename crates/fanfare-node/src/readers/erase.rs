//! What acked readers hold of messages that were removed or deleted since they were read: nothing of what was said.

use super::place::{Held, Place, Spent};
use super::reader::{Reader, TROUBLE_TIME};
use super::{Keeper, Seat};
use crate::Removed;
use crate::hands::Hands;
use fanfare_proto::{Became, Message, Refusal, Time};
use std::sync::Arc;

impl Keeper {
    /// If something was removed or deleted since this was asked last: erases what the log has erased.
    pub(super) fn erase(&mut self, hands: &Hands) {
        let removed = hands.tail.removed_since(self.removals);
        let news = removed.count() != self.removals;
        self.removals = removed.count();
        let now = hands.now();
        for reader in self.readers.values_mut().filter(|reader| news || reader.unsure) {
            reader.erase_all(hands, &removed, now);
        }
    }
}

impl Reader {
    /// If it cannot be looked for what was erased, nothing is given until it can.
    fn erase_all(&mut self, hands: &Hands, removed: &Removed, now: Time) {
        if self.unsure && self.trouble > now {
            return;
        }
        let erased = self.erase(hands, removed);
        self.unsure = erased.is_err();
        if let Err(refusal) = erased {
            let reader = self.name.as_str();
            tracing::warn!(reader, %refusal, "what was deleted could not be looked for; it is soon");
            (self.trouble, self.bury) = (now.after(TROUBLE_TIME), now.after(TROUBLE_TIME));
        }
    }

    fn erase(&mut self, hands: &Hands, removed: &Removed) -> Result<(), Refusal> {
        let unsure = self.unsure;
        let asked = |held: &&Held| is_whole(held) && (unsure || removed.may_have(held.log, &held.message));
        let named: Vec<_> = self.window.items().filter(asked).map(Held::named).collect();
        let places: Vec<Place> = named.iter().map(|(place, _)| *place).collect();
        let (mut gone, mut erased) = (Vec::new(), Vec::new());
        for (place, found) in places.into_iter().zip(hands.found(named)?) {
            match found {
                None => gone.push(place),
                Some(found) if found.content.became == Some(Became::Deleted) => erased.push((place, found)),
                Some(_) => {}
            }
        }
        for held in self.window.items_mut() {
            let place = held.place();
            if let Some((_, found)) = erased.iter().find(|(other, _)| *other == place) {
                held.message = found.clone();
            }
        }
        if !erased.is_empty() {
            self.seats.iter().for_each(|seat| seat.erase(&erased));
        }
        if self.window.ack(|held| gone.contains(&held.place())) > 0 {
            self.withdraw();
            self.settle(hands.now());
        }
        Ok(())
    }

    /// What was given too often and is to be buried. Of what was deleted or has expired meanwhile nothing is: it is done.
    pub(super) fn take_spent(&mut self, now: Time) -> Vec<Spent> {
        let (left, over): (Vec<_>, Vec<_>) = self
            .window
            .spent(self.rules.attempts)
            .map(|(held, attempts)| Spent::new(held, attempts))
            .partition(|spent| {
                spent.message.content.became != Some(Became::Deleted) && !spent.message.is_expired(now)
            });
        if self.window.ack(|held| over.iter().any(|spent| spent.place == held.place())) > 0 {
            self.settle(now);
        }
        left
    }
}

fn is_whole(held: &Held) -> bool {
    held.message.content.became != Some(Became::Deleted)
}

impl Seat {
    /// What waits for a session and was erased is what is left of it.
    fn erase(&self, erased: &[(Place, Arc<Message>)]) {
        for given in &mut self.waits().messages {
            if let Some((_, erased)) = erased.iter().find(|(place, _)| *place == given.place) {
                given.message = erased.clone();
            }
        }
    }
}
