//! Readers of one channel that may miss numbers if they are told so: each hole has its gap, with the right range.

use super::Audience;
use super::numbers::number_of;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::number_after;
use std::collections::BTreeSet;

/// What readers heard of a row of numbers.
#[derive(Default)]
pub struct Hearing {
    readers: Vec<Reader>,
    /// Where numbers are missing.
    holes: Vec<Hole>,
    /// What was lost without a word, repeated or out of order.
    wrong: usize,
}

/// What all readers were told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Gaps, and how many readers had any.
    pub gaps: usize,
    pub readers: usize,
    /// What was lost without a word, repeated or out of order, and gaps that do not say what is missing.
    pub wrong: usize,
}

struct Reader {
    /// The last number it heard.
    last: u64,
    /// A gap that it was told since.
    gap: Option<Gap>,
}

/// Positions after `from`, up to `to`.
#[derive(Debug, Clone, Copy)]
struct Gap {
    from: u64,
    to: u64,
}

/// A reader heard `after`, a gap, and then `before`.
#[derive(Debug)]
struct Hole {
    reader: usize,
    after: u64,
    before: u64,
    gap: Gap,
}

impl Hearing {
    /// So many more readers will hear what comes after `number`.
    pub fn join(&mut self, readers: usize, number: u64) {
        let more = std::iter::repeat_with(|| Reader { last: number, gap: None });
        self.readers.extend(more.take(readers));
    }

    /// Whether every reader has heard this number.
    pub fn have_all_heard(&self, number: u64) -> bool {
        self.readers.iter().all(|reader| reader.last == number)
    }

    /// Compares each gap with what is missing, given the positions of all numbers from 1.
    pub fn account(&self, positions: &[u64]) -> Account {
        let position = |number: u64| positions.get(number.checked_sub(1)? as usize).copied();
        let is_right = |hole: &Hole| {
            let Gap { from, to } = hole.gap;
            let first = position(hole.after) <= Some(from) && Some(from) < position(hole.after + 1);
            first && position(hole.before - 1) <= Some(to) && Some(to) < position(hole.before)
        };
        let readers: BTreeSet<usize> = self.holes.iter().map(|hole| hole.reader).collect();
        let wrong = self.wrong + self.holes.iter().filter(|hole| !is_right(hole)).count();
        Account { gaps: self.holes.len(), readers: readers.len(), wrong }
    }
}

impl Audience for Hearing {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        let Reader { last, gap } = &mut self.readers[reader];
        if event.name == b"$gap" {
            let range = number_after(event.data, b"\"from\":").zip(number_after(event.data, b"\"to\":"));
            let (from, to) = range.ok_or_else(|| format!("a gap without a range: {event:?}"))?;
            self.wrong += usize::from(gap.replace(Gap { from, to }).is_some());
            return Ok(());
        }
        let number = number_of(event)?;
        match (number == *last + 1, gap.take()) {
            (true, None) => {}
            (false, Some(gap)) if number > *last => {
                self.holes.push(Hole { reader, after: *last, before: number, gap });
            }
            _ => self.wrong += 1,
        }
        *last = number.max(*last);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of hearing these, after number 1, as gaps and what is wrong; numbers are at ten times as high a position.
    fn heard(events: &[(&str, &str)]) -> (usize, usize) {
        let mut hearing = Hearing::default();
        hearing.join(1, 1);
        for (name, data) in events {
            hearing.hear(0, &Event { name: name.as_bytes(), data: data.as_bytes() }).unwrap();
        }
        let account = hearing.account(&(1..10).map(|number| number * 10).collect::<Vec<_>>());
        assert_eq!(account.readers, account.gaps);
        (account.gaps, account.wrong)
    }

    #[test]
    fn a_hole_needs_a_gap_with_its_range() {
        let gap = |from, to| format!("{{\"gap\":{{\"from\":{from},\"to\":{to},\"reason\":\"trimmed\"}}}}");
        assert_eq!(heard(&[("", "number 2"), ("", "number 3")]), (0, 0));
        assert_eq!(heard(&[("", "number 3")]), (0, 1));
        assert_eq!(heard(&[("", "number 1")]), (0, 1));
        assert_eq!(heard(&[("$gap", &gap(10, 30)), ("", "number 4")]), (1, 0));
        for (from, to) in [(0, 30), (20, 30), (10, 20), (10, 40)] {
            assert_eq!(heard(&[("$gap", &gap(from, to)), ("", "number 4")]), (1, 1), "{from} {to}");
        }
        assert_eq!(heard(&[("$gap", &gap(10, 10)), ("", "number 2")]), (0, 1));
        assert_eq!(heard(&[("$gap", &gap(10, 20)), ("$gap", &gap(10, 30)), ("", "number 4")]), (1, 1));
    }
}
