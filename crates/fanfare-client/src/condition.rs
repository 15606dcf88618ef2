//! What is said of conditions, read.

use crate::error::Error;
use crate::reach::{Answer, Reach};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A condition, and how it stands.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Condition {
    /// Its name.
    pub condition: String,
    /// Where its messages go.
    pub channel: String,
    /// The channel or pattern that it watches.
    pub watch: String,
    /// `quiet`, `pending` or `firing`: how the channels stand that matter most. Not told to whoever makes it.
    pub state: Option<String>,
    /// When it fired last: RFC 3339, UTC.
    pub fired: Option<String>,
    #[serde(skip)]
    raw: String,
}

impl Condition {
    /// The condition as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<Condition, Error> {
        let condition: Condition = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(Condition { raw: raw.trim_end().to_owned(), ..condition })
    }

    pub(crate) fn read_all(reach: &Reach, answer: &Answer) -> Result<Vec<Condition>, Error> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            conditions: Vec<&'a RawValue>,
        }
        let list: List<'_> = serde_json::from_str(&answer.body).map_err(|error| reach.odd(error))?;
        list.conditions.iter().map(|raw| Condition::read(reach, raw.get())).collect()
    }
}
