//! What an edit or a delete may say, and what messages are once they were amended.

use crate::amend::refused;
use crate::{Amends, Became, Content, Message, Position, Publish, Refusal};

impl Publish {
    /// Refuses an edit or a delete that says what it cannot.
    pub(crate) fn check_amends(&self) -> Result<(), Refusal> {
        let Some(amends) = self.content.amends else { return Ok(()) };
        let field = amends.field();
        if self.when.is_some() {
            return Err(refused(field, "an edit or a delete is done at once; leave `at` and `delay` out"));
        }
        match amends {
            Amends::Replaces(_) if self.ttl.is_some_and(|ttl| ttl.is_zero()) => {
                Err(refused(field, "an edit has to be kept; leave `ttl=0` out, or give more"))
            }
            Amends::Deletes(_) if self.ttl.is_some() || !self.content.says_nothing() => {
                Err(refused(field, "a delete says nothing else; leave the body and all fields but `id` out"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses an edit that has no body and does not say that it is meant to have none: what the message said would be gone.
    pub(crate) fn check_emptying(&self) -> Result<(), Refusal> {
        match self.content.amends {
            Some(Amends::Replaces(_)) if self.content.content_type.is_none() => Err(refused(
                "replaces",
                "the edit has no body, and it replaces the whole message; if nothing is to be left of the text, give \
                 `content_type` too (in an envelope `\"body\":\"\"` says it as well), or delete the message with `deletes`",
            )),
            _ => Ok(()),
        }
    }
}

impl Content {
    /// Refuses an edit or a delete where what is said is for later.
    pub(crate) fn check_original(&self) -> Result<(), Refusal> {
        match self.amends {
            Some(amends) => Err(refused(amends.field(), "an edit or a delete is done at once, not later")),
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

/// What two messages of a channel have in common if the later one supersedes the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Superseding<'a> {
    /// Their key.
    Key(&'a str),
    /// Which message they edit or delete.
    Of(Position),
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

    /// An edit, told as a delete: to a reader of what is current that does not see it, its message is not there any more.
    pub fn withdrawn(&self) -> Message {
        let amends = self.content.amends.map(|amends| Amends::Deletes(amends.target()));
        Message { expires: None, content: Content { amends, ..Content::default() }, ..self.clone() }
    }

    /// By what it supersedes older messages of its channel, if it does. An edit supersedes older edits of its message, and not
    /// what came after that. What is for a moment supersedes nothing: the others stay.
    pub fn supersedes(&self) -> Option<Superseding<'_>> {
        match self.content.amends {
            Some(amends) => Some(Superseding::Of(amends.target())),
            None if self.is_momentary() => None,
            None => self.content.key.as_deref().map(Superseding::Key),
        }
    }

    /// Whether it is of a message at this place: it is that message, or an edit of it.
    pub fn is_of(&self, target: Position) -> bool {
        self.position == target || self.content.amends == Some(Amends::Replaces(target))
    }
}
