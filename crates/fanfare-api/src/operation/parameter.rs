//! A parameter of a request: in its path, its query or its head.

use serde_json::Value;

/// A parameter.
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// What it may be, as a JSON schema.
    pub(crate) schema: fn() -> Value,
}
