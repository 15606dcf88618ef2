//! The sources of values, from the weakest to the strongest: file, environment, flags.

use super::error::{ConfigError, Place};
use super::options::{ALL, Config};
use super::setting::{Form, Setting, apply, nearest, set};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What every variable of ours starts with.
const PREFIX: &str = "FANFARE_";

/// Where values come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Environment variables; only those that start with `FANFARE_` are looked at.
    pub environment: Vec<(String, String)>,
    /// Texts of flags, by the key of their option.
    pub flags: Vec<(String, String)>,
}

/// The environment variable of an option.
pub fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase())
}

impl Config {
    /// The defaults, over them the file, over it the environment, over both the flags.
    pub fn load(sources: &Sources) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        if let Some(path) = &sources.file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::Read { path: path.clone(), error })?;
            config.take_file(path, &text)?;
        }
        for (name, text) in &sources.environment {
            config.take_variable(name, text)?;
        }
        for (key, text) in &sources.flags {
            if let Some(setting) = ALL.iter().find(|setting| setting.key == key) {
                config.take_text(setting, Place::Flag(key), text)?;
            }
        }
        Ok(config)
    }

    fn take_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let place = Place::File(path, text);
        let table = DeTable::parse(text).map_err(|error| syntax(place, &error))?;
        apply(ALL, self, place, table.into_inner())
    }

    /// Variables that we do not know belong to somebody else (Kubernetes makes `FANFARE_PORT` for a service of
    /// our name), unless they look like a slip of ours.
    fn take_variable(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let Some(rest) = name.strip_prefix(PREFIX) else { return Ok(()) };
        let key = rest.to_ascii_lowercase();
        if let Some(setting) = ALL.iter().find(|setting| variable(setting.key) == name) {
            return self.take_text(setting, Place::Variable(name), text);
        }
        match nearest(ALL.iter().map(|setting| setting.key), &key) {
            None => Ok(()),
            Some(meant) => Err(ConfigError::Unknown {
                place: Place::Variable(name).at(0..0),
                key,
                nearest: Some(meant.to_owned()),
                known: Vec::new(),
            }),
        }
    }

    fn take_text(
        &mut self,
        setting: &'static Setting<Config>,
        place: Place<'_>,
        text: &str,
    ) -> Result<(), ConfigError> {
        let value = match setting.form {
            Form::Tables => DeValue::parse(text).map_err(|error| syntax(place, &error))?,
            Form::Value(_) | Form::Switch => Spanned::new(0..0, DeValue::String(text.into())),
        };
        set(setting, self, place, value)
    }
}

fn syntax(place: Place<'_>, error: &toml::de::Error) -> ConfigError {
    ConfigError::Syntax { place: place.at(error.span().unwrap_or(0..0)), message: error.message().to_owned() }
}
