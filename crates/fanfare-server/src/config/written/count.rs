//! How many of something.

use super::{Written, within};

/// A whole number in a range.
pub(in super::super) struct Count<const LEAST: u64, const MOST: u64>(pub(in super::super) u64);

impl<const LEAST: u64, const MOST: u64> TryFrom<Written> for Count<LEAST, MOST> {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let number = written.single()?.parse().map_err(|_| "it is not a whole number")?;
        within(number, LEAST, MOST).map(Count)
    }
}
