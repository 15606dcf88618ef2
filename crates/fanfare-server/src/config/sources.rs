//! The sources of values.

use std::path::PathBuf;

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

/// Variables of ours that are no options of the server.
const OTHERS: &[&str] = &["FANFARE_CONFIG", "FANFARE_SERVER"];

/// What would be the key of the option of a variable that starts like ours.
pub(super) fn key_of(variable: &str) -> Option<String> {
    let rest = variable.strip_prefix(PREFIX).filter(|_| !OTHERS.contains(&variable));
    rest.map(str::to_ascii_lowercase)
}
