//! A row in a list of options, and how values find their row.

use super::error::{ConfigError, Place};
use serde::de::DeserializeOwned;
use strsim::osa_distance;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// How an option is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As text, and this is what a person puts in its place.
    Value(&'static str),
    /// `true` or `false`; its flag alone means `true`.
    Switch,
    /// A list of tables. It has no flag; in the environment it is TOML.
    Tables,
}

/// One option of a `T`.
pub struct Setting<T> {
    /// Its name in the file.
    pub key: &'static str,
    /// How it is written.
    pub form: Form,
    /// Its value when nobody sets it, as TOML.
    pub default: &'static str,
    /// What it may be: unit and range.
    pub allowed: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Takes a value.
    pub(super) set: fn(&mut T, Given<'_>) -> Result<(), ConfigError>,
}

/// A value on its way to an option.
pub(super) struct Given<'a> {
    pub(super) key: &'static str,
    pub(super) allowed: &'static str,
    pub(super) place: Place<'a>,
    pub(super) value: Spanned<DeValue<'a>>,
}

impl<'a> Given<'a> {
    /// The value as what it should be.
    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, ConfigError> {
        let shown = shown(self.value.get_ref());
        let (place, span) = (self.place, self.value.span());
        T::deserialize(ValueDeserializer::from(self.value)).map_err(|error| ConfigError::Value {
            place: place.at(span),
            key: self.key,
            value: shown,
            reason: error.message().to_owned(),
            allowed: self.allowed,
        })
    }

    /// The value as a list of tables, not more than so many.
    pub(super) fn tables(self, most: usize) -> Result<Vec<(Place<'a>, Spanned<DeTable<'a>>)>, ConfigError> {
        let Given { key, allowed, place, value } = self;
        let refuse = |span, value, reason: &str| ConfigError::Value {
            place: place.at(span),
            key,
            value,
            reason: reason.to_owned(),
            allowed,
        };
        let (span, written) = (value.span(), shown(value.get_ref()));
        let items = match value.into_inner() {
            DeValue::Array(items) if items.len() <= most => items,
            DeValue::Array(_) => return Err(refuse(span, written, "it is too long")),
            _ => return Err(refuse(span, written, "it is not a list of tables")),
        };
        let table = |item: Spanned<DeValue<'a>>| {
            let (span, written) = (item.span(), shown(item.get_ref()));
            match item.into_inner() {
                DeValue::Table(table) => Ok((place, Spanned::new(span, table))),
                _ => Err(refuse(span, written, "it is not a table")),
            }
        };
        items.into_iter().map(table).collect()
    }
}

/// Gives each value of a table to its option.
pub(super) fn apply<'a, T>(
    all: &'static [Setting<T>],
    target: &mut T,
    place: Place<'a>,
    table: DeTable<'a>,
) -> Result<(), ConfigError> {
    for (key, value) in table {
        let name: &str = key.get_ref();
        let Some(setting) = all.iter().find(|setting| setting.key == name) else {
            let nearest = nearest(all.iter().map(|setting| setting.key), name).map(str::to_owned);
            return Err(ConfigError::Unknown {
                place: place.at(key.span()),
                key: name.to_owned(),
                nearest,
                known: all.iter().map(|setting| setting.key).collect(),
            });
        };
        set(setting, target, place, value)?;
    }
    Ok(())
}

/// Gives one value to its option.
pub(super) fn set<'a, T>(
    setting: &'static Setting<T>,
    target: &mut T,
    place: Place<'a>,
    value: Spanned<DeValue<'a>>,
) -> Result<(), ConfigError> {
    (setting.set)(target, Given { key: setting.key, allowed: setting.allowed, place, value })
}

/// The known name that was probably meant: at most a third of it, and at least one letter, may be wrong.
pub(super) fn nearest<'k>(known: impl Iterator<Item = &'k str>, name: &str) -> Option<&'k str> {
    let near = known.map(|known| (osa_distance(known, name), known));
    let near = near.filter(|(distance, known)| *distance <= (known.chars().count() / 3).max(1));
    near.min_by_key(|(distance, _)| *distance).map(|(_, known)| known)
}

/// A value as somebody wrote it, not too long.
fn shown(value: &DeValue<'_>) -> String {
    const LONGEST: usize = 60;
    match value {
        DeValue::String(text) if text.chars().count() > LONGEST => {
            format!("{:?}...", text.chars().take(LONGEST).collect::<String>())
        }
        DeValue::String(text) => format!("{text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(value) => value.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
