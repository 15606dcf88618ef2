//! Where hearing begins.

/// Where hearing begins, the first time.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Start {
    /// With the newest messages, 0 to 10,000.
    Last(u32),
    /// With messages since a moment (RFC 3339), or a time ago such as `10m`.
    Since(String),
    /// With what follows what a cursor has heard.
    After(String),
}

impl Start {
    /// As the wire has it.
    pub(crate) fn parameter(&self) -> (&'static str, String) {
        match self {
            Start::Last(messages) => ("last", messages.to_string()),
            Start::Since(moment) => ("since", moment.clone()),
            Start::After(cursor) => ("after", cursor.clone()),
        }
    }
}
