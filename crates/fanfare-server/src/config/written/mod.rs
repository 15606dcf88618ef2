//! How values are written: one file for each kind, all of the same shape: a type that holds what was meant, and
//! its reading from text; where TOML has no such kind, also how it is shown. Numbers and truth are text in the
//! environment and in flags, so a [`Written`] takes both.

mod age;
mod count;
mod folder;
mod listen;
mod origin;
mod pace;
mod size;
mod switch;
mod workers;

pub(super) use age::{Age, shown_age};
pub(super) use count::Count;
pub(super) use folder::Folder;
pub(super) use listen::Listen;
pub(super) use origin::OriginList;
pub(super) use pace::{Rate, Speed, shown_rate};
pub(super) use size::Size;
pub use size::shown_size;
pub(super) use switch::Switch;
pub(super) use workers::{WorkerCount, one_for_each_core};

use serde::Serialize;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::fmt;

/// A value as TOML.
pub(super) fn shown(value: impl Serialize) -> String {
    toml::Value::try_from(value).map(|value| value.to_string()).unwrap_or_default()
}

/// A scalar as text, whether TOML has it as text, number or truth.
struct Written(String);

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Written, D::Error> {
        deserializer.deserialize_any(Scalar).map(Written)
    }
}

struct Scalar;

impl Visitor<'_> for Scalar {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a single value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.trim().to_owned())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<String, E> {
        Ok(value.to_string())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<String, E> {
        Ok(value.to_string())
    }
}

/// The number, if it lies in the range.
fn within(number: u64, least: u64, most: u64) -> Result<u64, &'static str> {
    match number {
        _ if number < least => Err("it is too small"),
        _ if number > most => Err("it is too large"),
        _ => Ok(number),
    }
}

/// Splits text into the digits it starts with and the rest, without spaces around.
fn number_and_rest(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (&text[..end], text[end..].trim())
}
