//! What was given of an envelope's own fields.

use serde_json::Value;

/// Those that were, as they stand in the envelope.
pub fn given<'a>(
    fields: impl IntoIterator<Item = (&'static str, Option<&'a String>)>,
) -> impl Iterator<Item = (String, Value)> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?.clone()))))
}
