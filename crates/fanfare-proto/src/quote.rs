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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_shown_as_they_came_and_what_cannot_be_seen_is_not() {
        assert_eq!(shown(r#"priority = "high""#), r#"priority = "high""#);
        assert_eq!(shown("it's\n\u{202e}"), r"it's\n\u{202e}");
        assert_eq!(shown(&"x".repeat(61)), format!("{}...", "x".repeat(60)));
        let told = crate::Filter::parse(r#"priority = "high""#).unwrap_err().to_string();
        assert!(told.starts_with(r#"column 12: `"` cannot stand here"#), "{told}");
    }
}
