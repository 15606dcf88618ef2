//! What a request wants of its channels, beyond their names.

use crate::{Code, Filter, Query, Refusal};

/// What a subscription wants of its channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// Which messages; all if there is none.
    pub filter: Option<Filter>,
}

impl Preferences {
    /// The parameters that [`Preferences::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["filter"];

    /// What a request asks.
    pub fn asked(query: &Query<'_>) -> Result<Preferences, Refusal> {
        let filter = query.one("filter")?.map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, format!("filter: {error}")))?;
        Ok(Preferences { filter })
    }
}
