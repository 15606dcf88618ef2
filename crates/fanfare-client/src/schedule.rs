//! What is said of messages for later, read.

use crate::error::Error;
use crate::reach::{Answer, Reach};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What is to be published.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Scheduled {
    /// Its name.
    pub schedule: String,
    /// The channel.
    pub channel: String,
    /// When it is due next: RFC 3339, UTC.
    pub at: String,
    /// When it recurs, if it does.
    pub cron: Option<String>,
    /// The time zone of that.
    pub zone: Option<String>,
    #[serde(skip)]
    raw: String,
}

/// Some schedules, as they were made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SchedulesPage {
    /// The schedules.
    pub schedules: Vec<Scheduled>,
    /// Those whose records the server cannot read: they can be ended.
    pub damaged: Vec<DamagedSchedule>,
    /// What to ask on with, if there may be more.
    pub next: Option<String>,
}

/// A schedule that the server cannot read.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct DamagedSchedule {
    /// Its name.
    pub schedule: String,
    /// What is wrong with it.
    pub why: String,
}

impl Scheduled {
    /// The schedule as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<Scheduled, Error> {
        let scheduled: Scheduled = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(Scheduled { raw: raw.trim_end().to_owned(), ..scheduled })
    }
}

impl SchedulesPage {
    pub(crate) fn read(reach: &Reach, answer: &Answer) -> Result<SchedulesPage, Error> {
        #[derive(Deserialize)]
        struct List<'a> {
            #[serde(borrow)]
            schedules: Vec<&'a RawValue>,
            #[serde(default)]
            damaged: Vec<DamagedSchedule>,
        }
        let list: List<'_> = serde_json::from_str(&answer.body).map_err(|error| reach.odd(error))?;
        let schedules = list.schedules.iter().map(|raw| Scheduled::read(reach, raw.get()));
        let next = answer.links().find(|link| link.contains("rel=\"next\"")).and_then(after);
        let (schedules, next) = (schedules.collect::<Result<_, _>>()?, next.map(str::to_owned));
        Ok(SchedulesPage { schedules, damaged: list.damaged, next })
    }
}

/// The name in a link's `after` (RFC 8288).
fn after(link: &str) -> Option<&str> {
    let (_, rest) = link.split_once("after=")?;
    rest.split(['&', '>']).next()
}
