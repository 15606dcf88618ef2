//! What a request wants of its channels, beyond their names.

use crate::{Code, Filter, Pace, Query, Refusal};

/// What a subscription wants of its channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// Which messages; all if there is none.
    pub filter: Option<Filter>,
    /// How fast at the most. It is its session's: what is asked last counts.
    pub pace: Option<Pace>,
}

impl Preferences {
    /// The parameters that [`Preferences::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["bytes", "filter", "rate"];

    /// What a request asks.
    pub fn asked(query: &Query<'_>) -> Result<Preferences, Refusal> {
        let filter = query.one("filter")?.map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, format!("filter: {error}")))?;
        Ok(Preferences { filter, pace: Pace::asked(query)? })
    }
}
