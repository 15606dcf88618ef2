//! Values: what a filter compares with, and what it sees in a message. Two compare only if they are of one type;
//! nothing is converted.

use crate::Time;
use std::cmp::Ordering;

/// What a filter compares with.
#[derive(Debug, PartialEq)]
pub(super) enum Literal {
    Bool(bool),
    /// A finite number, and not the negative zero. Durations are seconds.
    Number(f64),
    Text(Box<str>),
    Moment(Time),
}

/// What is there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Seen<'a> {
    Bool(bool),
    Number(f64),
    /// The text, or its first [`limits::FILTER_BYTES`](crate::limits::FILTER_BYTES): no filter can tell the difference.
    Text(&'a [u8]),
    Moment(Time),
    /// An object or an array, which compares with nothing.
    Structure,
}

impl Seen<'_> {
    /// How it compares with a literal; `None` if they are of two types.
    pub(super) fn compare(self, literal: &Literal) -> Option<Ordering> {
        match (self, literal) {
            (Seen::Bool(one), Literal::Bool(other)) => Some(one.cmp(other)),
            (Seen::Number(one), Literal::Number(other)) => one.partial_cmp(other),
            (Seen::Text(one), Literal::Text(other)) => Some(one.cmp(other.as_bytes())),
            (Seen::Moment(one), Literal::Moment(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }
}
