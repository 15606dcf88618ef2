//! Applying a delta, which comes from outside.

use super::{DIGITS, checksum};
use thiserror::Error;

/// Why a delta gives no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotApplied {
    /// It is no delta.
    #[error("this is no delta, or not all of it")]
    Malformed,
    /// It copies what the base does not have.
    #[error("the delta copies from beyond the end of its base")]
    OutOfBase,
    /// The checksum is another one.
    #[error("the checksum differs: the delta was made for another base")]
    OtherBase,
    /// It would give a longer body than is wanted.
    #[error("the body would be longer than is allowed")]
    TooLong,
}

/// The body that a delta makes of a base, of `most` bytes at the most.
pub fn apply_delta(base: &[u8], delta: &[u8], most: usize) -> Result<Vec<u8>, NotApplied> {
    let mut rest = delta;
    let length = number(&mut rest)?;
    sign(&mut rest, b'\n')?;
    if length > most as u64 {
        return Err(NotApplied::TooLong);
    }
    let length = length as usize;
    let mut body = Vec::with_capacity(length);
    loop {
        let count = number(&mut rest)?;
        let (kind, after) = rest.split_first().ok_or(NotApplied::Malformed)?;
        rest = after;
        let piece = match kind {
            b';' if !rest.is_empty() || body.len() != length => return Err(NotApplied::Malformed),
            b';' if count != u64::from(checksum(&body)) => return Err(NotApplied::OtherBase),
            b';' => return Ok(body),
            b'@' => {
                let from = number(&mut rest)?;
                sign(&mut rest, b',')?;
                let range = piece(from, count).ok_or(NotApplied::OutOfBase)?;
                base.get(range).ok_or(NotApplied::OutOfBase)?
            }
            b':' => {
                let range = piece(0, count).ok_or(NotApplied::Malformed)?;
                let said = rest.get(range).ok_or(NotApplied::Malformed)?;
                rest = &rest[said.len()..];
                said
            }
            _ => return Err(NotApplied::Malformed),
        };
        if piece.len() > length - body.len() {
            return Err(NotApplied::Malformed);
        }
        body.extend_from_slice(piece);
    }
}

fn piece(from: u64, count: u64) -> Option<std::ops::Range<usize>> {
    let end = from.checked_add(count)?;
    Some(usize::try_from(from).ok()?..usize::try_from(end).ok()?)
}

/// Takes a number from the front; of no digits it is 0.
fn number(rest: &mut &[u8]) -> Result<u64, NotApplied> {
    let mut value = 0u64;
    while let Some((digit, after)) = rest.split_first()
        && let Some(digit) = DIGITS.iter().position(|known| known == digit)
    {
        if value >> 58 != 0 {
            return Err(NotApplied::Malformed);
        }
        value = value << 6 | digit as u64;
        *rest = after;
    }
    Ok(value)
}

fn sign(rest: &mut &[u8], wanted: u8) -> Result<(), NotApplied> {
    *rest = rest.strip_prefix(&[wanted]).ok_or(NotApplied::Malformed)?;
    Ok(())
}
