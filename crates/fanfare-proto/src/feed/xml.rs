//! Text in XML 1.0 documents.

use crate::Time;
use crate::put::{Put, Shown};

/// Appends `<name>text</name>`.
pub(crate) fn element(name: &str, said: &str, out: &mut Vec<u8>) {
    ["<", name, ">"].iter().for_each(|part| part.put(out));
    text(said, out);
    ["</", name, ">\n"].iter().for_each(|part| part.put(out));
}

/// Appends ` name="value"`.
pub(crate) fn attribute(name: &str, value: &str, out: &mut Vec<u8>) {
    [" ", name, "=\""].iter().for_each(|part| part.put(out));
    text(value, out);
    out.push(b'"');
}

/// Appends a time as RFC 3339 has it.
pub(crate) fn stamp(time: Time, out: &mut Vec<u8>) {
    Shown(time).put(out);
}

/// Appends text. What XML 1.0 cannot hold (section 2.2) becomes U+FFFD.
pub(crate) fn text(text: &str, out: &mut Vec<u8>) {
    for c in text.chars() {
        match c {
            '<' => "&lt;".put(out),
            '>' => "&gt;".put(out),
            '&' => "&amp;".put(out),
            '"' => "&quot;".put(out),
            '\n' | '\t' => out.push(c as u8),
            // Alone it would be read as the end of a line.
            '\r' => "&#13;".put(out),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => "\u{fffd}".put(out),
            c => c.encode_utf8(&mut [0; 4]).put(out),
        }
    }
}
