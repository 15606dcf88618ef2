//! Writing JSON (RFC 8259) into a buffer, without building a value first.

/// Appends a JSON string: the text in quotes, escaped. Never contains a line end.
pub(crate) fn text(value: &str, out: &mut Vec<u8>) {
    // Writing into a Vec cannot fail, and a str has no other way to fail.
    let _ = serde_json::to_writer(out, value);
}

/// Appends `"name":`, after a comma unless it is the first of its object.
pub(crate) fn name(name: &str, out: &mut Vec<u8>) {
    separator(out);
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

/// Appends `"name":` and what prints as JSON: a number, `true`, `false`.
pub(crate) fn plain(key: &str, value: impl std::fmt::Display, out: &mut Vec<u8>) {
    use std::io::Write;
    name(key, out);
    let _ = write!(out, "{value}");
}

/// Appends `"name":` and a JSON string.
pub(crate) fn string(key: &str, value: &str, out: &mut Vec<u8>) {
    name(key, out);
    text(value, out);
}

/// Appends `"name":"..."` of what needs no escaping: cursors, moments, numbers.
pub(crate) fn quoted(key: &str, value: impl std::fmt::Display, out: &mut Vec<u8>) {
    use std::io::Write;
    name(key, out);
    let _ = write!(out, "\"{value}\"");
}

/// Appends a comma, unless this is the first of its object or array.
pub(crate) fn separator(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'{' | b'[')) {
        out.push(b',');
    }
}

/// Appends a finite number.
pub(crate) fn number(value: f64, out: &mut Vec<u8>) {
    // As above: only a number that is not finite could fail, and it is written as null.
    let _ = serde_json::to_writer(out, &value);
}
