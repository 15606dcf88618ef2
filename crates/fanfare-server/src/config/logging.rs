//! What the server says about itself, and how.

use super::written::Written;
use serde::Serialize;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The least important lines to be written; in rising order of how many those are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// Nothing.
    Off,
    /// What needs somebody.
    Error,
    /// What may need somebody soon.
    Warn,
    /// Starting, ending, and what changes.
    Info,
    /// What helps to find a fault.
    Debug,
    /// Everything.
    Trace,
}

impl TryFrom<Written> for LogFormat {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<LogFormat, Self::Error> {
        match &*written.text()? {
            "text" => Ok(LogFormat::Text),
            "json" => Ok(LogFormat::Json),
            _ => Err("it is neither"),
        }
    }
}

impl TryFrom<Written> for LogLevel {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<LogLevel, &'static str> {
        match &*written.text()? {
            "off" => Ok(LogLevel::Off),
            "error" => Ok(LogLevel::Error),
            "warn" => Ok(LogLevel::Warn),
            "info" => Ok(LogLevel::Info),
            "debug" => Ok(LogLevel::Debug),
            "trace" => Ok(LogLevel::Trace),
            _ => Err("it is none of these"),
        }
    }
}
