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

/// A number as people read it: `12,345`, and `1.5` below ten.
pub fn count(number: f64) -> String {
    if number < 9.95 && number.fract() != 0.0 {
        return format!("{number:.1}");
    }
    let digits = format!("{number:.0}");
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
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
    fn numbers_are_in_groups() {
        for (number, shown) in
            [(0.0, "0"), (0.26, "0.3"), (9.97, "10"), (123.0, "123"), (1_234_567.0, "1,234,567")]
        {
            assert_eq!(count(number), shown);
        }
    }

    #[test]
    fn sizes_are_short() {
        for (count, shown) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (10 << 30, "10.0 GiB")] {
            assert_eq!(bytes(count), shown);
        }
    }
}
