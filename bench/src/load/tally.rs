//! What readers of one channel have heard: how many deliveries, how late, what is missing and what came twice.

use super::Told;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::number_after;
use crate::readers::{Audience, number_of};
use hdrhistogram::Histogram;
use std::collections::HashMap;
use std::time::Instant;

/// The account of all readers.
pub struct Tally {
    epoch: Instant,
    said: u64,
    /// The last number that each reader heard.
    heard: Vec<u64>,
    /// Readers that have not heard the last one; if each message is for one reader: messages that were not heard.
    missing: usize,
    alone: bool,
    /// If each message is for one reader: how many were said to each.
    due: HashMap<usize, u64>,
    began: Instant,
    last: Instant,
    /// Microseconds.
    times: Histogram<u64>,
    lost: u64,
    repeated: u64,
}

impl Tally {
    pub fn new() -> Result<Tally> {
        let (now, times) = (Instant::now(), Histogram::new(3)?);
        Ok(Tally {
            epoch: now,
            said: 0,
            heard: Vec::new(),
            missing: 0,
            alone: false,
            due: HashMap::new(),
            began: now,
            last: now,
            times,
            lost: 0,
            repeated: 0,
        })
    }

    /// A new account.
    pub fn begin(&mut self) {
        self.times.reset();
        (self.lost, self.repeated, self.began) = (0, 0, Instant::now());
        self.last = self.began;
    }

    /// So many readers hear from now on.
    pub fn expect(&mut self, readers: usize) {
        self.heard.resize(readers, self.said);
    }

    /// So many readers come that have missed the last messages.
    pub fn expect_after(&mut self, readers: usize, missed: u64) {
        self.heard = vec![self.said - missed; readers];
        self.missing = readers;
    }

    /// The next message to all: its body, filled up to `bytes`, and its number.
    pub fn say(&mut self, bytes: usize, due: Instant) -> (String, u64) {
        self.said += 1;
        self.missing = self.heard.len();
        (self.body(self.said, bytes, due), self.said)
    }

    /// The next message to one reader alone.
    pub fn say_to(&mut self, reader: usize, bytes: usize, due: Instant) -> String {
        self.alone = true;
        let number = self.due.entry(reader).or_default();
        *number += 1;
        let number = *number;
        self.missing += 1;
        self.body(number, bytes, due)
    }

    fn body(&self, number: u64, bytes: usize, due: Instant) -> String {
        let due = due.saturating_duration_since(self.epoch).as_micros();
        format!("{:-<bytes$}", format!("number {number} due {due} "))
    }

    /// Whether all readers have heard the last message.
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// What is still missing is lost.
    pub fn give_up(&mut self) {
        for (reader, heard) in self.heard.iter_mut().enumerate() {
            let said = if self.alone { self.due.get(&reader).copied().unwrap_or(0) } else { self.said };
            self.lost += said - std::mem::replace(heard, said);
        }
        self.missing = 0;
    }

    /// The account.
    pub fn told(&self) -> Result<Told> {
        let late = |quantile| self.times.value_at_quantile(quantile) as f64 / 1000.0;
        Ok(Told {
            deliveries: self.times.len(),
            lost: self.lost,
            repeated: self.repeated,
            seconds: (self.last - self.began).as_secs_f64(),
            p50: late(0.5),
            p99: late(0.99),
            p999: late(0.999),
            slowest: late(1.0),
        })
    }
}

impl Audience for Tally {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        // A gap shows in the numbers, and what else a server says of itself is no delivery.
        if event.name.starts_with(b"$") {
            return Ok(());
        }
        let number = number_of(event)?;
        let due = number_after(event.data, b" due ").ok_or("a message does not say when it was due")?;
        let before = self.heard.get_mut(reader).ok_or("a reader hears too early")?;
        if number <= *before {
            self.repeated += 1;
            return Ok(());
        }
        self.lost += number - *before - 1;
        *before = number;
        self.missing -= usize::from(self.alone || number == self.said);
        self.last = Instant::now();
        let now = (self.last - self.epoch).as_micros() as u64;
        Ok(self.times.record(now.saturating_sub(due))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_and_what_comes_twice_is_counted() {
        let mut tally = Tally::new().unwrap();
        tally.expect(2);
        let messages: Vec<String> = (0..4).map(|_| tally.say(64, Instant::now()).0).collect();
        assert!(messages.iter().all(|message| message.len() == 64));
        let mut hear = |reader, number: usize| {
            tally.hear(reader, &Event { name: b"", data: messages[number - 1].as_bytes() }).unwrap();
        };
        for (reader, number) in [(0, 1), (0, 2), (0, 3), (0, 4), (1, 1), (1, 1), (1, 3)] {
            hear(reader, number);
        }
        assert!(!tally.is_complete());
        tally.give_up();
        let told = tally.told().unwrap();
        assert!(tally.is_complete());
        assert_eq!((told.deliveries, told.lost, told.repeated), (6, 2, 1));
    }
}
