//! A row in a list of options, and how values find their row. Every error is found, not only the first.

use super::error::{ConfigError, Place};
use super::written::{Reasons, Written};
use strsim::osa_distance;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

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

/// When a running server takes a new value.
pub enum Change<T> {
    /// When it reads its file again (SIGHUP). Copies the value from what was read to what is in force.
    Running(fn(&mut T, &T)),
    /// When it is started again.
    Restart,
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
    /// When a running server takes a new value.
    pub change: Change<T>,
    /// Its value, as TOML.
    pub show: fn(&T) -> String,
    /// Takes a value.
    pub(super) set: fn(&mut T, Given<'_>) -> Result<(), Errors>,
}

/// All that is wrong with a value; at least one.
pub(super) type Errors = Vec<ConfigError>;

/// A value on its way to an option.
pub(super) struct Given<'a> {
    pub(super) key: &'static str,
    pub(super) allowed: &'static str,
    pub(super) place: Place<'a>,
    pub(super) value: Spanned<DeValue<'a>>,
}

impl<'a> Given<'a> {
    /// The value as what it should be.
    pub(super) fn read<T>(self) -> Result<T, Errors>
    where
        T: TryFrom<Written>,
        Reasons: From<T::Error>,
    {
        let Given { key, allowed, place, value } = self;
        let (at, value) = (place.at(value.span()), value.get_ref());
        T::try_from(value.into()).map_err(|error| {
            let Reasons(reasons) = error.into();
            let refuse =
                |reason| ConfigError::Value { place: at.clone(), key, value: shown(value), reason, allowed };
            reasons.into_iter().map(refuse).collect()
        })
    }

    /// The value as a list of tables, not more than so many.
    pub(super) fn tables(self, most: usize) -> Result<Vec<(Place<'a>, Spanned<DeTable<'a>>)>, Errors> {
        let Given { key, allowed, place, value } = self;
        let refuse = |span, value, reason: &str| {
            let (place, reason) = (place.at(span), reason.to_owned());
            vec![ConfigError::Value { place, key, value, reason, allowed }]
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

/// Gives each value of a table to its option, in the order in which they are written.
pub(super) fn apply<'a, T>(
    all: &'static [Setting<T>],
    target: &mut T,
    place: Place<'a>,
    table: DeTable<'a>,
) -> Result<(), Errors> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    let mut errors = Vec::new();
    for (key, value) in entries {
        let name: &str = key.get_ref();
        let set = match all.iter().find(|setting| setting.key == name) {
            Some(setting) => set(setting, target, place, value),
            None => Err(vec![ConfigError::Unknown {
                place: place.at(key.span()),
                key: name.to_owned(),
                nearest: nearest(all.iter().map(|setting| setting.key), name).map(str::to_owned),
                known: all.iter().map(|setting| setting.key).collect(),
            }]),
        };
        errors.extend(set.err().into_iter().flatten());
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Gives one value to its option.
pub(super) fn set<'a, T>(
    setting: &'static Setting<T>,
    target: &mut T,
    place: Place<'a>,
    value: Spanned<DeValue<'a>>,
) -> Result<(), Errors> {
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
