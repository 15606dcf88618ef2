//! What can be wrong with a configuration: each error says where, what, and what is allowed.

use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where a value came from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place<'a> {
    /// A file and its text.
    File(&'a Path, &'a str),
    /// An environment variable.
    Variable(&'a str),
    /// A flag, by its option's key.
    Flag(&'a str),
}

impl Place<'_> {
    /// The place as a person finds it.
    pub(super) fn at(&self, span: Range<usize>) -> String {
        match self {
            Place::File(path, text) => {
                let before = text.as_bytes().iter().take(span.start);
                let line = before.filter(|byte| **byte == b'\n').count() + 1;
                format!("{}, line {line}", path.display())
            }
            Place::Variable(name) => format!("environment variable {name}"),
            Place::Flag(key) => format!("--{}", key.replace('_', "-")),
        }
    }

    /// The same, to the character.
    pub(super) fn exactly_at(&self, span: Range<usize>) -> String {
        let Place::File(_, text) = self else { return self.at(span) };
        let before = text.get(..span.start).unwrap_or(text);
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{}, column {column}", self.at(span))
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {} cannot be read: {}", path.display(), Unreadable(error))]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Not TOML.
    #[error("{place}: this is not TOML: {found}; {allowed}")]
    Syntax {
        /// Where.
        place: String,
        /// What stands there.
        found: String,
        /// How it is written.
        allowed: &'static str,
    },
    /// An option that does not exist.
    #[error("{place}: there is no option `{key}`; {}", Meant(nearest.as_deref(), known))]
    Unknown {
        /// Where.
        place: String,
        /// The name.
        key: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// What exists.
        known: Vec<&'static str>,
    },
    /// A value that is not allowed.
    #[error("{place}: `{key}` cannot be {value} ({reason}); allowed: {allowed}")]
    Value {
        /// Where.
        place: String,
        /// Which option.
        key: &'static str,
        /// The value.
        value: String,
        /// What is wrong with it.
        reason: String,
        /// What would be right.
        allowed: &'static str,
    },
    /// A value is missing.
    #[error("{place}: {what}")]
    Missing {
        /// Where.
        place: String,
        /// What.
        what: &'static str,
    },
}

struct Unreadable<'a>(&'a io::Error);

impl fmt::Display for Unreadable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            io::ErrorKind::InvalidData => f.write_str("it is not text in UTF-8"),
            _ => self.0.fmt(f),
        }
    }
}

struct Meant<'a>(Option<&'a str>, &'a [&'static str]);

impl fmt::Display for Meant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(nearest) => write!(f, "did you mean `{nearest}`?"),
            None => write!(f, "there are: {}", self.1.join(", ")),
        }
    }
}
