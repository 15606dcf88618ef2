//! What is said of an earlier message, and what became of one (design rule 11).
//!
//! An edit or a delete is a message of its own, and names an original of its channel by position. A reader hears events as
//! they happened, or asks for what is current: then an edit is shown where its original is. Where that is put together is not
//! here: a log does it, since it knows what became of a message.

use crate::door::bad;
use crate::{Code, Content, Message, Position, Publish, Refusal, quote};

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
            _ => Err(bad("view", format!("`{}` is not `events` or `current`", quote::shown(text)))),
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

impl Publish {
    /// Refuses an edit or a delete that says what it cannot.
    pub(crate) fn check_amends(&self) -> Result<(), Refusal> {
        let Some(amends) = self.content.amends else { return Ok(()) };
        let field = amends.field();
        if self.when.is_some() {
            return Err(bad(field, "an edit or a delete is done at once; leave `at` and `delay` out"));
        }
        match amends {
            Amends::Replaces(_) if self.ttl.is_some_and(|ttl| ttl.is_zero()) => {
                Err(bad(field, "an edit has to be kept; leave `ttl=0` out, or give more"))
            }
            Amends::Deletes(_) if self.ttl.is_some() || !self.content.says_nothing() => {
                Err(bad(field, "a delete says nothing else; leave the body and all fields but `id` out"))
            }
            _ => Ok(()),
        }
    }
}

impl Content {
    /// Refuses an edit or a delete where what is said is for later.
    pub(crate) fn check_original(&self) -> Result<(), Refusal> {
        match self.amends {
            Some(amends) => Err(bad(amends.field(), "an edit or a delete is done at once, not later")),
            None => Ok(()),
        }
    }

    /// Whether nothing but what it amends, and its media type, is said.
    fn says_nothing(&self) -> bool {
        let Content { content_type, amends, .. } = self.clone();
        *self == Content { content_type, amends, ..Content::default() }
    }

    /// Whether it is a delete, or was deleted: then there is no body to show.
    pub fn is_erased(&self) -> bool {
        matches!(self.amends, Some(Amends::Deletes(_))) || self.became == Some(Became::Deleted)
    }

    /// What is left once it was deleted.
    pub fn erased(&self) -> Content {
        Content { amends: self.amends, became: Some(Became::Deleted), ..Content::default() }
    }
}

impl Message {
    /// What is left of it once it was deleted.
    pub fn erased(&self) -> Message {
        Message { expires: None, content: self.content.erased(), ..self.clone() }
    }

    /// The message as its edit has it.
    pub fn edited(&self, edit: &Message) -> Message {
        let became = Some(Became::Edited(edit.position));
        let content = Content { amends: self.content.amends, became, ..edit.content.clone() };
        Message { expires: edit.expires, content, ..self.clone() }
    }

    /// The key by which it supersedes older messages. An edit or a delete supersedes nothing: it is of one message, and not
    /// of those that came after that. What is for a moment does not, either: the others stay.
    pub fn superseding_key(&self) -> Option<&str> {
        let key = self.content.key.as_deref()?;
        (self.content.amends.is_none() && !self.is_momentary()).then_some(key)
    }

    /// Whether it is of a message at this place: it is that message, or an edit of it.
    pub fn is_of(&self, target: Position) -> bool {
        self.position == target || self.content.amends == Some(Amends::Replaces(target))
    }
}

/// Reads the position of a message that is to be amended.
pub(crate) fn target(field: &str, text: &str) -> Result<Position, Refusal> {
    match text.trim().parse::<u64>() {
        Ok(position) if position > 0 => Ok(Position(position)),
        _ => {
            let why = format!("`{}` is not the position of a message, such as 17", quote::shown(text));
            Err(bad(field, why))
        }
    }
}

/// The refusal of a target that is not there.
pub fn target_gone(amends: Amends, why: &str) -> Refusal {
    let detail = format!("{}: message {} {why}", amends.field(), amends.target());
    Refusal::new(Code::TARGET_GONE, detail)
}
