//! How values are written: one file for each kind, all of the same shape: a type that holds what was meant, and
//! its reading from what was written; where TOML has no such kind, also how it is shown. Numbers and truth are text in
//! the environment and in flags, so a [`Written`] may be either.

mod age;
mod count;
mod folder;
mod listen;
mod origin;
mod pace;
mod ranges;
mod size;
mod switch;
mod workers;

pub(super) use age::{Age, shown_age};
pub(super) use count::Count;
pub(super) use folder::Folder;
pub(super) use listen::Listen;
pub(super) use origin::OriginList;
pub(super) use pace::{Rate, Speed, shown_rate};
pub(super) use ranges::RangeList;
pub(super) use size::Size;
pub use size::shown_size;
pub(super) use switch::Switch;
pub use workers::Workers;
pub(super) use workers::shown_workers;

use fanfare_proto::NameError;
use serde::Serialize;
use toml::de::DeValue;

/// A value as TOML.
pub(super) fn shown(value: impl Serialize) -> String {
    toml::Value::try_from(value).map(|value| value.to_string()).unwrap_or_default()
}

/// A value as it was written, not yet understood.
pub(super) enum Written {
    /// Text, without its quotes. All that the environment and flags say is text.
    Text(String),
    /// A number or truth.
    Bare(String),
    /// Several values.
    List(Vec<Written>),
    /// A table or a date, which no option is.
    Other,
}

/// Why a value is not what it should be: everything that is wrong with it, at least one thing.
pub(super) struct Reasons(pub(super) Vec<String>);

impl Written {
    /// Text, as it stands between its quotes.
    pub(super) fn text(self) -> Result<String, &'static str> {
        match self {
            Written::Text(text) => Ok(text),
            _ => Err("it is not text in quotes"),
        }
    }

    /// A single value, without spaces around.
    fn single(self) -> Result<String, &'static str> {
        match self {
            Written::Text(text) | Written::Bare(text) => Ok(text.trim().to_owned()),
            Written::List(_) | Written::Other => Err("it is not a single value"),
        }
    }
}

impl From<&DeValue<'_>> for Written {
    fn from(value: &DeValue<'_>) -> Written {
        match value {
            DeValue::String(text) => Written::Text(text.clone().into_owned()),
            DeValue::Integer(number) => {
                let decimal = i64::from_str_radix(number.as_str(), number.radix());
                Written::Bare(decimal.map_or_else(|_| number.to_string(), |number| number.to_string()))
            }
            DeValue::Float(number) => Written::Bare(number.to_string()),
            DeValue::Boolean(truth) => Written::Bare(truth.to_string()),
            DeValue::Array(items) => Written::List(items.iter().map(|item| item.get_ref().into()).collect()),
            DeValue::Datetime(_) | DeValue::Table(_) => Written::Other,
        }
    }
}

impl From<&'static str> for Reasons {
    fn from(reason: &'static str) -> Reasons {
        Reasons(vec![reason.to_owned()])
    }
}

impl From<NameError> for Reasons {
    fn from(error: NameError) -> Reasons {
        Reasons(vec![error.to_string()])
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
