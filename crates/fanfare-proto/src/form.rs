//! How much of a message travels.

/// Whether messages travel whole or as their bodies alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Every field.
    Envelope,
    /// The body alone; in JSON protocols an object of body and cursor.
    Body,
}
