//! How long.

use super::{number_and_rest, within};
use serde::Deserialize;
use std::time::Duration;

/// A duration in a range of seconds: `24h`, `1h30m`, `7d`.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(in super::super) struct Age<const LEAST: u64, const MOST: u64>(pub(in super::super) Duration);

const UNITS: &[(&str, u64)] = &[("s", 1), ("m", 60), ("h", 3600), ("d", 24 * 3600), ("w", 7 * 24 * 3600)];

impl<const LEAST: u64, const MOST: u64> TryFrom<String> for Age<LEAST, MOST> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut rest = text.trim();
        let mut seconds = 0u64;
        loop {
            let (number, after) = number_and_rest(rest);
            let number: u64 = number.parse().map_err(|_| "it is not a duration with units")?;
            let unit = UNITS.iter().find(|(name, _)| after.starts_with(name)).ok_or("it lacks a unit")?;
            let part = number.checked_mul(unit.1).ok_or("it is too large")?;
            seconds = seconds.checked_add(part).ok_or("it is too large")?;
            rest = after[unit.0.len()..].trim();
            if rest.is_empty() {
                return within(seconds, LEAST, MOST).map(|seconds| Age(Duration::from_secs(seconds)));
            }
        }
    }
}
