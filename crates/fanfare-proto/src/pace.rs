//! How fast a reader hears at the most: in ticks, each of so many bytes (design rule 8).

use crate::{Code, Query, Refusal, Time, quote};
use std::time::Duration;

/// Ticks of a reader that only bytes are counted for.
const USUAL: u32 = 100;
/// Bytes a second.
const BYTES: std::ops::RangeInclusive<u64> = 1..=1_000_000_000;
/// What is multiplied, longest first.
const UNITS: &[(&str, u64)] =
    &[("KiB", 1 << 10), ("MiB", 1 << 20), ("kB", 1000), ("MB", 1_000_000), ("k", 1000), ("M", 1_000_000)];

/// At most one message of each key, and one of those without a key, in each tick; and so many bytes a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Milliseconds between two ticks.
    every: u32,
    /// Bytes a second; zero if they are not counted.
    bytes: u32,
    /// Whether messages are counted.
    counts: bool,
}

impl Pace {
    /// The parameters that [`Pace::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["bytes", "rate"];

    /// What a request asks.
    pub fn asked(query: &Query<'_>) -> Result<Option<Pace>, Refusal> {
        let bad = |name: &str, why: String| Refusal::new(Code::BAD_FIELD, format!("{name}: {why}"));
        let rate = query.one("rate")?.map(parse_rate).transpose().map_err(|why| bad("rate", why))?;
        let bytes = query.one("bytes")?.map(parse_bytes).transpose().map_err(|why| bad("bytes", why))?;
        Ok(Pace::of(rate, bytes))
    }

    /// So many milliseconds between two messages, so many bytes a second.
    pub fn of(every: Option<u32>, bytes: Option<u32>) -> Option<Pace> {
        if every.is_none() && bytes.is_none() {
            return None;
        }
        Some(Pace { every: every.unwrap_or(USUAL), bytes: bytes.unwrap_or(0), counts: every.is_some() })
    }

    /// Milliseconds between two messages, and bytes a second, as far as either is limited.
    pub fn limits(self) -> (Option<u32>, Option<u32>) {
        (self.counts.then_some(self.every), Some(self.bytes).filter(|bytes| *bytes > 0))
    }

    /// The slower one of each.
    #[must_use]
    pub fn slowest(self, other: Pace) -> Pace {
        let ((every, bytes), (other_every, other_bytes)) = (self.limits(), other.limits());
        Pace::of(every.max(other_every), bytes.into_iter().chain(other_bytes).min()).unwrap_or(self)
    }

    /// Whether messages without a key are given one by one, too.
    pub fn counts(self) -> bool {
        self.counts
    }

    /// Bytes of one tick; one message more may pass it.
    pub fn tick_bytes(self) -> u32 {
        match self.bytes {
            0 => u32::MAX,
            bytes => {
                u32::try_from(u64::from(bytes) * u64::from(self.every) / 1000).unwrap_or(u32::MAX).max(1)
            }
        }
    }

    /// The first tick after a moment. Ticks of the same length come together, so that readers share what is written.
    pub fn next(self, now: Time) -> Time {
        Time((now.0 / u64::from(self.every) + 1) * u64::from(self.every))
    }

    /// The next tick after one in which so many bytes were written.
    pub fn after(self, now: Time, written: usize) -> Time {
        let debt = match self.bytes {
            0 => 0,
            bytes => (written as u64 * 1000 / u64::from(bytes)).saturating_sub(u64::from(self.every)),
        };
        self.next(now.after(Duration::from_millis(debt)))
    }

    /// Whether a next tick is as far away as none is: then the clock was set back.
    pub fn is_beyond(self, next: Time, now: Time, written: usize) -> bool {
        next > self.after(now, written).after(Duration::from_millis(u64::from(self.every)))
    }
}

/// Reads messages a second; answers milliseconds between two.
pub fn parse_rate(text: &str) -> Result<u32, String> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let rate = text.parse::<f64>().ok().filter(|rate| plain && (0.001..=1000.0).contains(rate));
    let every = rate.map(|rate| (1000.0 / rate).round() as u32);
    every.ok_or_else(|| {
        format!("`{}` is not a number of messages a second, from 0.001 to 1000", quote::shown(text))
    })
}

/// Reads bytes a second: `5000`, `50k`, `64KiB`, `2M`.
pub fn parse_bytes(text: &str) -> Result<u32, String> {
    let unit = UNITS.iter().find(|(unit, _)| text.ends_with(unit));
    let digits = unit.map_or(text, |(unit, _)| &text[..text.len() - unit.len()]);
    let number = digits.parse::<u64>().ok().filter(|_| !digits.starts_with('+'));
    let bytes = number.and_then(|number| number.checked_mul(unit.map_or(1, |(_, by)| *by)));
    let bytes = bytes.filter(|bytes| BYTES.contains(bytes)).and_then(|bytes| u32::try_from(bytes).ok());
    bytes.ok_or_else(|| {
        format!(
            "`{}` is not a number of bytes a second, such as 5000, 50k or 64KiB, up to 1000M",
            quote::shown(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &str) -> Result<Option<Pace>, Refusal> {
        Pace::asked(&Query::parse(query).unwrap())
    }

    #[test]
    fn forms_of_a_pace() {
        for (query, every, tick_bytes) in [
            ("rate=2", 500, u32::MAX),
            ("rate=0.5", 2000, u32::MAX),
            ("rate=1000", 1, u32::MAX),
            ("bytes=50k", 100, 5000),
            ("rate=4&bytes=64KiB", 250, 16384),
            ("bytes=3", 100, 1),
        ] {
            let pace = asked(query).unwrap().unwrap();
            assert_eq!((pace.every, pace.tick_bytes()), (every, tick_bytes), "{query}");
        }
        assert_eq!(asked("filter=x"), Ok(None));
        for query in [
            "rate=0",
            "rate=-1",
            "rate=1001",
            "rate=0.0001",
            "rate=1e3",
            "rate=nan",
            "rate=",
            "bytes=0",
            "bytes=+5",
            "bytes=2G",
            "bytes=k",
            "bytes=",
            "bytes=1001M",
            "bytes=99999999999999999999k",
        ] {
            let refusal = asked(query).unwrap_err();
            assert_eq!(refusal.code, Code::BAD_FIELD, "{query}");
            assert!(refusal.detail.starts_with(query.split('=').next().unwrap()), "{refusal}");
        }
    }

    #[test]
    fn of_two_the_slower_of_each_counts() {
        let pace = |query| asked(query).unwrap().unwrap();
        assert_eq!(pace("rate=2").slowest(pace("rate=5")), pace("rate=2"));
        assert_eq!(pace("rate=2").slowest(pace("bytes=5k")), pace("rate=2&bytes=5k"));
        assert_eq!(pace("bytes=7k&rate=9").slowest(pace("bytes=5k")), pace("rate=9&bytes=5k"));
    }

    #[test]
    fn ticks_come_together_and_debts_are_paid() {
        let pace = asked("rate=2&bytes=1000").unwrap().unwrap();
        assert_eq!(
            [pace.next(Time(0)), pace.next(Time(499)), pace.next(Time(500))],
            [500, 500, 1000].map(Time)
        );
        assert_eq!(
            [0, 500, 501, 5000].map(|written| pace.after(Time(1100), written).0),
            [1500, 1500, 1500, 6000]
        );
        assert!(!pace.is_beyond(Time(1500), Time(1100), 0) && pace.is_beyond(Time(9000), Time(1100), 0));
    }
}
