//! How much of a message travels.

use crate::{Code, Query, Refusal, quote};

/// Whether messages travel whole or as their bodies alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Every field.
    Envelope,
    /// The body alone; in JSON protocols an object of body and cursor.
    Body,
}

impl Form {
    /// What the parameter `as` asks, else the usual form.
    pub fn asked(query: &Query<'_>, usual: Form) -> Result<Form, Refusal> {
        match query.one("as")? {
            None => Ok(usual),
            Some("envelope") => Ok(Form::Envelope),
            Some("body") => Ok(Form::Body),
            Some(other) => {
                let detail = format!("as: `{}` is neither envelope nor body", quote::shown(other));
                Err(Refusal::new(Code::BAD_FIELD, detail))
            }
        }
    }
}
