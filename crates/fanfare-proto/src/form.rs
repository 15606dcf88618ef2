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
    /// What the parameter `as` asks of a protocol that has these forms, else the first.
    pub fn asked(query: &Query<'_>, forms: &[Form]) -> Result<Form, Refusal> {
        let bad = |detail| Err(Refusal::new(Code::BAD_FIELD, detail));
        let form = match query.one("as")? {
            None => return Ok(forms.first().copied().unwrap_or(Form::Envelope)),
            Some("envelope") => Form::Envelope,
            Some("body") => Form::Body,
            Some(other) => {
                return bad(format!("as: `{}` is neither envelope nor body", quote::shown(other)));
            }
        };
        match forms.contains(&form) {
            true => Ok(form),
            false => bad("as: this protocol has one form; leave `as` out".to_owned()),
        }
    }
}
