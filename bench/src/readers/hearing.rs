//! Readers of one channel that may miss numbers if they are told so: each hole has its gap, with the right range.

use super::Audience;
use super::numbers::number_of;
use crate::ears::Event;
use crate::outcome::Result;
use crate::publisher::number_after;

/// What readers heard of a row of numbers.
#[derive(Default)]
pub struct Hearing {
    readers: Vec<Reader>,
    /// Where numbers are missing.
    holes: Vec<Hole>,
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

    /// Compares each gap with what is missing, given the positions of all numbers from 1. Answers how many there are.
    pub fn check(&self, positions: &[u64]) -> Result<usize> {
        let position = |number: u64| positions.get(number.checked_sub(1)? as usize).copied();
        for hole in &self.holes {
            let Gap { from, to } = hole.gap;
            let first = position(hole.after) <= Some(from) && Some(from) < position(hole.after + 1);
            let last = position(hole.before - 1) <= Some(to) && Some(to) < position(hole.before);
            if !first || !last {
                return Err(format!(
                    "reader {}: its gap does not say what is missing: {hole:?}",
                    hole.reader
                )
                .into());
            }
        }
        Ok(self.holes.len())
    }
}

impl Audience for Hearing {
    fn hear(&mut self, reader: usize, event: &Event<'_>) -> Result<()> {
        let Reader { last, gap } = &mut self.readers[reader];
        if event.name == b"$gap" {
            let range = number_after(event.data, b"\"from\":").zip(number_after(event.data, b"\"to\":"));
            let (from, to) = range.ok_or_else(|| format!("a gap without a range: {event:?}"))?;
            return match gap.replace(Gap { from, to }) {
                None => Ok(()),
                Some(_) => Err(format!("reader {reader} was told two gaps after {last}").into()),
            };
        }
        let number = number_of(event)?;
        match (number == *last + 1, gap.take()) {
            (true, None) => {}
            (false, Some(gap)) if number > *last => {
                self.holes.push(Hole { reader, after: *last, before: number, gap });
            }
            (_, gap) => {
                return Err(format!("reader {reader} heard {number} after {last}, gap: {gap:?}").into());
            }
        }
        *last = number;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of hearing these, after number 1; numbers are at ten times as high a position.
    fn heard(events: &[(&str, &str)]) -> Result<usize> {
        let mut hearing = Hearing::default();
        hearing.join(1, 1);
        for (name, data) in events {
            hearing.hear(0, &Event { name: name.as_bytes(), data: data.as_bytes() })?;
        }
        hearing.check(&(1..10).map(|number| number * 10).collect::<Vec<_>>())
    }

    #[test]
    fn a_hole_needs_a_gap_with_its_range() {
        let gap = |from, to| format!("{{\"gap\":{{\"from\":{from},\"to\":{to},\"reason\":\"trimmed\"}}}}");
        assert_eq!(heard(&[("", "number 2"), ("", "number 3")]).unwrap(), 0);
        assert!(heard(&[("", "number 3")]).is_err());
        assert!(heard(&[("", "number 1")]).is_err());
        assert_eq!(heard(&[("$gap", &gap(10, 30)), ("", "number 4")]).unwrap(), 1);
        for (from, to) in [(0, 30), (20, 30), (10, 20), (10, 40)] {
            assert!(heard(&[("$gap", &gap(from, to)), ("", "number 4")]).is_err(), "{from} {to}");
        }
        assert!(heard(&[("$gap", &gap(10, 10)), ("", "number 2")]).is_err());
    }
}
