//! JSON as the text of a script: nothing in it can end the script, or the string that it stands in.

use crate::put::Put;

/// Appends JSON as a JavaScript string in single quotes, which HTML may hold, too. Read by `JSON.parse`, it means what it
/// meant: as an expression of the language, `__proto__` would mean something else.
pub(super) fn string(json: &[u8], out: &mut Vec<u8>) {
    out.push(b'\'');
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| special(*byte)) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let length = match from {
            // U+2028 and U+2029 end lines in scripts of old.
            [0xe2, 0x80, last @ (0xa8 | 0xa9), ..] => {
                (if *last == 0xa8 { "\\u2028" } else { "\\u2029" }).put(out);
                3
            }
            [b'\\', ..] => {
                "\\\\".put(out);
                1
            }
            [byte, ..] if *byte != 0xe2 => {
                out.extend_from_slice(&[b'\\', b'x', digit(byte >> 4), digit(byte & 15)]);
                1
            }
            other => {
                out.extend_from_slice(&other[..1]);
                1
            }
        };
        rest = &from[length..];
    }
    out.extend_from_slice(rest);
    out.push(b'\'');
}

fn special(byte: u8) -> bool {
    matches!(byte, b'\\' | b'\'' | b'<' | b'>' | b'&' | 0xe2 | 0..=0x1f)
}

fn digit(nibble: u8) -> u8 {
    b"0123456789abcdef"[usize::from(nibble & 15)]
}
