//! Text and numbers that cannot harm a terminal or a table.

use std::borrow::Cow;
use std::fmt::Write;

/// Text in which control characters are written out: what others published must not steer a terminal. Tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| c.is_control() && c != '\t';
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match steers(c) {
            // Writing into a String cannot fail.
            true => _ = write!(shown, "{}", c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// A number of bytes as people read it.
pub fn bytes(count: u64) -> String {
    const UNITS: &[&str] = &["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    let mut value = count as f64;
    let mut unit = "";
    for name in UNITS {
        value /= 1024.0;
        unit = name;
        if value < 1024.0 {
            break;
        }
    }
    format!("{value:.1} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(printable("a\tb é"), "a\tb é");
        assert_eq!(printable("\x1b[2Jx\r\n\u{9b}"), "\\u{1b}[2Jx\\r\\n\\u{9b}");
    }

    #[test]
    fn sizes_are_short() {
        for (count, shown) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (10 << 30, "10.0 GiB")] {
            assert_eq!(bytes(count), shown);
        }
    }
}
