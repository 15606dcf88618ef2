//! Who is on a channel, read (`docs/presence.md`).

use crate::error::Error;
use crate::reach::Reach;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Who is on a channel.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Presence {
    /// How many members there are.
    pub count: u64,
    /// Whether that is so: after a start of the server some may not have come back yet.
    pub certain: bool,
    /// The members by name; none are named where there are many.
    pub members: Option<Vec<Member>>,
    raw: String,
}

/// Somebody who is there.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// The name.
    pub member: String,
    /// Since when: RFC 3339, UTC.
    pub since: String,
    /// What is said of it: a JSON object.
    #[serde(skip)]
    pub info: Option<String>,
    #[serde(skip)]
    raw: String,
}

impl Presence {
    /// The answer as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    pub(crate) fn read(reach: &Reach, raw: &str) -> Result<Presence, Error> {
        #[derive(Deserialize)]
        struct Body<'a> {
            count: u64,
            certain: bool,
            #[serde(borrow)]
            members: Option<Vec<&'a RawValue>>,
        }
        let Body { count, certain, members } = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        let read = |raw: &&RawValue| Member::read(reach, raw.get());
        let members = members.map(|members| members.iter().map(read).collect()).transpose()?;
        Ok(Presence { count, certain, members, raw: raw.trim_end().to_owned() })
    }
}

impl Member {
    /// The member as it came: a line of JSON.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    fn read(reach: &Reach, raw: &str) -> Result<Member, Error> {
        #[derive(Deserialize)]
        struct Info<'a> {
            #[serde(borrow)]
            info: Option<&'a RawValue>,
        }
        let member: Member = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        let Info { info } = serde_json::from_str(raw).map_err(|error| reach.odd(error))?;
        Ok(Member { info: info.map(|info| info.get().to_owned()), raw: raw.to_owned(), ..member })
    }
}
