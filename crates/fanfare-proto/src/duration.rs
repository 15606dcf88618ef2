//! Durations as people write them: `90`, `10m`, `1h30m`, `2d`.

use crate::quote;
use std::time::Duration;

/// Units, longest first, in milliseconds.
const UNITS: &[(&str, u64)] =
    &[("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Reads whole numbers with units `w`, `d`, `h`, `m`, `s`, `ms`, longest first and each once; a number alone is
/// seconds. The error says what is allowed.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let parsed = match text.parse::<u64>() {
        Ok(seconds) if !text.starts_with('+') => Some(Duration::from_secs(seconds)),
        _ => with_units(text),
    };
    parsed.ok_or_else(|| {
        let shown = quote::shown(text);
        format!("`{shown}` is not a duration such as 90 (seconds), 10m, 1h30m or 2d; the units are w, d, h, m, s and ms, the larger first")
    })
}

fn with_units(text: &str) -> Option<Duration> {
    let (mut rest, mut millis, mut units) = (text, 0u64, UNITS);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let at = units.iter().position(|(name, _)| *name == &rest[..letters])?;
        millis = millis.checked_add(number.checked_mul(units[at].1)?)?;
        units = &units[at + 1..];
        rest = &rest[letters..];
    }
    (!text.is_empty()).then(|| Duration::from_millis(millis))
}

/// A duration as [`parse_duration`] reads it: `1h30m`, `0s`. What is less than a millisecond is left out.
pub fn shown_duration(time: Duration) -> String {
    let mut rest = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (name, unit) in UNITS {
        if rest >= *unit {
            text.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_duration() {
        for (text, millis) in [
            ("0", 0),
            ("90", 90_000),
            ("500ms", 500),
            ("10m", 600_000),
            ("1h30m", 5_400_000),
            ("2d", 172_800_000),
            ("1w2d3h4m5s6ms", 604_800_000 + 172_800_000 + 10_800_000 + 240_000 + 5_000 + 6),
        ] {
            let time = Duration::from_millis(millis);
            assert_eq!(parse_duration(text), Ok(time), "{text}");
            assert_eq!(parse_duration(&shown_duration(time)), Ok(time), "{text}");
        }
        for text in [
            "",
            "m",
            "10 m",
            "-5",
            "+5",
            "1.5h",
            "30m1h",
            "1m1m",
            "5y",
            "soon",
            "5\u{e9}",
            "99999999999999999999",
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        assert!(parse_duration("18446744073709551615w").is_err());
        let error = parse_duration("1d57w").unwrap_err();
        assert!(
            error.contains("`1d57w`") && error.contains("w, d, h, m, s and ms, the larger first"),
            "{error}"
        );
    }
}
