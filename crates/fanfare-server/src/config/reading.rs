//! What the sources say together: the options in force, where each value was written, and every error.

use super::error::{ConfigError, Place};
use super::options::{ALL, Config};
use super::setting::{Errors, Form, Setting, apply, nearest, set};
use super::sources::{Sources, key_of, variable};
use super::syntax::not_toml;
use fanfare_proto::limits;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What was read. Sources come from the weakest to the strongest: file, environment, flags.
#[derive(Debug, Default)]
pub struct Reading {
    /// What is in force. Where there are errors, these values are missing.
    pub config: Config,
    /// All that is wrong.
    pub errors: Vec<ConfigError>,
    /// Every value of an option that was written somewhere; one that comes later beats those of the same key.
    pub written: Vec<Written>,
    /// Variables that start like ours and were left alone.
    pub strangers: Vec<String>,
}

/// A value of an option that was written somewhere.
#[derive(Debug)]
pub struct Written {
    /// Which option.
    pub key: &'static str,
    /// Where.
    pub place: String,
    /// Where the tables stand that it consists of, if it is a list of tables.
    pub tables: Vec<String>,
}

impl Config {
    /// The defaults, over them the file, over it the environment, over both the flags; or the first error.
    pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
        let reading = Reading::of(sources);
        reading.errors.into_iter().next().map_or(Ok(reading.config), Err)
    }
}

impl Reading {
    /// Reads all sources.
    pub fn of(sources: &Sources) -> Reading {
        let mut reading = Reading::default();
        let mut errors = reading.take_file(sources).err().unwrap_or_default();
        for (name, text) in &sources.environment {
            errors.extend(reading.take_variable(name, text).err().into_iter().flatten());
        }
        for (key, text) in &sources.flags {
            if let Some(setting) = ALL.iter().find(|setting| setting.key == key) {
                errors.extend(reading.take_text(setting, Place::Flag(key), text).err().into_iter().flatten());
            }
        }
        Reading { errors, ..reading }
    }

    /// Where the value of an option comes from, unless it is the default.
    pub fn written_last(&self, key: &str) -> Option<&Written> {
        self.written.iter().rfind(|written| written.key == key)
    }

    fn take_file(&mut self, sources: &Sources) -> Result<(), Errors> {
        let Some(path) = &sources.file else { return Ok(()) };
        let text = text_of(path).map_err(|error| vec![ConfigError::Read { path: path.clone(), error }])?;
        let place = Place::File(path, &text);
        let table = DeTable::parse(&text).map_err(|error| vec![not_toml(place, &text, &error)])?.into_inner();
        for setting in ALL {
            if let Some((key, value)) = table.get_key_value(setting.key) {
                self.note(setting, place, place.at(key.span()), value.get_ref());
            }
        }
        apply(ALL, &mut self.config, place, table)
    }

    /// Variables that we do not know belong to somebody else (Kubernetes makes `FANFARE_PORT` for a service of
    /// our name), unless they look like a slip of ours.
    fn take_variable(&mut self, name: &str, text: &str) -> Result<(), Errors> {
        let Some(key) = key_of(name) else { return Ok(()) };
        if let Some(setting) = ALL.iter().find(|setting| variable(setting.key) == name) {
            return self.take_text(setting, Place::Variable(name), text);
        }
        let Some(meant) = nearest(ALL.iter().map(|setting| setting.key), &key) else {
            self.strangers.push(name.to_owned());
            return Ok(());
        };
        let (place, nearest) = (Place::Variable(name).at(0..0), Some(meant.to_owned()));
        Err(vec![ConfigError::Unknown { place, key, nearest, known: Vec::new() }])
    }

    fn take_text(
        &mut self,
        setting: &'static Setting<Config>,
        place: Place<'_>,
        text: &str,
    ) -> Result<(), Errors> {
        let value = match setting.form {
            Form::Tables => DeValue::parse(text).map_err(|error| vec![not_toml(place, text, &error)])?,
            Form::Value(_) | Form::Switch => Spanned::new(0..0, DeValue::String(text.into())),
        };
        self.note(setting, place, place.at(value.span()), value.get_ref());
        set(setting, &mut self.config, place, value)
    }

    fn note(&mut self, setting: &Setting<Config>, place: Place<'_>, at: String, value: &DeValue<'_>) {
        let tables = match value {
            DeValue::Array(items) if setting.form == Form::Tables => {
                items.iter().map(|item| place.at(item.span())).collect()
            }
            _ => Vec::new(),
        };
        self.written.push(Written { key: setting.key, place: at, tables });
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limits::CONFIG_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limits::CONFIG_BYTES {
        let why = format!("it has more than {} bytes", limits::CONFIG_BYTES);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}
