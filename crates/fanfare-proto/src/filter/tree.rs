//! What a filter says, as a tree. It is not deep: `or` and `and` take turns, and every parenthesis and `not` was counted
//! ([`limits::FILTER_DEPTH`](crate::limits::FILTER_DEPTH)).

use super::value::Literal;
use std::cmp::Ordering;

/// A whole filter.
pub(super) struct Tree {
    pub(super) root: Node,
    /// The paths of [`Field::Body`], by number; one that is asked twice is here twice.
    pub(super) paths: Box<[Path]>,
}

/// A part of a filter that holds or does not.
pub(super) enum Node {
    /// At least two, none of them `Any`: parentheses that change nothing are not there.
    Any(Vec<Node>),
    /// At least two, none of them `All`.
    All(Vec<Node>),
    Not(Box<Node>),
    Compare(Field, Operator, Literal),
    In(Field, Vec<Literal>),
    StartsWith(Field, Box<str>),
    Exists(Field),
    Became(Fate),
}

/// What a message became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Edited,
    Deleted,
}

impl Fate {
    /// With their words.
    pub(super) const ALL: [(&'static str, Fate); 2] = [("edited", Fate::Edited), ("deleted", Fate::Deleted)];

    /// How it is written.
    pub(super) fn word(self) -> &'static str {
        Fate::ALL.iter().find(|(_, fate)| *fate == self).map_or("", |(word, _)| word)
    }
}

/// What of a message is looked at.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Field {
    Channel,
    Event,
    Key,
    Priority,
    Time,
    Tag(Box<str>),
    /// A value of the body, by the number of its path.
    Body(usize),
}

/// The names on the way from a body to a value in it; none for the body itself.
pub(super) type Path = Box<[Box<str>]>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
}

impl Operator {
    /// With their signs; one that begins another comes after it.
    pub(super) const ALL: [(&'static str, Operator); 6] = [
        ("=", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
    ];

    /// How it is written.
    pub(super) fn sign(self) -> &'static str {
        Operator::ALL.iter().find(|(_, operator)| *operator == self).map_or("=", |(sign, _)| sign)
    }

    /// Whether it asks which is the larger one.
    pub(super) fn is_order(self) -> bool {
        !matches!(self, Operator::Equal | Operator::NotEqual)
    }

    /// Whether it holds between values that compare so.
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Operator::Equal => ordering.is_eq(),
            Operator::NotEqual => ordering.is_ne(),
            Operator::LessOrEqual => ordering.is_le(),
            Operator::Less => ordering.is_lt(),
            Operator::GreaterOrEqual => ordering.is_ge(),
            Operator::Greater => ordering.is_gt(),
        }
    }
}
