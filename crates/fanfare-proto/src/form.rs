//! How much of a message travels.

use crate::{Code, Query, Refusal, quote};

/// Whether messages travel whole, as their bodies alone, or as what has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Every field.
    Envelope,
    /// The body alone; in JSON protocols an object of body and cursor.
    Body,
    /// Every field, but of the body only what has changed since the message before it with the same key, or else of the same
    /// channel, where the reader was given that one. Bodies of JSON are told as text.
    Delta,
}

impl Form {
    /// What the parameter `as` asks of a protocol that has these forms, else the first.
    pub fn asked(query: &Query<'_>, forms: &[Form]) -> Result<Form, Refusal> {
        let bad = |detail| Err(Refusal::new(Code::BAD_FIELD, detail));
        let form = match query.one("as")? {
            None => return Ok(forms.first().copied().unwrap_or(Form::Envelope)),
            Some("envelope") => Form::Envelope,
            Some("body") => Form::Body,
            Some("delta") => Form::Delta,
            Some(other) => {
                return bad(format!("as: `{}` is none of envelope, body, delta", quote::shown(other)));
            }
        };
        match forms {
            _ if forms.contains(&form) => Ok(form),
            [_] => bad("as: this protocol has one form; leave `as` out".to_owned()),
            _ => {
                let known: Vec<&str> = forms.iter().map(|form| form.name()).collect();
                bad(format!("as: `{}` is not for this protocol, which has {}", form.name(), known.join(", ")))
            }
        }
    }

    /// The value of `as`.
    fn name(self) -> &'static str {
        match self {
            Form::Envelope => "envelope",
            Form::Body => "body",
            Form::Delta => "delta",
        }
    }
}
