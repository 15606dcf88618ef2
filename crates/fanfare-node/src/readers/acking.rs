//! What a reader's sessions say of messages that they were given: that they are done, or are to be given again.

use super::place::{Held, Place};
use super::reader::{Reader, waits};
use crate::hands::Hands;
use fanfare_hub::MemberId;
use fanfare_proto::{Ack, AckPlace, AckPlaces, Code, Refusal, Time};

impl Reader {
    /// Takes note of what is done, or is to be given again; of a session, only what it was given if it names no messages
    /// one by one. Answers how many messages that is.
    pub(crate) fn ack(&mut self, hands: &Hands, ack: &Ack, only: Option<MemberId>) -> Result<usize, Refusal> {
        let named = match &ack.places {
            AckPlaces::Through(place) => std::slice::from_ref(place),
            AckPlaces::Each(places) => &places[..],
        };
        let mut meant = self.meant(hands, named)?;
        if meant.len() < named.len() && self.may_read() {
            // What was given before the server was killed is not in the window yet.
            self.read_page(hands)?;
            meant = self.meant(hands, named)?;
        }
        let now = hands.now();
        let from = ack.again.map(|delay| now.after(delay));
        let is_through = matches!(ack.places, AckPlaces::Through(_));
        let mut count = 0;
        for place in meant {
            count += match (from, is_through) {
                (None, true) => self.ack_through(place, only),
                (None, false) => self.window.ack(|held| held.place() == place) + self.earlier.ack(place),
                (Some(from), true) => self.give_back_through(place, only, from),
                (Some(from), false) => self.window.give_back(|held| held.place() == place, only, from),
            };
        }
        if from.is_none() {
            self.counts.acked += count as u64;
        }
        if count > 0 {
            self.withdraw();
            self.settle(now);
        }
        self.used = now;
        Ok(count)
    }

    fn ack_through(&mut self, place: Place, only: Option<MemberId>) -> usize {
        let is_meant = |held: &Held| held.place() == place;
        let (earlier, speakers) = match self.window.speakers(is_meant, only) {
            Some(speakers) => (0, speakers),
            // It lies above what is in the window.
            None => self.earlier.ack_through(place, only).unwrap_or_default(),
        };
        let seats = &self.seats;
        earlier + self.window.ack_through(is_meant, &speakers, |member, held| waits(seats, member, held))
    }

    fn give_back_through(&mut self, place: Place, only: Option<MemberId>, from: Time) -> usize {
        let is_meant = |held: &Held| held.place() == place;
        let speakers = self.window.speakers(is_meant, only);
        speakers.map_or(0, |speakers| self.window.give_back_through(is_meant, &speakers, from))
    }

    /// Takes out of seats what those have in hand no longer.
    pub(super) fn withdraw(&self) {
        for seat in &self.seats {
            seat.retain(|place| self.window.is_with(seat.member, |held| held.place() == place));
        }
    }

    /// Which messages are named, as far as they are known.
    fn meant(&self, hands: &Hands, named: &[AckPlace]) -> Result<Vec<Place>, Refusal> {
        let found = named.iter().map(|place| self.find(hands, place));
        found.filter_map(Result::transpose).collect()
    }

    fn find(&self, hands: &Hands, named: &AckPlace) -> Result<Option<Place>, Refusal> {
        match named {
            AckPlace::Position(position) => {
                let given = self.earlier.given().iter().map(|of| (of.log, of.position));
                let open = self.window.undone().map(Held::place).chain(given);
                let mut open = open.filter(|(_, other)| other == position);
                let first = open.next();
                if open.next().is_some() {
                    let detail = format!(
                        "position {position} is one of a kept and of a live channel: give the cursor"
                    );
                    return Err(Refusal::new(Code::BAD_FIELD, detail));
                }
                Ok(first)
            }
            // It has the places of all logs: its message is the last one that lies at one of them.
            AckPlace::Cursor(cursor) => {
                let is_at = |(log, position): Place| {
                    let epoch = hands.places.epochs[log.index()];
                    cursor.part(log).is_some_and(|part| part.epoch == epoch && part.position == position)
                };
                let above = self.earlier.find(is_at);
                Ok(above.or_else(|| self.window.items().map(Held::place).rfind(|place| is_at(*place))))
            }
        }
    }
}
