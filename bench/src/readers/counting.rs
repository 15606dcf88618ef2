//! Readers that all hear the same numbers: each reader hears each number once, in order.

use super::Audience;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::number_after;

/// What each reader heard of a row of numbers.
pub struct Counting {
    /// The last number that was said.
    said: u64,
    /// The last number that each reader heard.
    heard: Vec<u64>,
    /// Readers that have not heard the last one.
    missing: usize,
}

impl Counting {
    pub fn new(readers: usize) -> Counting {
        Counting { said: 0, heard: vec![0; readers], missing: 0 }
    }

    /// The body of the next message: a number, and filled up to `bytes`.
    pub fn say(&mut self, bytes: usize) -> String {
        self.said += 1;
        self.missing = self.heard.len();
        body(self.said, bytes)
    }

    /// Whether every reader has heard the last one.
    pub fn is_complete(&self) -> bool {
        self.missing == 0
    }
}

impl Audience for Counting {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        let number = number_of(event)?;
        let before = std::mem::replace(&mut self.heard[reader], number);
        if number != before + 1 || number > self.said {
            return Err(format!("reader {reader} heard {number} after {before}").into());
        }
        self.missing -= usize::from(number == self.said);
        Ok(())
    }
}

/// A message: its number, filled up to `bytes`.
pub fn body(number: u64, bytes: usize) -> String {
    format!("{:-<bytes$}", format!("number {number} "))
}

/// The number of a message.
pub fn number_of(event: &Event<'_>) -> Result<u64> {
    let number = number_after(event.data, b"number ").filter(|_| event.name.is_empty());
    number.ok_or_else(|| format!("not what was published: {event:?}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lost_or_repeated_is_an_error() {
        let mut counting = Counting::new(2);
        let (first, second) = (counting.say(16), counting.say(1));
        assert_eq!((&*first, &*second), ("number 1 -------", "number 2 "));
        let [first, second] = [&first, &second].map(|text| Event { name: b"", data: text.as_bytes() });
        counting.hear(0, &first).unwrap();
        counting.hear(0, &second).unwrap();
        assert!(!counting.is_complete());
        assert!(counting.hear(0, &second).is_err());
        assert!(counting.hear(1, &second).is_err());
        assert!(counting.hear(1, &Event { name: b"$gap", data: b"number 1" }).is_err());
    }
}
