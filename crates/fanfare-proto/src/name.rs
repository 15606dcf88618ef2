//! What a name may look like: the one set of rules behind [`Channel`](crate::Channel) and
//! [`Pattern`](crate::Pattern).

use crate::limits;
use unicode_normalization::is_nfc;

/// The rule a name broke, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing between the slashes.
    #[error("a name has no empty segments: segment {0} is empty")]
    EmptySegment(usize),
    /// `.` or `..`.
    #[error("segment {0} is `.` or `..`, which a name may not contain")]
    DotSegment(usize),
    /// `*` in the name of a channel, or beside other characters in a pattern.
    #[error(
        "`*` at byte {0}: `*` is a whole segment of a pattern (`a/*/c`) and `**` its last one (`a/**`); channels have none"
    )]
    Star(usize),
    /// `$` at the start of a later segment.
    #[error("segment {0} starts with `$`: only the first segment of a system name does")]
    Dollar(usize),
    /// A control or bidirectional formatting character.
    #[error("the character U+{0:04X} at byte {1} is a control or bidirectional character")]
    Control(u32, usize),
    /// Not in Unicode normalization form C.
    #[error("the name is not in Unicode normalization form C (NFC)")]
    NotNormal,
    /// More bytes than [`limits::NAME_BYTES`].
    #[error("the name has {0} bytes; at most {max} are allowed", max = limits::NAME_BYTES)]
    TooLong(usize),
    /// More segments than [`limits::NAME_SEGMENTS`].
    #[error("the name has {0} segments; at most {max} are allowed", max = limits::NAME_SEGMENTS)]
    TooDeep(usize),
}

/// Checks everything that channels and patterns have in common.
pub(crate) fn check(text: &str, stars: bool) -> Result<(), NameError> {
    if text.len() > limits::NAME_BYTES {
        return Err(NameError::TooLong(text.len()));
    }
    if is_plain(text.as_bytes()) {
        return Ok(());
    }
    let count = text.split('/').count();
    let mut start = 0;
    for (index, segment) in text.split('/').enumerate() {
        check_segment(segment, index, start)?;
        let star_allowed = stars && (segment == "*" || (segment == "**" && index + 1 == count));
        if let (Some(at), false) = (segment.find('*'), star_allowed) {
            return Err(NameError::Star(start + at));
        }
        start += segment.len() + 1;
    }
    if count > limits::NAME_SEGMENTS {
        return Err(NameError::TooDeep(count));
    }
    if is_nfc(text) { Ok(()) } else { Err(NameError::NotNormal) }
}

/// Whether these are segments of letters, digits, `-` and `_`, so few that no rule is broken: nearly every name.
fn is_plain(text: &[u8]) -> bool {
    let (mut before, mut slashes) = (b'/', 0);
    for byte in text {
        match byte {
            b'/' if before == b'/' => return false,
            b'/' => slashes += 1,
            byte if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') => {}
            _ => return false,
        }
        before = *byte;
    }
    before != b'/' && slashes < limits::NAME_SEGMENTS
}

fn check_segment(segment: &str, index: usize, start: usize) -> Result<(), NameError> {
    match segment {
        "" => return Err(NameError::EmptySegment(index + 1)),
        "." | ".." => return Err(NameError::DotSegment(index + 1)),
        _ if index > 0 && segment.starts_with('$') => return Err(NameError::Dollar(index + 1)),
        _ => {}
    }
    match segment.char_indices().find(|(_, c)| is_invisible(*c)) {
        Some((at, c)) => Err(NameError::Control(u32::from(c), start + at)),
        None => Ok(()),
    }
}

/// A control or bidirectional character.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control() || is_bidi(c)
}

/// The characters that reorder text (UAX #9), line separators, and the byte order mark.
fn is_bidi(c: char) -> bool {
    matches!(c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}
