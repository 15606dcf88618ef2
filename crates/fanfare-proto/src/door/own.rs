//! Fields of an object that are not the message's: those of what is to become of it.

use super::fields::bad;
use super::item;
use crate::{Refusal, Time, parse_duration};
use serde_json::value::RawValue;
use std::time::Duration;

/// Some fields of an object. One that is `null` is not given.
pub(crate) struct Own<'a>(Vec<(String, &'a RawValue)>);

/// The other fields.
type Rest<'a> = Vec<(String, &'a RawValue)>;

impl<'a> Own<'a> {
    /// Takes these fields out of an object.
    pub(crate) fn split(object: Rest<'a>, names: &[&str]) -> (Own<'a>, Rest<'a>) {
        let (own, rest) = object.into_iter().partition(|(name, _)| names.contains(&&**name));
        (Own(own), rest)
    }

    pub(crate) fn get(&self, field: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().find(|(name, value)| name == field && value.get() != "null");
        found.map(|(_, value)| *value)
    }

    pub(crate) fn text(&self, field: &str) -> Result<Option<String>, Refusal> {
        self.get(field).map(|value| item::text(field, value)).transpose()
    }

    /// A moment, which must be there.
    pub(crate) fn moment(&self, field: &str) -> Result<Time, Refusal> {
        let text = self.text(field)?.ok_or_else(|| bad(field, "it is missing"))?;
        Time::parse(&text).map_err(|why| bad(field, why))
    }

    /// A duration, as text or as seconds.
    pub(crate) fn duration(&self, field: &str) -> Result<Option<Duration>, Refusal> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let text = match value.get() {
            number if number.starts_with(|first: char| first.is_ascii_digit()) => number.to_owned(),
            _ => item::text(field, value)?,
        };
        parse_duration(&text).map(Some).map_err(|why| bad(field, why))
    }
}
