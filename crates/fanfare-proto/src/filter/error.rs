//! Why a text is no filter: where, what was wrong, and what is allowed there.

use crate::limits;
use std::borrow::Cow;

/// The first thing that is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column {column}: {wrong}; {allowed}")]
pub struct FilterError {
    /// Where, in characters; the first is 1.
    pub column: usize,
    /// What was wrong.
    pub wrong: String,
    /// What is allowed there, or was probably meant.
    pub allowed: Cow<'static, str>,
}

/// Refuses a text that is longer than a filter may be.
pub(super) fn check_length(text: &str, what: &str) -> Result<(), FilterError> {
    if text.len() <= limits::FILTER_BYTES {
        return Ok(());
    }
    let within = text.char_indices().take_while(|(at, c)| at + c.len_utf8() <= limits::FILTER_BYTES);
    let wrong = format!("{what} has {} bytes", text.len());
    let allowed = format!("at most {} are allowed", limits::FILTER_BYTES).into();
    Err(FilterError { column: within.count() + 1, wrong, allowed })
}
