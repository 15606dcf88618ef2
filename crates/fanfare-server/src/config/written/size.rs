//! How many bytes.

use super::{Written, number_and_rest, shown, within};

/// Bytes in a range: `64KiB`, `10 MB`, `512`.
pub(in super::super) struct Size<const LEAST: u64, const MOST: u64>(pub(in super::super) u64);

const UNITS: &[(&str, u64)] = &[
    ("", 1),
    ("B", 1),
    ("kB", 1000),
    ("KB", 1000),
    ("MB", 1000 * 1000),
    ("GB", 1000 * 1000 * 1000),
    ("TB", 1000 * 1000 * 1000 * 1000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

impl<const LEAST: u64, const MOST: u64> TryFrom<Written> for Size<LEAST, MOST> {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let text = written.single()?;
        let (number, unit) = number_and_rest(&text);
        let number: u64 = number.parse().map_err(|_| "it is not a number of bytes")?;
        let unit = UNITS.iter().find(|(name, _)| *name == unit).ok_or("its unit is not known")?;
        let bytes = number.checked_mul(unit.1).ok_or("it is too large")?;
        within(bytes, LEAST, MOST).map(Size)
    }
}

/// Bytes as TOML: with the largest unit of which they are whole ones, else as a number.
pub fn shown_size(bytes: u64) -> String {
    let whole =
        |unit: &&(&str, u64)| unit.0.ends_with("iB") && bytes >= unit.1 && bytes.is_multiple_of(unit.1);
    match UNITS.iter().rev().find(whole) {
        Some((name, unit)) => shown(format!("{}{name}", bytes / unit)),
        None => bytes.to_string(),
    }
}
