//! What the server says about itself, and how.

use serde::{Deserialize, Serialize};

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The least important lines to be written; in rising order of how many those are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
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
