//! Making a delta: what both bodies begin and end with, and between that the longest pieces of the base that are found
//! by their first bytes.

use super::{DIGITS, checksum};

/// The bytes by which a piece of the base is found, and the fewest that are worth copying.
const PIECE: usize = 8;
/// Pieces of the base with the same bytes that are looked at.
const TRIES: usize = 8;

/// Appends the delta that makes `target` of `base`. It may be longer than the target.
pub fn make_delta(base: &[u8], target: &[u8], out: &mut Vec<u8>) {
    let mut delta = Delta { target, text: std::str::from_utf8(target).is_ok(), said: 0, out };
    number(target.len(), delta.out);
    delta.out.push(b'\n');
    let head = common(base.iter(), target.iter());
    let tail = common(base[head..].iter().rev(), target[head..].iter().rev());
    delta.copy(0, head, 0);
    delta.middle(base, head, target.len() - tail);
    delta.copy(target.len() - tail, tail, base.len() - tail);
    delta.insert(target.len());
    number(checksum(target) as usize, delta.out);
    delta.out.push(b';');
}

fn common<'a>(one: impl Iterator<Item = &'a u8>, other: impl Iterator<Item = &'a u8>) -> usize {
    one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Appends a number.
fn number(value: usize, out: &mut Vec<u8>) {
    let (mut digits, mut left, mut first) = ([0; 11], value, 11);
    loop {
        first -= 1;
        digits[first] = DIGITS[left % 64];
        left /= 64;
        if left == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

struct Delta<'a> {
    target: &'a [u8],
    /// Pieces begin and end between characters.
    text: bool,
    /// The target up to here is in `out`.
    said: usize,
    out: &'a mut Vec<u8>,
}

impl Delta<'_> {
    /// Copies pieces of the base for the target from `at` to `end`.
    fn middle(&mut self, base: &[u8], mut at: usize, end: usize) {
        if end.saturating_sub(at) < PIECE || base.len() < PIECE {
            return;
        }
        let pieces = Pieces::new(base);
        while at + PIECE <= end {
            let found = pieces.longest(base, self.target, at, end, at - self.said.min(at));
            match found {
                Some((start, from, length)) if self.copy(start, length, from) => at = start + length,
                _ => at += 1,
            }
        }
    }

    /// Copies so many bytes from a place of the base to one of the target, behind what lies between. Answers whether that
    /// is shorter than to say them.
    fn copy(&mut self, start: usize, length: usize, from: usize) -> bool {
        let (mut first, mut end) = (start.max(self.said), start + length);
        while self.text && first < end && !self.is_between(first) {
            first += 1;
        }
        while self.text && first < end && !self.is_between(end) {
            end -= 1;
        }
        if end < first + PIECE {
            return false;
        }
        self.insert(first);
        number(end - first, self.out);
        self.out.push(b'@');
        number(from + (first - start), self.out);
        self.out.push(b',');
        self.said = end;
        true
    }

    /// Says the target as it is, up to a place.
    fn insert(&mut self, to: usize) {
        if to > self.said {
            number(to - self.said, self.out);
            self.out.push(b':');
            self.out.extend_from_slice(&self.target[self.said..to]);
            self.said = to;
        }
    }

    fn is_between(&self, place: usize) -> bool {
        self.target.get(place).is_none_or(|byte| byte & 0xc0 != 0x80)
    }
}

/// The places of a base, one every [`PIECE`] bytes, by the bytes that are there.
struct Pieces {
    /// By hash: the last piece, counted from 1.
    last: Vec<u32>,
    /// By piece: the one before with the same hash, counted from 1.
    before: Vec<u32>,
    bits: u32,
}

impl Pieces {
    fn new(base: &[u8]) -> Pieces {
        let (pieces, _) = base.as_chunks::<PIECE>();
        let bits = (pieces.len() * 2).next_power_of_two().trailing_zeros().max(1);
        let (mut last, mut before) = (vec![0; 1 << bits], vec![0; pieces.len()]);
        for (index, piece) in pieces.iter().enumerate() {
            let slot = &mut last[hash(piece, bits)];
            before[index] = std::mem::replace(slot, index as u32 + 1);
        }
        Pieces { last, before, bits }
    }

    /// The longest piece of the base that is the target's around a place, which may begin up to `back` bytes before and
    /// ends at `end` at the latest: where it begins in the target and in the base, and its length.
    fn longest(
        &self,
        base: &[u8],
        target: &[u8],
        at: usize,
        end: usize,
        back: usize,
    ) -> Option<(usize, usize, usize)> {
        let here = target.get(at..)?.first_chunk::<PIECE>()?;
        let mut next = self.last[hash(here, self.bits)];
        let mut best: Option<(usize, usize, usize)> = None;
        for _ in 0..TRIES {
            let Some(piece) = (next as usize).checked_sub(1) else { break };
            next = self.before[piece];
            let from = piece * PIECE;
            let after = common(base[from..].iter(), target[at..end].iter());
            if after < PIECE {
                continue;
            }
            let before = common(base[..from].iter().rev(), target[at - back..at].iter().rev());
            if best.is_none_or(|(.., length)| before + after > length) {
                best = Some((at - before, from - before, before + after));
            }
        }
        best
    }
}

fn hash(piece: &[u8; PIECE], bits: u32) -> usize {
    (u64::from_le_bytes(*piece).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits)) as usize
}
