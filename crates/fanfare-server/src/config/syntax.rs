//! What is said of text that is not TOML: what stands there, and how it is written. The parser knows where; its words are
//! about grammar, and not about a configuration.

use super::error::{ConfigError, Place};
use toml::de::Error;

const FILE: &str =
    "an option is written once, as name = value, with text in quotes: listen = \"127.0.0.1:8080\"";
const TABLES: &str = "a list of tables is written [{ pattern = \"a/**\", keeping = \"live\" }]";

/// Characters that are shown.
const SHOWN: usize = 40;

/// The error for a text that the parser refused.
pub(super) fn not_toml(place: Place<'_>, text: &str, error: &Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let line = text.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    let found = match line.get(..span.len()) {
        Some(key) if error.message() == "duplicate key" => format!("`{key}` is given twice"),
        _ if line.is_empty() => "something is missing".to_owned(),
        _ => format!("`{}` does not belong here", line.chars().take(SHOWN).collect::<String>()),
    };
    let allowed = if matches!(place, Place::File(..)) { FILE } else { TABLES };
    ConfigError::Syntax { place: place.exactly_at(span), found, allowed }
}
