//! What came from outside, as it may be shown in an error.

/// Characters of it that are shown.
const SHOWN: usize = 60;

/// The text, cut where it is long, with control characters escaped; quotes are as they came.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(SHOWN) {
        match character {
            '"' | '\'' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push_str("...");
    }
    shown
}
