//! What came from outside, as it may be shown in an error.

/// Characters of it that are shown.
const SHOWN: usize = 60;

/// The text, cut where it is long, with control characters escaped.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}
