//! What is said of an earlier message, and what became of one (design rule 11).
//!
//! An edit or a delete is a message of its own, and names an original of its channel by position. A reader hears events as
//! they happened, or asks for what is current: then an edit is shown where its original is. Where that is put together is not
//! here: a log does it, since it knows what became of a message.

use crate::{Code, Position, Refusal, quote};

/// What a message does to an earlier one of its channel, which is neither an edit nor a delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Amends {
    /// What is said here replaces what was said there.
    Replaces(Position),
    /// What was said there is erased. The message says nothing else.
    Deletes(Position),
}

impl Amends {
    /// Which message.
    pub fn target(self) -> Position {
        match self {
            Amends::Replaces(target) | Amends::Deletes(target) => target,
        }
    }

    /// The field that says it.
    pub fn field(self) -> &'static str {
        match self {
            Amends::Replaces(_) => "replaces",
            Amends::Deletes(_) => "deletes",
        }
    }
}

/// What became of a message after it was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Became {
    /// It was deleted: nothing of what it said is left.
    Deleted,
    /// It is shown as its newest edit has it, which is at this place.
    Edited(Position),
}

/// How what was edited or deleted is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum View {
    /// Every message as it happened, edits and deletes among them.
    #[default]
    Events,
    /// Messages as they are now: edits are folded in, and what was deleted is left out.
    Current,
}

impl View {
    /// Reads the word of a request.
    pub fn parse(text: &str) -> Result<View, Refusal> {
        match text {
            "events" => Ok(View::Events),
            "current" => Ok(View::Current),
            _ => Err(refused("view", format!("`{}` is not `events` or `current`", quote::shown(text)))),
        }
    }

    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            View::Events => "events",
            View::Current => "current",
        }
    }
}

pub(crate) fn refused(field: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::new(Code::BAD_FIELD, format!("{field}: {why}"))
}

/// Reads the position of a message that is to be amended.
pub(crate) fn target(field: &str, text: &str) -> Result<Position, Refusal> {
    match text.trim().parse::<u64>() {
        Ok(position) if position > 0 => Ok(Position(position)),
        _ => {
            let why = format!("`{}` is not the position of a message, such as 17", quote::shown(text));
            Err(refused(field, why))
        }
    }
}

/// The refusal of a target that is not there.
pub fn target_gone(amends: Amends, why: &str) -> Refusal {
    let detail = format!("{}: message {} {why}", amends.field(), amends.target());
    Refusal::new(Code::TARGET_GONE, detail)
}
