//! What readers want, judged by hand.

use crate::world::{FILTERS, Published};
use fanfare_proto::{Filter, Pattern, Selection};

/// Every third message is urgent.
pub fn priority(index: usize) -> Option<u8> {
    index.is_multiple_of(3).then_some(5)
}

/// Whether a filter wants what was published, by its index: judged by hand.
pub fn passes(filter: usize, index: usize, message: &Published) -> bool {
    match filter {
        0 => true,
        1 => priority(index) == Some(5),
        2 => message.body.starts_with('1'),
        _ => priority(index) == Some(5) && message.body != "3",
    }
}

/// Patterns, each with the same filter.
pub fn selection(texts: &[&str], filter: usize) -> Selection {
    let patterns = texts.iter().map(|text| Pattern::parse(text).unwrap()).collect();
    let filter = FILTERS[filter].map(|text| Filter::parse(text).unwrap());
    Selection::filtered(patterns, filter.as_ref())
}
