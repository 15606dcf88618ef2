//! How long.

use super::{Written, shown, within};
use fanfare_proto::parse_duration;
use std::time::Duration;

/// A duration in a range of seconds: `24h`, `1h30m`, `7d`; a number alone is seconds.
pub(in super::super) struct Age<const LEAST: u64, const MOST: u64>(pub(in super::super) Duration);

impl<const LEAST: u64, const MOST: u64> TryFrom<Written> for Age<LEAST, MOST> {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let age = parse_duration(&written.single()?).map_err(|_| "it is not a duration")?;
        within(age.as_secs(), LEAST, MOST).map(|_| Age(age))
    }
}

/// A duration as TOML, with the largest units that fit.
pub(in super::super) fn shown_age(age: Duration) -> String {
    const UNITS: &[(&str, u128)] =
        &[("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];
    let (mut left, mut text) = (age.as_millis(), String::new());
    for (name, millis) in UNITS {
        if left >= *millis {
            text.push_str(&format!("{}{name}", left / millis));
            left %= millis;
        }
    }
    shown(text)
}
