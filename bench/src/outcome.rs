//! How a run ends.

/// An error ends a run: a server that does not answer as it should, or a broken promise.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;
