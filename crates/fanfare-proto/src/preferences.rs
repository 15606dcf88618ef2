//! What a request wants of its channels, beyond their names.

use crate::{Code, Filter, Pace, Query, Refusal, Start, View, quote};

/// What a subscription wants of its channels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preferences {
    /// Which messages; all if there is none.
    pub filter: Option<Filter>,
    /// How fast at the most. It is its session's: what is asked last counts.
    pub pace: Option<Pace>,
    /// Of what was said before: of each channel and key only the newest message. What has no key counts as one key.
    pub latest: bool,
    /// How what was edited or deleted is shown. It is its session's: what is asked last counts.
    pub view: Option<View>,
}

impl Preferences {
    /// The parameters that [`Preferences::asked`] reads.
    pub const PARAMETERS: &'static [&'static str] = &["bytes", "filter", "latest", "rate", "view"];

    /// What a request asks.
    pub fn asked(query: &Query<'_>) -> Result<Preferences, Refusal> {
        let filter = query.one("filter")?.map(Filter::parse).transpose();
        let filter = filter.map_err(|error| Refusal::new(Code::BAD_FILTER, format!("filter: {error}")))?;
        let latest = query.one("latest")?.map(latest).transpose()?.unwrap_or_default();
        let view = query.one("view")?.map(View::parse).transpose()?;
        Ok(Preferences { filter, pace: Pace::asked(query)?, latest, view })
    }

    /// Where to start, if that is what was asked.
    pub fn start(&self, asked: Option<Start>) -> Result<Option<Start>, Refusal> {
        match asked {
            None if self.latest => Ok(Some(Start::Oldest)),
            Some(Start::Last(_)) if self.latest => {
                Err(Refusal::new(Code::BAD_FIELD, "give `latest` or `last`, not both"))
            }
            asked => Ok(asked),
        }
    }
}

fn latest(text: &str) -> Result<bool, Refusal> {
    match text {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => {
            let detail = format!(
                "latest: `{}` is not `true` or `false`; `latest` alone is `true`",
                quote::shown(text)
            );
            Err(Refusal::new(Code::BAD_FIELD, detail))
        }
    }
}
