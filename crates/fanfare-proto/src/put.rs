//! Values as text in a buffer, without the machinery of formatting: heads, receipts and envelopes are written for every
//! message.

use std::fmt::Display;
use std::io::Write;

/// What can be appended to a buffer.
pub(crate) trait Put {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
}

/// What is written seldom enough for formatting.
pub(crate) struct Shown<T>(pub(crate) T);

impl<T: Display> Put for Shown<T> {
    fn put(&self, out: &mut Vec<u8>) {
        // Writing into a Vec cannot fail.
        let _ = write!(out, "{}", self.0);
    }
}

impl Put for str {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl Put for [u8] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

impl Put for bool {
    fn put(&self, out: &mut Vec<u8>) {
        (if *self { "true" } else { "false" }).put(out);
    }
}

impl<T: Put + ?Sized> Put for &T {
    fn put(&self, out: &mut Vec<u8>) {
        (*self).put(out);
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Put for $number {
            fn put(&self, out: &mut Vec<u8>) {
                itoa::Buffer::new().format(*self).put(out);
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, u128, usize);

/// Appends a number in hexadecimal digits.
pub(crate) fn hex(number: u64, out: &mut Vec<u8>) {
    let digits = (67 - number.leading_zeros().min(63)) / 4;
    out.extend((0..digits).rev().map(|place| b"0123456789abcdef"[(number >> (4 * place) & 15) as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_are_what_formatting_makes_of_them(number: u64, word: bool, shift in 0u32..64) {
            let number = number >> shift;
            let mut out = Vec::new();
            number.put(&mut out);
            word.put(&mut out);
            hex(number, &mut out);
            Shown(number).put(&mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), format!("{number}{word}{number:x}{number}"));
        }
    }
}
