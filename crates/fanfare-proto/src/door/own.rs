//! Fields of an object that are not the message's: those of what is to become of it.

use super::fields::bad;
use super::item;
use crate::unknown::unknown_field;
use crate::{Code, Filter, Pattern, Refusal, Time, parse_duration, quote};
use serde_json::value::RawValue;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Some fields of an object. One that is `null` is not given.
pub(crate) struct Own<'a>(Vec<(String, &'a RawValue)>);

/// The other fields.
type Rest<'a> = Vec<(String, &'a RawValue)>;

impl<'a> Own<'a> {
    /// All fields of the JSON object that a `kind` of thing is, each of them known.
    pub(crate) fn all(kind: &str, json: &'a [u8], known: &[&str]) -> Result<Own<'a>, Refusal> {
        let text =
            std::str::from_utf8(json).map_err(|_| Refusal::new(Code::BAD_JSON, "the body is not UTF-8"))?;
        let members = item::members_of(kind, text)?;
        match members.iter().find(|(name, _)| !known.contains(&&**name)) {
            Some((name, _)) => Err(unknown_field(&format!("field of {kind}"), name, known)),
            None => Ok(Own(members)),
        }
    }

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
        let Some(text) = self.plain(field)? else { return Ok(None) };
        parse_duration(&text).map(Some).map_err(|why| bad(field, why))
    }

    /// What a query has as text: a text, or a number as it is written.
    pub(crate) fn plain(&self, field: &str) -> Result<Option<String>, Refusal> {
        let Some(value) = self.get(field) else { return Ok(None) };
        match value.get() {
            text if text.starts_with('"') => item::text(field, value).map(Some),
            other => Ok(Some(other.to_owned())),
        }
    }

    /// A whole number of a range.
    pub(crate) fn number(
        &self,
        field: &str,
        allowed: &RangeInclusive<usize>,
    ) -> Result<Option<usize>, Refusal> {
        let Some(value) = self.get(field) else { return Ok(None) };
        let number = value.get().parse().ok().filter(|number| allowed.contains(number));
        number.map(Some).ok_or_else(|| outside(field, value.get(), allowed))
    }

    /// Channels and patterns, at least one and at most so many.
    pub(crate) fn patterns(&self, field: &str, most: usize) -> Result<Vec<Pattern>, Refusal> {
        let wrong = |what: &str| {
            bad(field, format!(r#"{what}; it names 1 to {most} channels or patterns, such as ["news/**"]"#))
        };
        let value = self.get(field).ok_or_else(|| wrong("it is missing"))?;
        let texts: Vec<String> = serde_json::from_str(value.get())
            .map_err(|_| wrong(&format!("`{}` is no list of texts", quote::shown(value.get()))))?;
        patterns(field, &texts, most)
    }

    /// A filter.
    pub(crate) fn filter(&self, field: &str) -> Result<Option<Filter>, Refusal> {
        let filter = self.text(field)?.as_deref().map(Filter::parse).transpose();
        filter.map_err(|error| Refusal::new(Code::BAD_FILTER, format!("{field}: {error}")))
    }
}

/// The refusal of what is no whole number of a range.
pub(crate) fn outside(field: &str, what: &str, allowed: &RangeInclusive<usize>) -> Refusal {
    let (least, most) = (allowed.start(), allowed.end());
    bad(field, format!("`{}` is not a whole number from {least} to {most}", quote::shown(what)))
}

/// Texts as channels and patterns, at least one and at most so many.
pub(crate) fn patterns(field: &str, texts: &[String], most: usize) -> Result<Vec<Pattern>, Refusal> {
    if !(1..=most).contains(&texts.len()) {
        return Err(bad(
            field,
            format!("it has {}; 1 to {most} channels or patterns are allowed", texts.len()),
        ));
    }
    let pattern = |text: &String| {
        Pattern::parse(text).map_err(|error| {
            Refusal::new(Code::BAD_NAME, format!("{field}: `{}`: {error}", quote::shown(text)))
        })
    };
    texts.iter().map(pattern).collect()
}
